"""template.yaml: push_devices and push_prune."""

import json

import pytest

from harness import template


@pytest.fixture(scope="module")
def cloudformation() -> dict:
    return template.transformed()


@pytest.fixture
def functions(cloudformation) -> dict:
    return template.of_type(cloudformation, "AWS::Lambda::Function")


@pytest.fixture
def queues(cloudformation) -> dict:
    return template.of_type(cloudformation, "AWS::SQS::Queue")


@pytest.fixture
def schedules(cloudformation) -> dict:
    """Those of the registry; snapshots have their own."""
    found = template.of_type(cloudformation, "AWS::Scheduler::Schedule")
    return {name: schedule for name, schedule in found.items() if name.startswith("PushPrune")}


def statements(cloudformation, role: str) -> dict:
    """Every statement of a role, by its Sid; what stands under a condition as well."""
    properties = template.of_type(cloudformation, "AWS::IAM::Role")[role]
    assert "ManagedPolicyArns" not in properties
    (policy,) = properties["Policies"]
    listed = [s["Fn::If"][1] if "Fn::If" in s else s for s in policy["PolicyDocument"]["Statement"]]
    return {s["Sid"]: (s["Action"], s["Resource"]) for s in listed}


def test_device_messages_fail_one_by_one_and_end_in_their_dead_letter_queue(cloudformation, functions, queues):
    mapping = template.of_type(cloudformation, "AWS::Lambda::EventSourceMapping")["PushDevicesDevicesQueue"]

    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["EventSourceArn"] == {"Fn::GetAtt": ["DevicesQueue", "Arn"]}
    assert mapping["BatchSize"] <= 10 or mapping["MaximumBatchingWindowInSeconds"] >= 1
    assert queues["DevicesQueue"]["VisibilityTimeout"] >= 6 * functions["PushDevices"]["Timeout"]
    assert queues["DevicesQueue"]["RedrivePolicy"]["deadLetterTargetArn"] == {
        "Fn::GetAtt": ["DevicesDeadLetterQueue", "Arn"]}
    assert queues["DevicesQueue"]["RedrivePolicy"]["maxReceiveCount"] >= 5


def test_all_sandboxes_together_keep_fcms_rate_of_subscriptions(cloudformation, functions):
    mapping = template.of_type(cloudformation, "AWS::Lambda::EventSourceMapping")["PushDevicesDevicesQueue"]
    sandboxes = mapping["ScalingConfig"]["MaximumConcurrency"] + functions["PushPrune"]["ReservedConcurrentExecutions"]
    rate = cloudformation["Parameters"]["TopicRate"]["Default"]

    # A second of FCM's may hold one of our slices (a fifth of a second) more than it should.
    assert sandboxes * (rate + rate // 5) <= 3000
    for name in ("PushDevices", "PushPrune"):
        assert functions[name]["Environment"]["Variables"]["NARAE_TOPIC_RATE"] == {"Ref": "TopicRate"}


def test_schedules_say_what_is_to_be_done_and_when(schedules):
    assert {name: (s["ScheduleExpression"], json.loads(s["Target"]["Input"])) for name, s in schedules.items()} == {
        "PushPruneNightly": ({"Ref": "PruneSchedule"}, {}),
        "PushPruneTopics": ("rate(15 minutes)", {"tasks": ["topics"]})}
    for schedule in schedules.values():
        assert schedule["ScheduleExpressionTimezone"] == {"Ref": "ScheduleTimeZone"}
        assert schedule["Target"]["Arn"] == {"Fn::GetAtt": ["PushPrune", "Arn"]}


def test_what_a_schedule_could_not_start_is_kept(schedules, queues):
    for schedule in schedules.values():
        assert schedule["Target"]["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": ["PushPruneDeadLetterQueue", "Arn"]}}
        assert schedule["Target"]["RetryPolicy"]["MaximumEventAgeInSeconds"] >= 60
    assert queues["PushPruneDeadLetterQueue"]["MessageRetentionPeriod"] == 14 * 24 * 3600


def test_the_scheduler_may_start_one_function_and_no_more(cloudformation, schedules):
    assert statements(cloudformation, "PushPruneScheduleRole") == {
        "StartPruning": ("lambda:InvokeFunction", {"Fn::GetAtt": ["PushPrune", "Arn"]}),
        "KeepWhatFailed": ("sqs:SendMessage", {"Fn::GetAtt": ["PushPruneDeadLetterQueue", "Arn"]})}
    for schedule in schedules.values():
        assert schedule["Target"]["RoleArn"] == {"Fn::GetAtt": ["PushPruneScheduleRole", "Arn"]}


@pytest.mark.parametrize("name, polls", [("PushDevices", True), ("PushPrune", False)])
def test_functions_reach_their_own_and_no_more(cloudformation, functions, name, polls):
    allowed = statements(cloudformation, f"{name}Role")

    assert functions[name]["Role"] == {"Fn::GetAtt": [f"{name}Role", "Arn"]}
    assert allowed["ReadSecrets"] == ("secretsmanager:GetSecretValue",
                                      [{"Ref": "DatabaseSecretArn"}, {"Ref": "FcmServiceAccountSecretArn"}])
    assert allowed["WriteLog"][1] == {"Fn::GetAtt": [f"{name}LogGroup", "Arn"]}
    assert ("PollQueue" in allowed) == polls
    if polls:
        assert allowed["PollQueue"][1] == {"Fn::GetAtt": ["DevicesQueue", "Arn"]}
    assert [sid for sid, (_, resource) in allowed.items() if resource == "*"] == ["JoinVpc"]
    assert not [action for action, _ in allowed.values() if "*" in str(action)]


def test_outputs_name_queue_and_functions(cloudformation):
    outputs = {name: output["Value"] for name, output in cloudformation["Outputs"].items()}

    assert outputs["DevicesQueueUrl"] == {"Ref": "DevicesQueue"}
    assert outputs["DevicesQueueArn"] == {"Fn::GetAtt": ["DevicesQueue", "Arn"]}
    assert outputs["PushDevicesArn"] == {"Fn::GetAtt": ["PushDevices", "Arn"]}
    assert outputs["PushPruneName"] == {"Ref": "PushPrune"}
