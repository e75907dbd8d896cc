"""The judge of test_permissions.py itself: IAM's rules, and what the calls ask, beside AWS's own reference (the copy inside cfn-lint)."""

import importlib.resources
import json

import pytest

from harness import api_calls, template
from harness.api_calls import CALLS, Call
from harness.policy import Ask, allows, grants, listed, matches

QUEUE = "arn:aws:sqs:us-east-1:123456789012:q"
SNAPSHOT = "arn:aws:rds:us-east-1:123456789012:cluster-snapshot:s"
KEY = "arn:aws:kms:us-east-1:123456789012:key/k"


def statement(action="sqs:SendMessage", resource=QUEUE, effect="Allow", **more) -> dict:
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


# --- IAM's rules


@pytest.mark.parametrize("pattern, text, is_match", [
    ("a", "a", True), ("a", "A", False), ("a", "ab", False), ("*", "", True), ("arn:*:q", "arn:aws:sqs:q", True), ("a?c", "abc", True),
    ("a?c", "ac", False), ("a.c", "abc", False), ("a[b]c", "abc", False), ("key/*", "key/a/b", True),
])
def test_only_stars_and_question_marks_are_wild(pattern, text, is_match):
    assert matches(pattern, text) is is_match


@pytest.mark.parametrize("statements, is_allowed", [
    ([], False), ([statement()], True), ([statement("sqs:sendmessage")], True), ([statement("sqs:*")], True),
    ([statement(["kms:Decrypt", "sqs:SendMessage"], ["x", QUEUE])], True), ([statement("sqs:ReceiveMessage")], False),
    ([statement(resource=QUEUE + "2")], False), ([statement(), statement(effect="Deny")], False),
    ([statement(), statement("kms:*", effect="Deny")], True),
])
def test_something_must_allow_and_nothing_deny(statements, is_allowed):
    assert allows(statements, Ask("sqs:SendMessage", QUEUE)) is is_allowed


@pytest.mark.parametrize("condition, is_allowed", [
    ({"StringEquals": {"k": "v"}}, True), ({"StringEquals": {"k": ["u", "v"]}}, True), ({"StringEquals": {"k": "V"}}, False),
    ({"StringEquals": {"other": "v"}}, False), ({"StringEqualsIfExists": {"other": "v"}}, True), ({"StringLike": {"k": "?"}}, True),
    ({"StringEquals": {"k": "v", "flag": "false"}}, False), ({"StringEquals": {"k": "v"}, "Bool": {"flag": "true"}}, True),
    ({"Bool": {"flag": "false"}}, False),
])
def test_every_condition_must_hold(condition, is_allowed):
    assert allows([statement(Condition=condition)], Ask("sqs:SendMessage", QUEUE, {"k": "v", "flag": "true"})) is is_allowed


@pytest.mark.parametrize("more", [{"Condition": {"DateLessThan": {"k": "v"}}}, {"NotResource": "*"}, {"Principal": "*"}])
def test_what_it_does_not_know_it_does_not_judge(more):
    with pytest.raises(ValueError, match="not known here"):
        allows([statement(**more)], Ask("sqs:SendMessage", QUEUE, {"k": "v"}))


def test_grants_are_a_statement_for_each_action_on_each_resource():
    found = grants([statement(["a:b", "a:c"], ["x", "y"], Sid="s")])

    assert [(g["Sid"], g["Action"], g["Resource"]) for g in found] == [
        ("s", "a:b", "x"), ("s", "a:b", "y"), ("s", "a:c", "x"), ("s", "a:c", "y")]


# --- what calls ask


class Encrypted:
    """Facts about resources that each have a key and tags."""

    def secret_key(self, arn: str) -> str:
        return KEY

    def stream_key(self, arn: str) -> str:
        return KEY

    def snapshot(self, arn: str) -> dict:
        return {"KmsKeyId": KEY, "TagList": [{"Key": "k", "Value": "v"}]}


