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
def schedules(cloudformation) -> dict:
    """Those of the registry; snapshots have their own."""
    found = template.of_type(cloudformation, "AWS::Scheduler::Schedule")
    return {name: schedule for name, schedule in found.items() if name.startswith("PushPrune")}


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


def test_devices_that_nobody_may_prune_ring_at_the_share_that_push_prune_stops_at(functions):
    alarms = template.source()["Resources"]["Alarms"]["Properties"]["Parameters"]

    assert functions["PushPrune"]["Environment"]["Variables"]["NARAE_PRUNE_MAX_PERCENT"] == {"Ref": "PruneMaxPercent"}
    assert alarms["StaleMaxPercent"] == {"Ref": "PruneMaxPercent"}
