"""tests/events, which people copy from: each event has the shape that AWS gives it, and the packaged function answers it as it should.

A file's name says what triggers the function (SHAPES), and behind that the case."""

import base64
import hashlib
import json
import subprocess
import time

import pytest
from samcli.lib.generated_sample_events.events import Events

from harness import paths, pki, rds as snapshots
from harness.kinesis import Stream

EVENTS = paths.ROOT / "tests" / "events"
FILES = sorted(str(file.relative_to(EVENTS).with_suffix("")) for file in EVENTS.rglob("*.json"))


def example(name: str):
    return json.loads((EVENTS / f"{name}.json").read_text())


# --- the worlds of the functions: what is there, and the settings that lead to it


@pytest.fixture
def push(database, fcm):
    """Three users with a device each, and a device that nobody has heard of for long."""
    database.add_devices([("17", "reg-17"), ("18", "reg-18"), ("19", "reg-19"), ("20", "reg-20")])
    database.run("update narae_push.device set refreshed_at = now() - interval '100 days' where user_id = '20'")
    return {"NARAE_DATABASE": "env:DATABASE", "DATABASE": database.conninfo,
            "NARAE_FCM_SERVICE_ACCOUNT": "env:SERVICE_ACCOUNT", "SERVICE_ACCOUNT": fcm.service_account(),
            "NARAE_FCM_ENDPOINT": fcm.endpoint, "SSL_CERT_FILE": str(pki.root())}


@pytest.fixture
def aurora_snapshot(rds):
    """A cluster, and a night's snapshot of it."""
    snapshots.add_nights(rds.region(), rds.region().add_cluster("orders"), [1])
    return {"NARAE_SNAPSHOT_POLICY": snapshots.policy(), "AWS_ENDPOINT_URL_RDS": rds.endpoint}


@pytest.fixture
def search_query(database):
    database.run((paths.ROOT / "functions" / "search" / "schema.sql").read_text())
    database.run("insert into narae_search.person (user_id, nickname) values ('1', '김철수'), ('3', '강찬성')")
    return {"NARAE_DATABASE": "env:DATABASE", "DATABASE": database.conninfo,
            "NARAE_SEARCH_CURSOR_KEY": "env:CURSOR_KEY", "CURSOR_KEY": "hush-hush-hush-hush-hush-hush-hush"}


@pytest.fixture
def search_log(aws, sqs):
    key = json.dumps({"id": "2026-11", "key": base64.b64encode(bytes(32)).decode()})
    return {"NARAE_SEARCH_STREAM": Stream(aws).arn, "NARAE_SEARCH_PSEUDONYM_KEY": "env:KEY", "KEY": key,
            "AWS_ENDPOINT_URL_KINESIS": aws.endpoint, "AWS_ENDPOINT_URL_SQS": sqs.endpoint}


