"""Network and database nested in template.yaml: made there, or somebody else's, and every contradiction one clear error."""

import itertools
import json

import pytest

from harness import template
from harness.cloudformation import Evaluation, dangling, stack

PLAIN = template.transformed()
SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:database-abcdef"
FCM = {"FcmServiceAccountSecretArn": "arn:aws:secretsmanager:us-east-1:123456789012:secret:fcm-abcdef"}
THEIRS = {"DatabaseSecretArn": SECRET}
THEIR_VPC = {"SubnetIds": "subnet-11111111,subnet-22222222", "SecurityGroupIds": "sg-11111111"}
THEIR_PLACE = THEIR_VPC | {"DatabaseSubnetIds": "subnet-33333333,subnet-44444444", "DatabaseSecurityGroupIds": "sg-22222222"}
OURS = {"NetworkCreate": "true", "DatabaseCreate": "true"}
CHOICES = {
    "outside of a VPC": THEIRS,
    "in their VPC, to their database": THEIRS | THEIR_VPC,
    "in a VPC of ours, to their database": THEIRS | {"NetworkCreate": "true"},
    "in their VPC, to a database of ours": {"DatabaseCreate": "true", "DatabaseRotationDays": 30} | THEIR_PLACE,
    "in a VPC of ours, to a database of ours": OURS,
    "with everything": OURS | {"NetworkZones": 3, "NetworkNatGateways": "per-zone", "NetworkEndpoints": "true", "DatabaseReaders": 2,
                               "DatabaseMaxReaders": 4, "DatabaseProxy": "true", "DatabaseRotationDays": 30},
}
STACKS = {"Network": "network", "Database": "database", "DatabaseRotation": "database_rotation"}
WITH_A_DATABASE = ["PushSend", "PushDevices", "PushPrune", "SearchQuery"]


def evaluate(parameters: dict) -> Evaluation:
    return Evaluation(PLAIN, FCM | {"EnableSearch": "true"} | parameters)


def made(parameters: dict) -> dict:
    evaluation = evaluate(parameters)
    assert evaluation.broken_rules() == []
    return evaluation.resources()


def attribute(value) -> list[str]:
    """["Network", "Outputs.VpcId"], however it is written."""
    attribute = value["Fn::GetAtt"]
    return attribute if isinstance(attribute, list) else attribute.split(".", 1)


# --- who makes what


@pytest.mark.parametrize("choice, stacks", [*zip(CHOICES, [set(), set(), {"Network"}, {"Database", "DatabaseRotation"}, {"Network", "Database"}, set(STACKS)])])
def test_stacks_are_made_that_are_asked_for(choice, stacks):
    assert set(STACKS) & set(made(CHOICES[choice])) == stacks


@pytest.mark.parametrize("choice", CHOICES)
def test_everything_that_is_referred_to_is_there(choice):
    evaluation = evaluate(CHOICES[choice])

    assert dangling(evaluation.resources(), evaluation.outputs()) == set()


@pytest.mark.parametrize("choice", CHOICES)
def test_outputs_of_nested_stacks_are_there_when_they_are_read(choice):
    evaluation = evaluate(CHOICES[choice])
    read = set()

    def look(node):
        if isinstance(node, dict) and "Fn::GetAtt" in node and attribute(node)[0] in STACKS:
            read.add(tuple(attribute(node)))
        for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
            look(child)

    look([evaluation.resources(), evaluation.outputs()])
    for name, output in read:
        assert output.removeprefix("Outputs.") in nested(evaluation, name).outputs(), (name, output)
    assert read or not set(STACKS) & set(evaluation.resources())


def nested(evaluation: Evaluation, name: str) -> Evaluation:
    """The stack with what it is given; what another stack would say is made up."""
    made_up = {"PrivateSubnetIds": "subnet-1,subnet-2", "DatabaseSubnetIds": "subnet-3,subnet-4", "FunctionsGroupId": "sg-1",
               "DatabaseGroupId": "sg-2", "ProxyGroupId": "sg-3", "AppSecretArn": SECRET}
    given = evaluation.resources()[name]["Properties"]["Parameters"]
    return Evaluation(stack(STACKS[name]), {key: made_up[attribute(value)[1].removeprefix("Outputs.")] if isinstance(value, dict) else value
                                            for key, value in given.items()})


@pytest.mark.parametrize("choice", [c for c in CHOICES if "ours" in c or "everything" in c])
def test_nested_stacks_take_what_they_are_given(choice):
    evaluation = evaluate(CHOICES[choice])

    for name in set(STACKS) & set(evaluation.resources()):
        assert nested(evaluation, name).broken_rules() == [], name


# --- what the functions are told


def environments(resources: dict) -> dict:
    return {name: resources[name]["Properties"]["Environment"]["Variables"] for name in WITH_A_DATABASE}


@pytest.mark.parametrize("choice", [c for c in CHOICES if "their database" in c or "outside" in c])
def test_functions_use_their_database(choice):
    for variables in environments(made(CHOICES[choice] | {"DatabaseHost": "proxy.example"})).values():
        assert (variables["NARAE_DATABASE"], variables["NARAE_DATABASE_HOST"]) == (SECRET, "proxy.example")


@pytest.mark.parametrize("choice", [c for c in CHOICES if "a database of ours" in c])
def test_functions_use_our_database_and_search_its_readers(choice):
    for name, variables in environments(made(CHOICES[choice])).items():
        assert attribute(variables["NARAE_DATABASE"]) == ["Database", "Outputs.AppSecretArn"]
        host = "Outputs.ReadHost" if name == "SearchQuery" else "Outputs.Host"
        assert attribute(variables["NARAE_DATABASE_HOST"]) == ["Database", host]