MEMBERS = {
    "QueueUrl": "http://127.0.0.1/123456789012/q", "SecretId": "arn:aws:secretsmanager:us-east-1:123456789012:secret:s-AbCdEf",
    "StreamName": "s", "DBClusterIdentifier": "c", "DBClusterSnapshotIdentifier": "s", "SourceDBClusterSnapshotIdentifier": SNAPSHOT,
    "TargetDBClusterSnapshotIdentifier": "t", "KmsKeyId": KEY, "Tags.Tag.1.Key": "k",
}


def asked(name: str, members: dict = MEMBERS) -> list[Ask]:
    service, operation = name.split(":")
    return api_calls.asks(Call(service, "us-east-1", operation, members), Encrypted())


@pytest.fixture(scope="module")
def reference() -> dict:
    """{service: {"Actions": {name in small letters: {"Resources": types}}, "Resources": {type: {"ARNFormats": expressions}}}}"""
    return json.loads(importlib.resources.files("cfnlint").joinpath("data/AdditionalSpecs/Policies.json").read_text())


def types_of(reference: dict, action: str) -> dict[str, list[str]]:
    """The types of resources that an action knows, and the forms of their ARNs as IAM patterns."""
    service, name = action.lower().split(":")
    all_types = {key.lower(): value for key, value in reference[service]["Resources"].items()}
    forms = {kind: all_types[kind.lower()]["ARNFormats"] for kind in reference[service]["Actions"][name].get("Resources", [])}
    fill = {"${Partition}": "aws", "${Region}": "*", "${Account}": "123456789012", ".*": "*"}
    for kind, patterns in forms.items():
        for old, new in fill.items():
            patterns = [pattern.replace(old, new) for pattern in patterns]
        forms[kind] = patterns
    return forms


@pytest.mark.parametrize("call", CALLS)
def test_calls_ask_for_what_the_reference_knows(reference, call):
    for ask in asked(call):
        forms = types_of(reference, ask.action)
        assert any(matches(pattern, ask.resource) for patterns in forms.values() for pattern in patterns), (ask, forms)


@pytest.mark.parametrize("call", [call for call in CALLS if call != "rds:CopyDBClusterSnapshot"])
def test_calls_ask_for_each_type_of_resource_of_their_own_action(reference, call):
    """A snapshot that is made is of a cluster: RDS looks at both. (A copy has two resources of one type.)"""
    own = asked(call)[0].action
    resources = [ask.resource for ask in asked(call) if ask.action == own]

    for kind, patterns in types_of(reference, own).items():
        assert any(matches(pattern, resource) for pattern in patterns for resource in resources), kind


def test_tags_and_keys_are_asked_for_only_where_there_are_any():
    plain = {key: value for key, value in MEMBERS.items() if key not in ("KmsKeyId", "Tags.Tag.1.Key")}

    assert {ask.action for ask in asked("rds:CopyDBClusterSnapshot")} == {
        "rds:CopyDBClusterSnapshot", "rds:AddTagsToResource", "kms:CreateGrant", "kms:DescribeKey"}
    assert {ask.action for ask in asked("rds:CopyDBClusterSnapshot", plain)} == {"rds:CopyDBClusterSnapshot"}
    assert {ask.action for ask in asked("rds:CreateDBClusterSnapshot", plain)} == {"rds:CreateDBClusterSnapshot"}


def test_what_is_done_to_a_snapshot_is_judged_by_its_tags():
    (ask,) = asked("rds:DeleteDBClusterSnapshot")

    assert ask.context == {"aws:ResourceTag/k": "v"}


def test_a_call_that_nobody_described_is_an_error():
    with pytest.raises(ValueError, match="sqs:PurgeQueue"):
        asked("sqs:PurgeQueue")


def test_roles_name_actions_that_there_are(reference):
    for name, role in template.of_type(template.transformed(), "AWS::IAM::Role").items():
        for policy in role.get("Policies", []):
            for entry in policy["PolicyDocument"]["Statement"]:
                for action in listed(entry.get("Fn::If", [None, entry])[1]["Action"]):
                    service, operation = action.lower().split(":")
                    assert operation in reference[service]["Actions"], f"{name}: {action}"
