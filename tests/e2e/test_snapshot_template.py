"""template.yaml: what a deployment would make of aurora_snapshot."""

import json

import pytest

from harness import template


@pytest.fixture(scope="module")
def cloudformation() -> dict:
    return template.transformed()


@pytest.fixture(scope="module")
def schedules(cloudformation) -> dict:
    return template.of_type(cloudformation, "AWS::Scheduler::Schedule")


def test_the_slot_is_the_schedules_time_in_its_zone(schedules):
    nightly = schedules["AuroraSnapshotNightly"]

    assert nightly["ScheduleExpressionTimezone"] == {"Ref": "SnapshotZone"}
    assert json.loads(nightly["Target"]["Input"]["Fn::Sub"]) == {
        "mode": "snapshot", "policy": "${SnapshotPolicyId}", "scheduled_time": "<aws.scheduler.scheduled-time>"}
    assert nightly["FlexibleTimeWindow"] == {"Mode": "OFF"}


def test_somebody_looks_each_hour(schedules):
    assert schedules["AuroraSnapshotHourly"]["ScheduleExpression"] == "rate(1 hour)"


def test_the_policy_may_be_a_secret_that_the_role_then_reads(cloudformation):
    variables = template.of_type(cloudformation, "AWS::Lambda::Function")["AuroraSnapshot"]["Environment"]["Variables"]
    role = template.of_type(cloudformation, "AWS::IAM::Role")["AuroraSnapshotRole"]
    secret = {"Ref": "SnapshotPolicySecretArn"}
    (reads,) = [s["Fn::If"] for s in role["Policies"][0]["PolicyDocument"]["Statement"] if "Fn::If" in s and s["Fn::If"][1]["Sid"] == "ReadPolicy"]

    assert variables["NARAE_SNAPSHOT_POLICY"] == {"Fn::If": ["HasSnapshotPolicySecret", secret, {"Ref": "SnapshotPolicy"}]}
    assert (reads[0], reads[1]["Action"], reads[1]["Resource"]) == ("HasSnapshotPolicySecret", "secretsmanager:GetSecretValue", secret)


def test_lost_events_end_in_the_dead_letter_queue(cloudformation, schedules):
    (config,) = [c for c in template.of_type(cloudformation, "AWS::Lambda::EventInvokeConfig").values()
                 if c["FunctionName"] == {"Ref": "AuroraSnapshot"}]
    queue = {"Fn::GetAtt": ["AuroraSnapshotDeadLetterQueue", "Arn"]}

    assert config["DestinationConfig"]["OnFailure"]["Destination"] == queue
    assert schedules["AuroraSnapshotNightly"]["Target"]["DeadLetterConfig"] == {"Arn": queue}


def test_the_role_can_delete_only_what_the_function_made(cloudformation):
    role = template.of_type(cloudformation, "AWS::IAM::Role")["AuroraSnapshotRole"]
    statements = [s for s in role["Policies"][0]["PolicyDocument"]["Statement"] if "Fn::If" not in s]
    (deletes,) = [s for s in statements if "rds:DeleteDBClusterSnapshot" in s["Action"]]

    assert deletes["Condition"] == {"StringEquals": {"aws:ResourceTag/narae:managed-by": "aurora_snapshot"}}


def test_the_default_policy_is_one_that_the_function_takes_and_deletes_nothing(cloudformation, snapshot, rds):
    default = cloudformation["Parameters"]["SnapshotPolicy"]["Default"]
    rds.region().add_cluster("orders", tags={"backup": "nightly"})
    rds.region().add_cluster("users")

    reply = snapshot(default).invoke({"mode": "plan"}).json()

    assert [c["cluster"] for c in reply["clusters"]] == ["orders"]
    assert json.loads(default)["id"] == cloudformation["Parameters"]["SnapshotPolicyId"]["Default"]
    assert json.loads(default).get("dry_run", True) is True
