"""stacks/alarms.yaml and the alarms of the lake: each looks at a metric that is there, says what has happened and whom to ask."""

import json
import re

import pytest

from harness import metrics, paths, template
from harness.cloudformation import Evaluation

FUNCTIONS = ["PushSend", "PushDevices", "PushPrune", "AuroraSnapshot", "SearchQuery", "SearchLog"]


STACKS = {name: template.stack(f"stacks/{name}.yaml") for name in ("alarms", "lake")}
ALARMS = {name: (file, alarm) for file, stack in STACKS.items()
          for name, alarm in template.of_type(stack, "AWS::CloudWatch::Alarm").items()}
OWN = template.of_type(STACKS["alarms"], "AWS::CloudWatch::Alarm")
DASHBOARDS = template.of_type(STACKS["alarms"], "AWS::CloudWatch::Dashboard")


def body(dashboard: str) -> dict:
    return json.loads(DASHBOARDS[dashboard]["DashboardBody"]["Fn::Sub"])


def widgets(kind: str, dashboard: str) -> list[dict]:
    return [w["properties"] for w in body(dashboard)["widgets"] if w["type"] == kind]


class Deployed:
    """template.yaml as a stack of this name: what its functions emit, and what the stack of alarms in it looks at."""

    def __init__(self, name: str):
        secret = "arn:aws:secretsmanager:us-east-1:123456789012:secret:some-abcdef"
        parameters = {"DatabaseSecretArn": secret, "FcmServiceAccountSecretArn": secret, "EnableSearch": "true"}
        made = Evaluation(template.transformed(), parameters, name).resources()
        functions = [part["Properties"] for part in made.values() if part["Type"] == "AWS::Lambda::Function"]
        (scope,) = {function["Environment"]["Variables"].get("NARAE_METRIC_SCOPE") for function in functions}
        # Names of functions and queues, which CloudFormation makes.
        given = {key: value if isinstance(value, str) else f"{name}-{key}" for key, value in made["Alarms"]["Properties"]["Parameters"].items()}
        resources = Evaluation(STACKS["alarms"], given, f"{name}-Alarms").resources()

        self.emitted = metrics.emitted(scope)
        self.alarms = {n: part["Properties"] for n, part in resources.items() if part["Type"] == "AWS::CloudWatch::Alarm"}
        self.dashboards = {n: part["Properties"] for n, part in resources.items() if part["Type"] == "AWS::CloudWatch::Dashboard"}

    def of_dashboard(self, name: str) -> list[metrics.Metric]:
        shown = json.loads(self.dashboards[name]["DashboardBody"]["Fn::Sub"])  # ARNs of alarms are left
        return [metrics.of_widget(line) for w in shown["widgets"] if w["type"] == "metric" for line in w["properties"]["metrics"]]

    def own(self) -> set[metrics.Metric]:
        """What alarms and dashboards look at and is not AWS's."""
        by_alarms = [metric for alarm in self.alarms.values() for metric in metrics.of_alarm(alarm)]
        by_people = [metric for name in self.dashboards for metric in self.of_dashboard(name)]
        return {metric for metric in by_alarms + by_people if not metric.namespace.startswith("AWS/")}


# Of another name than other tests' stacks have: a name that is written out somewhere would be wrong here.
HERE = Deployed("narae-here")
KNOWN = HERE.emitted | metrics.of_aws()


@pytest.fixture(scope="module")
def nested() -> dict:
    return template.source()["Resources"]["Alarms"]["Properties"]["Parameters"]


def test_metrics_of_the_sources_were_found():
    assert metrics.Metric("Narae/Push/narae-here", "Sent", frozenset()) in KNOWN
    assert metrics.Metric("Narae/Push/narae-here", "StaleShare", frozenset(["Platform"])) in KNOWN
    assert metrics.Metric("Narae/Snapshot/narae-here", "HoursSinceLastGoodSnapshot", frozenset(["Policy"])) in KNOWN
    assert len({m.name for m in KNOWN if m.namespace.startswith("Narae/")}) > 70


@pytest.mark.parametrize("name", sorted(ALARMS))
def test_alarm_looks_at_what_somebody_emits(name):
    looked_at = metrics.of_alarm(HERE.alarms.get(name) or ALARMS[name][1])

    assert looked_at and set(looked_at) - KNOWN == set()


def test_two_stacks_of_a_region_share_no_metric_and_no_dashboard():
    """Alarms have no names of ours, and AWS's metrics those of the stack's own functions and queues."""
    there = Deployed("narae-there")

    assert len(HERE.own()) == len(there.own()) > 50
    assert HERE.own() & there.own() == HERE.emitted & there.emitted == set()
    assert len({dashboard["DashboardName"] for stack in (HERE, there) for dashboard in stack.dashboards.values()}) == 2 * len(DASHBOARDS)
    assert [name for name, (_, alarm) in ALARMS.items() if "AlarmName" in alarm] == []


def test_a_scope_is_what_the_functions_take():
    """Each character, and the length."""
    scope = STACKS["alarms"]["Parameters"]["MetricScope"]
    (taken,) = re.findall(r'scope_chars\[\] = "(.+)"', (paths.ROOT / "layer/base/metric.c").read_text())
    (longest,) = re.findall(r"NR_METRIC_SCOPE_MAX_BYTES = (\d+)", (paths.ROOT / "layer/include/narae/metric.h").read_text())

    assert "Default" not in scope  # of whom would it be?
    assert {c for c in map(chr, range(128)) if re.fullmatch(scope["AllowedPattern"], c)} == set(taken)
    assert [n for n in (0, 1, int(longest), int(longest) + 1) if re.fullmatch(scope["AllowedPattern"], n * "x")] == [1, int(longest)]


