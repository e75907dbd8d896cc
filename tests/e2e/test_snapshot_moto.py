"""aurora_snapshot on moto with its signature and policy check on: the wire is what AWS's own SDK and service agree on."""

import json

import pytest

from harness import paths
from harness.rds import name_of, policy, scheduled, unix_of

ALLOWED = [
    {"Effect": "Allow", "Action": ["rds:DescribeDBClusters", "rds:DescribeDBClusterSnapshots", "rds:CreateDBClusterSnapshot",
                                   "rds:DeleteDBClusterSnapshot", "rds:AddTagsToResource", "rds:CopyDBClusterSnapshot",
                                   "rds:DescribeDBClusterSnapshotAttributes", "rds:ModifyDBClusterSnapshotAttribute"],
     "Resource": "*"},
]


@pytest.fixture
def clusters(aws):
    """Two Aurora clusters, one with tags that must be escaped on the wire."""
    rds = aws.client("rds")
    for id, tags in [("orders", [{"Key": "team", "Value": "orders & co <1> +=/:@ 나래"}]), ("users", [])]:
        rds.create_db_cluster(DBClusterIdentifier=id, Engine="aurora-postgresql", MasterUsername="root",
                              MasterUserPassword="not-a-secret", Tags=tags)
    return rds


@pytest.fixture
def start(emulate, aws):
    def start(text: str, statements: list = ALLOWED, **keys):
        keys = {**aws.role_keys(statements), **keys}
        aws.lock()
        return emulate(paths.function("aurora_snapshot"), "aurora_snapshot.handler",
                       {"NARAE_SNAPSHOT_POLICY": text, "AWS_ENDPOINT_URL": aws.endpoint, **keys})

    return start


@pytest.fixture
def looker(aws):
    """boto3 with keys of its own, for looking while every call is checked."""
    iam = aws.client("iam")
    iam.create_user(UserName="looker")
    iam.put_user_policy(UserName="looker", PolicyName="all", PolicyDocument=json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}))
    keys = iam.create_access_key(UserName="looker")["AccessKey"]

    import boto3

    def client(region: str = "us-east-1"):
        return boto3.client("rds", endpoint_url=aws.endpoint, region_name=region, aws_access_key_id=keys["AccessKeyId"],
                            aws_secret_access_key=keys["SecretAccessKey"])

    return client


def listed(rds) -> dict[str, dict]:
    found = rds.describe_db_cluster_snapshots(SnapshotType="manual")["DBClusterSnapshots"]
    return {s["DBClusterSnapshotIdentifier"]: {t["Key"]: t["Value"] for t in s["TagList"]} for s in found}


def test_creates_lists_prunes_shares_and_copies_with_signatures_checked(clusters, looker, start):
    emulator = start(policy(keep={"last": 2}, min_keep=1, clusters={"ids": ["orders"]}, share={"accounts": ["111122223333"]},
                            copy={"region": "us-west-2", "keep": {"last": 5}}))
    home, away = looker(), looker("us-west-2")
    slots = [scheduled(ago_s=3600 * hours) for hours in (4, 3, 2, 1)]
    names = [name_of("orders", unix_of(event["scheduled_time"])) for event in slots]

    replies = [emulator.invoke(event).json() for event in slots]
    again = emulator.invoke(slots[-1]).json()

    assert [r["clusters"][0]["result"] for r in replies] == ["created"] * 4 and again["clusters"][0]["result"] == "existed"
    assert set(listed(home)) == set(names[-2:]), "moto's snapshots are good at once, so the last run kept two"
    assert listed(home)[names[-1]]["team"] == "orders & co <1> +=/:@ 나래"
    assert listed(home)[names[-1]]["narae:slot"] == slots[-1]["scheduled_time"]
    assert set(names[-2:]) <= set(listed(away)) and listed(away)[names[-1]]["narae:copy-of"] == "us-east-1"
    shared = home.describe_db_cluster_snapshot_attributes(DBClusterSnapshotIdentifier=names[-2])
    attributes = shared["DBClusterSnapshotAttributesResult"]["DBClusterSnapshotAttributes"]
    assert attributes == [{"AttributeName": "restore", "AttributeValues": ["111122223333"]}]


def test_a_snapshot_of_a_person_stays(clusters, looker, start):
    clusters.create_db_cluster_snapshot(DBClusterIdentifier="orders", DBClusterSnapshotIdentifier="before-migration")
    emulator = start(policy(keep={"last": 1}, min_keep=1))

    for hours in (2, 1):
        emulator.invoke(scheduled(ago_s=3600 * hours))
    emulator.invoke(scheduled())

    assert "before-migration" in listed(looker())


def test_a_role_that_may_not_tag_is_told_what_it_lacks(clusters, start):
    few = [{"Effect": "Allow", "Action": ["rds:DescribeDBClusters", "rds:DescribeDBClusterSnapshots"], "Resource": "*"}]

    reply = start(policy(), few).invoke(scheduled()).json()

    assert {c["result"] for c in reply["clusters"]} == {"failed"}
    assert reply["clusters"][0]["why"].startswith("CreateDBClusterSnapshot: 403 AccessDenied: User: ")


def test_a_wrong_secret_key_is_refused_by_moto_and_reported(clusters, start):
    answer = start(policy(), AWS_SECRET_ACCESS_KEY="wrong").invoke(scheduled()).json()

    assert answer["errorType"] == "Function.Denied"
    assert answer["errorMessage"].startswith("DescribeDBClusters: 403 SignatureDoesNotMatch: ")
