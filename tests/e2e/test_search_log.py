"""search_log on the real package: moto's Kinesis, which checks every signature, and the schemas that the lake is made from."""

import base64
import gzip
import json
import random
import sys
from datetime import datetime, timedelta, timezone

import jsonschema
import pytest

from harness import lake, paths, report
from harness.event_source import EventSource, Queue
from harness.kinesis import CountingStream, Stream
from harness.process import peak_memory_kib

sys.path.insert(0, str(paths.ROOT / "tests" / "bench"))
import search_input  # noqa: E402

KEY = json.dumps({"id": "2026-11", "key": base64.b64encode(bytes(range(32))).decode()})
STREAM = "searches"  # of the stand-in that only counts
LARGEST_EVENT_BYTES = 6_291_556  # what Lambda hands over at most
PEAK_MAX_KIB = 32 * 1024
SECRETS = ["010-1234-5678", "01098765432", "900101-1234567", "4111-1111-1111-1111", "hong@example.com", "110-123-456789"]


def schema(name: str) -> jsonschema.protocols.Validator:
    document = json.loads((paths.ROOT / "functions" / "search" / "schema" / f"{name}.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(document)
    return jsonschema.Draft202012Validator(document)


def example(name: str):
    return json.loads((paths.ROOT / "tests" / "events" / "search_log" / f"{name}.json").read_text())


def failed(answer) -> list[str]:
    return [item["itemIdentifier"] for item in answer.json()["batchItemFailures"]]


@pytest.fixture
def stream(aws):
    return Stream(aws)


@pytest.fixture
def search_log(emulate, aws, sqs, stream):
    """search_log(changed settings) -> Emulator, with a role that may do what the template's may. moto looks at signature, token and
    action, and not at the policy's resources."""

    def start(settings: dict | None = None):
        secret = aws.secret("pseudonyms", KEY)
        keys = aws.role_keys([
            {"Effect": "Allow", "Action": ["kinesis:PutRecords", "sqs:ChangeMessageVisibilityBatch"], "Resource": "*"},
            {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "*"}])
        aws.lock()
        return emulate(paths.function("search_log"), "search_log.handler", {
            "NARAE_SEARCH_STREAM": stream.arn, "NARAE_SEARCH_PSEUDONYM_KEY": secret, "AWS_ENDPOINT_URL": aws.endpoint,
            "AWS_ENDPOINT_URL_SQS": sqs.endpoint, **keys, **(settings or {})})

    return start


def test_searches_arrive_as_rows_of_the_schema(search_log, stream):
    function = search_log()
    assert failed(function.invoke(example("sqs-searches"))) == []
    rows = {row["event_id"]: row for row in stream.rows()}
    assert len(rows) == 3
    for row in rows.values():
        schema("search-record").validate(row)
    search = rows["5f0c9a1e-0001"]
    assert search["timestamp"] == "2026-11-24T06:06:48.123Z" and search["user_query"] == "강아지 사료 추천"
    scrubbed = rows["00000002-0000-4000-8000-000000000002.0"]
    assert scrubbed["user_query"] == "잃어버린 폰 <phone> <email>" and scrubbed["pii_flags"] == ["email", "phone"]
    click = rows["00000003-0000-4000-8000-000000000003.0"]
    assert (click["event_type"], click["object_id"], click["position"]) == ("click", "981", 1)
    assert click["user_hash"] == search["user_hash"] and click["session_id"] == search["session_id"]
    assert "비밀" not in json.dumps(list(rows.values()), ensure_ascii=False)
    assert function.complaints() == []


def test_malformed_messages_come_back_and_say_why(search_log, stream, sqs):
    """At once, on their way to the dead-letter queue."""
    function = search_log()
    event = example("sqs-bad-messages")
    assert failed(function.invoke(event)) == [record["messageId"] for record in event["Records"]]
    function.wait_for_log()
    reasons = [record["errorMessage"] for record in function.complaints()]
    assert [reason.split(": ")[0] for reason in reasons] == [
        "Records[0].body", "Records[1].body.user_query", "Records[2].body.page", "Records[3].body.timestamp",
        "Records[4].body[1].user_query", "Records[5].body.timestamp"]
    assert stream.records() == []
    assert sqs.delays == {record["receiptHandle"]: 0 for record in event["Records"]}


def test_a_malformed_message_is_a_dead_letter_within_seconds(search_log, aws, stream):
    queue = Queue(aws, "searches", visibility_s=360, max_receives=2)
    queue.send([json.dumps({"user_query": "강아지"}), "{not json"])
    function = search_log({"AWS_ENDPOINT_URL_SQS": aws.endpoint})
    aws.unlock()

    assert EventSource(queue, [function]).run() == 0

    assert queue.dead() == ["{not json"]
    assert len(stream.rows()) == 1
    assert [c["message"] for c in function.complaints()] == ["message refused"] * 2


def test_broken_utf_8_is_seen_to_the_last_byte(search_log, stream):
    """The last sixteen bytes of a text are looked at one by one, and on arm64 their type has no sign."""
    function = search_log()
    event = {"Records": [search_input.message(base64.b64encode(b'{"user_query":"\xff"}').decode(), 1)]}
    assert failed(function.invoke(event)) == [event["Records"][0]["messageId"]]
    function.wait_for_log()
    assert [record["errorMessage"] for record in function.complaints()] == ["Records[0].body: is not UTF-8 at byte 15"]
    assert stream.records() == []


@pytest.mark.parametrize("packed", [False, True])
def test_requests_are_answered_with_counts(search_log, stream, packed):
    function = search_log()
    event = example("url-beacon")
    if packed:
        event |= {"body": base64.b64encode(gzip.compress(event["body"].encode())).decode(), "isBase64Encoded": True}
    answer = function.invoke(event).json()
    assert answer["statusCode"] == 202
    assert json.loads(answer["body"]) == {"accepted": 2, "refused": 0, "failed": 0, "errors": []}
    assert len(stream.rows()) == 2


def test_direct_events_are_stored(search_log, stream):
    function = search_log()
    assert function.invoke(example("direct-events")).json()["accepted"] == 3
    assert len(stream.rows()) == 3


def test_ten_thousand_messages_arrive_once_and_without_a_secret(search_log, stream):
    function = search_log({"NARAE_SEARCH_PARTITION": "session"})
    rng = random.Random(7)
    for first in range(0, 10_000, 2_500):
        assert failed(function.invoke(search_input.sqs_event(first, 2_500, rng).encode())) == []
    records = stream.records()
    text = "\n".join(record["Data"].decode() for record in records)
    ids = [json.loads(line)["event_id"] for line in text.split("\n")]
    assert len(ids) == 10_000 and len(set(ids)) == 10_000
    assert all(len(record["Data"]) + len(record["PartitionKey"]) <= 5_000 for record in records)
    assert len({record["PartitionKey"] for record in records}) == 64
    function.wait_for_log()
    for secret in search_input.PLANTED:
        assert secret not in text and secret not in function.text()
    lines = [json.loads(line) for line in text.split("\n")]
    validator = schema("search-record")
    for row in rng.sample(lines, 300):
        validator.validate(row)
    report.report("search_log records for 10,000 events", len(records), "records")


def asked_by(people: int, query: str, result_count: int) -> list[dict]:
    """One search of each, a minute apart and in the last hour."""
    now = datetime.now(timezone.utc)
    return [{"user_query": query, "user_id": f"{query}-{n}", "session_id": f"s-{query}-{n}", "query_id": f"q-{query}-{n}",
             "timestamp": (now - timedelta(minutes=n + 1)).isoformat(), "result_count": result_count, "took_ms": 3.5, "page": 1}
            for n in range(people)]


def test_what_is_stored_answers_the_questions_of_the_lake(search_log, stream):
    function = search_log()
    searches = asked_by(30, "강아지 사료", 9) + asked_by(12, "없는 것", 0) + asked_by(5, f"분실 {SECRETS[0]}", 1)
    event = {"Records": [search_input.message(json.dumps(search), n) for n, search in enumerate(searches)]}
    for _ in range(2):  # SQS delivers at least once
        assert failed(function.invoke(event)) == []
    rows = stream.rows()
    assert len(rows) == 2 * len(searches)
    athena = lake.Lake(datetime.now(timezone.utc) + timedelta(seconds=1))
    athena.add(rows)
    top = {query: (n, people) for query, n, people, *_ in athena.named("top-queries")}
    assert top == {"강아지 사료": (30, 30), "없는 것": (12, 12), "분실 <phone>": (5, 5)}
    assert athena.named("zero-result-queries")[0] == ("없는 것", 12, 12)
    answers = {name: athena.named(name) for name in lake.queries(athena.parameters)}
    assert all(secret not in str(answers) for secret in SECRETS)


def test_a_wrong_key_of_aws_is_said_and_nothing_is_lost(search_log, sqs, stream):
    function = search_log({"AWS_SECRET_ACCESS_KEY": "wrong", "NARAE_SEARCH_PSEUDONYM_KEY": "env:KEY", "KEY": KEY})
    event = example("sqs-searches")
    assert failed(function.invoke(event)) == [record["messageId"] for record in event["Records"]]
    function.wait_for_log()
    lines = function.complaints()
    assert all(5 <= sqs.delays[record["receiptHandle"]] <= 8 for record in event["Records"]), sqs.delays
    assert len(lines) == 1 and "SignatureDoesNotMatch" in lines[0]["errorMessage"] and lines[0]["errorKind"] == "denied"


def test_the_largest_event_fits_in_the_memory_that_was_promised(emulate):
    counting = CountingStream()
    function = emulate(paths.function("search_log"), "search_log.handler", {
        "NARAE_SEARCH_STREAM": STREAM, "NARAE_SEARCH_PSEUDONYM_KEY": "env:KEY", "KEY": KEY,
        "AWS_ENDPOINT_URL": counting.endpoint})
    event = search_input.sqs_event(0, 5_850, random.Random(1)).encode()
    assert LARGEST_EVENT_BYTES - 300_000 < len(event) <= LARGEST_EVENT_BYTES, len(event)
    assert failed(function.invoke(event)) == []
    peak = peak_memory_kib(function.function_pid())
    report.report("search_log peak memory with an event of 6 MB", peak, "KiB")
    assert counting.stop()["records"] > 0
    assert peak < PEAK_MAX_KIB


@pytest.mark.parametrize("name", ["sqs-searches", "url-beacon", "direct-events"])
def test_examples_are_what_the_schema_says(name):
    event = example(name)
    if isinstance(event, list):
        bodies = event
    elif "body" in event:
        bodies = json.loads(event["body"])
    else:
        bodies = [json.loads(line) for record in event["Records"] for line in record["body"].split("\n")]
    for body in bodies:
        schema("search-event").validate(body)


BAD = [{}, {"user_query": 5}, {"user_query": "a", "page": 0}, {"user_query": "a", "took_ms": -1}, {"action_name": "click"},
       {"user_query": "a", "event_id": "a b"}, {"user_query": "a", "filters": {"x": {}}}, {"user_query": "a" * 1025},
       {"user_query": "a", "opt_out": 1}, {"user_query": "a", "query_response_hit_ids": [1.5]},
       {"user_query": "a", "event_attributes": {"position": {"ordinal": -1}}}, {"user_query": "a", "schema_version": 2}]
GOOD = [{"user_query": ""}, {"user_query": "a", "unknown": {"x": [1]}}, {"opt_out": True}, {"user_query": "가" * 1024},
        {"action_name": "view", "timestamp": "2018-11-13T20:20:39", "event_attributes": {"position": {}}},
        {"user_query": "a", "filters": {"x": [1, "b", None, True]}, "query_response_hit_ids": ["a", 7]}]


def test_schema_and_function_agree(search_log, stream):
    function, validator = search_log(), schema("search-event")
    assert [validator.is_valid(event) for event in BAD + GOOD] == [False] * len(BAD) + [True] * len(GOOD)
    assert function.invoke(GOOD).json()["accepted"] == len(GOOD)
    answer = function.invoke(BAD + GOOD[:1]).json()
    assert (answer["refused"], answer["accepted"]) == (len(BAD), 1)
    assert all(secret not in json.dumps(answer) for secret in SECRETS)