@pytest.mark.parametrize("name", sorted(ALARMS))
def test_alarm_says_what_happened_and_names_its_chapter(name):
    description = ALARMS[name][1]["AlarmDescription"]

    assert re.fullmatch(rf"[A-Za-z_]\S* .{{10,}} \(docs/runbook\.md#{name.lower()}\)", description), description
    assert len(description) <= 1024  # CloudWatch's limit


@pytest.mark.parametrize("name", sorted(ALARMS))
def test_alarm_tells_the_topic_of_trouble_and_of_its_end(name):
    alarm = ALARMS[name][1]
    told = {"Fn::If": ["HasAlarmTopic", [{"Ref": "AlarmTopicArn"}], {"Ref": "AWS::NoValue"}]}

    assert alarm["AlarmActions"] == alarm["OKActions"] == told
    assert alarm["TreatMissingData"] in ("breaching", "notBreaching", "ignore")


@pytest.mark.parametrize("name", sorted(ALARMS))
def test_alarm_looks_back_no_further_than_cloudwatch_does(name):
    """PutMetricAlarm: a day with periods below an hour, seven days with longer ones."""
    file, alarm = ALARMS[name]
    periods = [m["MetricStat"]["Period"] for m in alarm.get("Metrics", []) if "MetricStat" in m] or [alarm["Period"]]
    count = alarm["EvaluationPeriods"]
    if isinstance(count, dict):
        count = STACKS[file]["Parameters"][count["Ref"]]["MaxValue"]

    assert all(period * count <= (86400 if period < 3600 else 7 * 86400) for period in periods)
    assert alarm.get("DatapointsToAlarm", 1) <= count


@pytest.mark.parametrize("function", FUNCTIONS)
def test_each_function_has_its_three_alarms(function):
    cloudformation = template.transformed()
    timeout_ms = template.of_type(cloudformation, "AWS::Lambda::Function")[function]["Timeout"] * 1000
    of_this = [OWN[function + kind] for kind in ("Errors", "Throttled", "Slow")]

    assert [alarm["MetricName"] for alarm in of_this] == ["Errors", "Throttles", "Duration"]
    assert [alarm["Dimensions"] for alarm in of_this] == [[{"Name": "FunctionName", "Value": {"Ref": f"{function}Name"}}]] * 3
    assert of_this[2]["Threshold"] == timeout_ms * 9 // 10


def test_every_queue_of_a_function_is_watched_for_age_and_every_other_for_what_lies_in_it():
    queues = template.of_type(template.transformed(), "AWS::SQS::Queue")
    watched = {(a["MetricName"], a["Dimensions"][0]["Value"]["Ref"]) for a in OWN.values() if a.get("Namespace") == "AWS/SQS"}

    assert watched == {("ApproximateAgeOfOldestMessage" if "RedrivePolicy" in queue else "ApproximateNumberOfMessagesVisible",
                        f"{name}Name") for name, queue in queues.items()}


def test_what_must_run_is_missed_when_it_does_not():
    for name in ("AuroraSnapshotTooOld", "PushPruneMissed"):
        assert OWN[name]["TreatMissingData"] == "breaching"
    assert OWN["PushPruneMissed"]["Statistic"] == "SampleCount"
    assert OWN["AuroraSnapshotTooOld"]["Dimensions"] == [{"Name": "Policy", "Value": {"Ref": "SnapshotPolicyId"}}]


def test_names_come_from_the_resources_of_those_names(nested):
    """PushQueueName is PushQueue's and no other's; what may be missing is called none."""
    resources = template.source()["Resources"]
    named = {n.removesuffix("Name"): v for n, v in nested.items() if n.endswith("Name")}

    for resource, value in named.items():
        reference = ({"Fn::GetAtt": [resource, "QueueName"]} if resources[resource]["Type"] == "AWS::SQS::Queue" else {"Ref": resource})
        may_miss = resources[resource].get("Condition")
        assert value == ({"Fn::If": [may_miss, reference, "none"]} if may_miss else reference), resource
    assert set(named) == {n for n, r in resources.items() if r["Type"] == "AWS::SQS::Queue"} | set(FUNCTIONS)


def test_alarms_of_search_are_there_only_with_search():
    for name, resource in STACKS["alarms"]["Resources"].items():
        refs = json.dumps(resource)
        assert (resource.get("Condition") == "HasSearch") == ("Search" in re.sub("HasSearch", "", refs + name)), name


@pytest.mark.parametrize("name", sorted(DASHBOARDS))
def test_dashboard_shows_what_somebody_emits(name):
    shown = HERE.of_dashboard(name)

    assert len(shown) > 10
    assert set(shown) - KNOWN == set()


@pytest.mark.parametrize("name", sorted(DASHBOARDS))
def test_dashboard_is_one_screen_without_overlaps_or_gaps(name):
    cells = [(x, y) for w in body(name)["widgets"] for x in range(w["x"], w["x"] + w["width"]) for y in range(w["y"], w["y"] + w["height"])]

    assert len(cells) == len(set(cells)) == 24 * (max(y for _, y in cells) + 1)


def test_every_alarm_is_on_one_dashboard():
    shown = [a for name in DASHBOARDS for w in widgets("alarm", name) for a in w["alarms"]]

    assert sorted(shown) == sorted(f"${{{name}.Arn}}" for name in OWN)


def test_platforms_are_those_that_push_prune_knows():
    text = (paths.ROOT / "stacks/alarms.yaml").read_text()
    known = re.findall(r'\[PRUNE_\w+\] = "(\w+)"', (paths.ROOT / "functions/push/prune.c").read_text())
    used = set(re.findall(r"Name: Platform, Value: (\w+)", text)) | set(re.findall(r'"Platform", "(\w+)"', text))

    assert used == set(known) & {"android", "ios", "web"} and len(used) == 3