@pytest.fixture
def invoke(request, tmp_path):
    """invoke(function, event) -> the reply, by the command of ./build.sh invoke."""

    def invoke(function: str, event):
        settings = request.getfixturevalue(WORLDS[function])
        file = tmp_path / "event.json"
        file.write_text(json.dumps(event))
        done = subprocess.run([str(word) for word in paths.bootstrap("--invoke", f"{function}.handler", file)], env={
            **paths.environment(), "LAMBDA_TASK_ROOT": str(paths.function(function)), "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", **settings},
            capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    return invoke


# --- replies


def failed(reply: dict) -> list[int]:
    """The last digits of what comes back."""
    return [int(failure["itemIdentifier"][-2:]) for failure in reply["batchItemFailures"]]


def registry(reply: dict) -> list:
    return failed(reply) if "batchItemFailures" in reply else [result.get("outcome", "error") for result in reply["results"]]


def pruned(reply: dict) -> tuple[bool, int]:
    return reply["isComplete"], reply["deactivated"]["android"]


def snapshot(reply: dict) -> tuple:
    if "drills" in reply:
        return reply["mode"], [drill["cluster"] for drill in reply["drills"] if drill["snapshot"] and drill["commands"]]
    return reply["mode"], [(cluster["cluster"], cluster["result"]) for cluster in reply["clusters"]]


def found(reply: dict) -> list[str]:
    answer = json.loads(reply["body"]) if reply.get("statusCode") == 200 else reply
    return [result["id"] for result in answer["results"]]


def stored(reply: dict):
    if "batchItemFailures" in reply:
        return failed(reply)
    return json.loads(reply["body"])["accepted"] if reply.get("statusCode") == 202 else reply["accepted"]


# The world of each function, and what counts in its replies.
WORLDS = {"push_send": "push", "push_devices": "push", "push_prune": "push", "aurora_snapshot": "aurora_snapshot",
          "search_query": "search_query", "search_log": "search_log"}
READERS = {"push_send": failed, "push_devices": registry, "push_prune": pruned, "aurora_snapshot": snapshot, "search_query": found,
           "search_log": stored}

REPLIES = {
    "aurora_snapshot/direct-check": ("check", [("orders", "create")]),  # what it would do
    "aurora_snapshot/direct-copy": ("copy", [("orders", "create")]),
    "aurora_snapshot/direct-plan": ("plan", [("orders", "create")]),
    "aurora_snapshot/direct-snapshot": ("snapshot", [("orders", "created")]),
    "aurora_snapshot/direct-verify": ("verify", ["orders"]),
    "aurora_snapshot/rds-snapshot-created": ("check", [("orders", "create")]),
    "aurora_snapshot/rule-nightly": ("snapshot", [("orders", "created")]),
    "aurora_snapshot/scheduler-default-nightly": ("snapshot", [("orders", "created")]),
    "aurora_snapshot/scheduler-input-check": ("check", [("orders", "create")]),
    "aurora_snapshot/scheduler-input-snapshot": ("snapshot", [("orders", "created")]),
    "push_devices/direct-list": ["registered", "outdated", "registered"],
    "push_devices/direct-register": ["registered"],
    "push_devices/sqs-bad-messages": [1, 2, 3, 4],
    "push_devices/sqs-fifo-two-users": [2],
    "push_devices/sqs-life-of-a-registration": [],
    "push_prune/direct-force-devices": (True, 1),
    "push_prune/rule-nightly": (True, 1),
    "push_prune/scheduler-default-nightly": (True, 1),
    "push_prune/scheduler-input-everything": (True, 1),
    "push_prune/scheduler-input-topics": (True, 0),
    "push_send/sqs-bad-messages": [1, 2, 3, 4, 5, 6, 7],
    "push_send/sqs-every-target": [],
    "push_send/sqs-fifo-two-users": [2, 4],  # the malformed one, and what stands behind it in its group
    "push_send/sqs-one-message": [],
    "push_send/sqs-three-messages": [3],
    "search_log/direct-events": 3,
    "search_log/http-api-click": 1,
    "search_log/sqs-bad-messages": [1, 2, 3, 4, 5, 6],
    "search_log/sqs-searches": [],
    "search_log/url-beacon": 2,
    "search_log/url-gzip": 2,
    "search_query/direct-initials": ["3", "1"],
    "search_query/direct-mention": ["1"],
    "search_query/direct-search": ["1"],
    "search_query/http-api-search": ["1"],
    "search_query/url-mention": ["1"],
}


def as_of_now(event):
    """A slot that is over for long is refused: the schedule's time becomes this minute."""
    now = snapshots.slot_text(time.time())
    return {**event, **{name: now for name in ("time", "scheduled_time") if name in event}} if isinstance(event, dict) else event


@pytest.mark.parametrize("name", REPLIES)
def test_the_function_answers(invoke, name):
    function = name.split("/")[0]

    assert READERS[function](invoke(function, as_of_now(example(name)))) == REPLIES[name]


def test_every_event_is_run_by_a_test():
    """By this one, or by one that names it, as those do that ./build.sh new writes."""
    sources = "".join(file.read_text() for file in (paths.ROOT / "tests" / "e2e").glob("test_*.py"))

    assert [name for name in FILES if name not in REPLIES and f"tests/events/{name}.json" not in sources] == []
    assert set(REPLIES) <= set(FILES)


# --- shapes

RULE = ("cloudwatch", "scheduled-event")
HTTP = ("apigateway", "http-api-proxy")
QUEUE = ("sqs", "receive-message")

# What a name begins with: SAM's event of that shape, and what ours has beside it (AWS documents it, SAM's sample lacks it).
SHAPES = {
    "sqs-fifo": (QUEUE, {"MessageGroupId", "MessageDeduplicationId", "SequenceNumber"}),
    "sqs": (QUEUE, set()),
    "http-api": (HTTP, set()),
    "url": (HTTP, {"iam"}),  # a function URL has no authorizer but IAM
    "rule": (RULE, {"version"}),
    "scheduler-default": (RULE, {"version"}),
    "rds": (RULE, {"version"}),
    "scheduler-input": (None, set()),  # whatever the schedule says, and nothing around it
    "direct": (None, set()),
}
# What API Gateway and function URLs leave out where a request has none.
OPTIONAL = {"cookies", "queryStringParameters", "body", "pathParameters", "stageVariables", "authentication", "authorizer", "jwt"}
# Maps whose keys are somebody else's.
OPEN = {"headers", "queryStringParameters", "claims", "detail", "messageAttributes", "iam"}


def shape_of(name: str) -> tuple:
    return next(shape for start, shape in SHAPES.items() if name.split("/")[1].startswith(f"{start}-"))


def differences(ours, theirs, more: set[str], at: str = "event") -> list[str]:
    """Where the keys differ. Each of our records is compared with their only one."""
    if isinstance(ours, list) and isinstance(theirs, list):
        return [text for item in ours for text in differences(item, theirs[0], more, f"{at}[]")]
    if not (isinstance(ours, dict) and isinstance(theirs, dict)) or at.rsplit(".", 1)[-1] in OPEN:
        return []
    unknown = [f"{at}.{key}: AWS has no such key" for key in sorted(set(ours) - set(theirs) - more)]
    missing = [f"{at}.{key}: is missing" for key in sorted(set(theirs) - set(ours) - OPTIONAL)]
    inner = [text for key in set(ours) & set(theirs) for text in differences(ours[key], theirs[key], more, f"{at}.{key}")]
    return unknown + missing + inner


@pytest.mark.parametrize("name", FILES)
def test_it_has_the_keys_that_aws_gives_it(name):
    sams, more = shape_of(name)
    if sams:
        theirs = json.loads(Events().generate_event(*sams, {}))
        assert differences(example(name), theirs, more) == []
    else:
        assert "Records" not in example(name) and "requestContext" not in example(name)


@pytest.mark.parametrize("ours, complaint", [
    ({"a": 1, "b": {"c": 1}}, []), ({"b": {"c": 1}}, ["event.a: is missing"]),
    ({"a": 1, "b": {"c": 1, "d": 1}}, ["event.b.d: AWS has no such key"]),
    ({"a": 1, "b": {"c": 1}, "version": "0"}, []), ({"a": 1, "b": {}}, ["event.b.c: is missing"]),
])
def test_differences_are_found(ours, complaint):
    assert differences(ours, {"a": 1, "b": {"c": 1}, "body": ""}, {"version"}) == complaint


@pytest.mark.parametrize("name", [name for name in FILES if "/sqs-" in name])
def test_digests_and_queues_are_right(name):
    for record in example(name)["Records"]:
        assert record["md5OfBody"] == hashlib.md5(record["body"].encode()).hexdigest()
        assert record["eventSourceARN"].endswith(".fifo") == ("MessageGroupId" in record["attributes"])
        assert record["eventSourceARN"].split(":")[3] == record["awsRegion"]