@pytest.mark.parametrize("choice", CHOICES)
def test_functions_may_read_the_secret_that_they_are_told(choice):
    resources = made(CHOICES[choice])

    for name, variables in environments(resources).items():
        (policy,) = resources[f"{name}Role"]["Properties"]["Policies"]
        (statement,) = [s for s in policy["PolicyDocument"]["Statement"] if s["Sid"] == "ReadSecrets"]
        assert variables["NARAE_DATABASE"] in statement["Resource"]


def vpcs(resources: dict) -> dict:
    return {name: resources[name]["Properties"].get("VpcConfig") for name in (*WITH_A_DATABASE, "AuroraSnapshot", "SearchLog")}


@pytest.mark.parametrize("choice", CHOICES)
def test_functions_with_a_database_are_where_it_is_and_the_others_outside(choice):
    found = vpcs(made(CHOICES[choice]))

    assert not [name for name in ("AuroraSnapshot", "SearchLog") if found[name]]
    for name in WITH_A_DATABASE:
        if choice == "outside of a VPC":
            assert not found[name]
        elif "their VPC" in choice:
            assert found[name] == {"SubnetIds": THEIR_VPC["SubnetIds"].split(","), "SecurityGroupIds": ["sg-11111111"]}
        else:
            separator, subnets = found[name]["SubnetIds"]["Fn::Split"]
            assert (separator, attribute(subnets)) == (",", ["Network", "Outputs.PrivateSubnetIds"])
            assert [attribute(group) for group in found[name]["SecurityGroupIds"]] == [["Network", "Outputs.FunctionsGroupId"]]


@pytest.mark.parametrize("choice", CHOICES)
def test_functions_in_a_vpc_may_join_it(choice):
    resources = made(CHOICES[choice])

    for name in WITH_A_DATABASE:
        assert ("JoinVpc" in json.dumps(resources[f"{name}Role"])) == bool(vpcs(resources)[name])


# --- contradictions

NO_DATABASE = "Give DatabaseSecretArn, or DatabaseCreate=true without DatabaseSecretArn and DatabaseHost"
TWO_NETWORKS = "NetworkCreate=true makes subnets and security groups: give none"
NO_PLACE = "DatabaseCreate=true needs NetworkCreate=true, or SubnetIds, SecurityGroupIds, DatabaseSubnetIds and DatabaseSecurityGroupIds"
NO_PASSWORD = "DatabaseRotationDays is for the secret of DatabaseCreate=true"
TOO_FEW_READERS = "DatabaseMaxReaders must be 0 or at least DatabaseReaders"
NO_READER = "DatabaseMaxReaders needs a reader whose CPU can be looked at: DatabaseReaders must be 1 or 2"
NO_WAY_TO_THE_PROXY = "DatabaseProxy=true needs NetworkCreate=true, or DatabaseProxySecurityGroupIds"


@pytest.mark.parametrize("parameters, words", [
    ({}, NO_DATABASE),
    (OURS | THEIRS, NO_DATABASE),
    (OURS | {"DatabaseHost": "proxy.example"}, NO_DATABASE),
    *((OURS | {name: value}, TWO_NETWORKS) for name, value in THEIR_PLACE.items()),
    (OURS | {"DatabaseProxySecurityGroupIds": "sg-1"}, TWO_NETWORKS),
    ({"DatabaseCreate": "true"}, NO_PLACE),
    *(({"DatabaseCreate": "true"} | {n: v for n, v in THEIR_PLACE.items() if n != left_out}, NO_PLACE) for left_out in THEIR_PLACE),
    (THEIRS | {"DatabaseRotationDays": 30}, NO_PASSWORD),
    (OURS | {"DatabaseReaders": 2, "DatabaseMaxReaders": 1}, TOO_FEW_READERS),
    (OURS | {"DatabaseReaders": 0, "DatabaseMaxReaders": 4}, NO_READER),
    (THEIR_PLACE | {"DatabaseCreate": "true", "DatabaseProxy": "true"}, NO_WAY_TO_THE_PROXY)])
def test_a_contradiction_is_one_clear_error(parameters, words):
    assert evaluate(parameters).broken_rules() == [words]


@pytest.mark.parametrize("choice", [c for c in CHOICES if "a database of ours" in c])
def test_what_a_nested_stack_would_refuse_is_refused_before_anything_is_made(choice):
    """Its own rules are asked when it is its turn, which is after a network and its NAT gateways."""
    for readers, most, proxy, groups in itertools.product((0, 1, 2), (0, 1, 4), ("false", "true"), ({}, {"DatabaseProxySecurityGroupIds": "sg-1"})):
        given = {"DatabaseReaders": readers, "DatabaseMaxReaders": most, "DatabaseProxy": proxy} | ({} if "NetworkCreate" in CHOICES[choice] else groups)
        evaluation = evaluate(CHOICES[choice] | given)
        assert bool(evaluation.broken_rules()) == bool(nested(evaluation, "Database").broken_rules()), given


def test_every_choice_that_makes_sense_is_taken():
    for networks, databases in itertools.product(({}, THEIR_VPC, {"NetworkCreate": "true"}), (THEIRS, THEIRS | {"DatabaseHost": "h"})):
        assert evaluate(networks | databases).broken_rules() == []
