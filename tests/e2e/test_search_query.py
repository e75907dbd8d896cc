"""search_query, packaged, under the emulator: a real database, and moto's SQS that checks signatures and policies."""

import json

import jsonschema
import pytest

from harness import logs, paths
from harness.database import Database

EVENTS = paths.ROOT / "tests" / "events" / "search_query"
SCHEMAS = paths.ROOT / "functions" / "search" / "schema"
KEY = "hush-hush-hush-hush-hush-hush-hush"


def schema(name: str) -> dict:
    return json.loads((SCHEMAS / f"{name}.schema.json").read_text())


def event(name: str) -> dict:
    return json.loads((EVENTS / f"{name}.json").read_text())


@pytest.fixture
def people(database: Database) -> Database:
    database.run((paths.ROOT / "functions" / "search" / "schema.sql").read_text())
    database.run("insert into narae_search.person (user_id, nickname) values ('1', '김철수'), ('2', '이김철'), ('3', '강찬성');"
                 "insert into narae_search.post (post_id, title) values ('1', '김철 인터뷰')")
    return database


@pytest.fixture
def queue(aws):
    return aws.client("sqs").create_queue(QueueName="searches")["QueueUrl"]


@pytest.fixture
def search_query(emulate, people, aws, queue):
    """search_query(changed settings) -> Emulator, with a role that may send to the queue and nothing else."""

    def start(settings: dict | None = None):
        keys = aws.role_keys([{"Sid": "SendEvents", "Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}])
        aws.lock()
        return emulate(paths.function("search_query"), "search_query.handler", {
            "NARAE_DATABASE": "env:DATABASE",
            "DATABASE": people.conninfo,
            "NARAE_SEARCH_CURSOR_KEY": "env:CURSOR_KEY",
            "CURSOR_KEY": KEY,
            "NARAE_SEARCH_EVENTS_QUEUE": queue,
            "NARAE_SEARCH_EVENTS_TIMEOUT_MS": "5000",  # moto is no quick queue
            "AWS_ENDPOINT_URL_SQS": aws.endpoint,
            **keys, **(settings or {}),
        })

    return start


def sent(aws, queue) -> list[dict]:
    """What search_log will get."""
    found = []
    aws.unlock()
    client = aws.client("sqs")
    while messages := client.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
        found += [json.loads(m["Body"]) for m in messages]
    return found


def found(answer: dict) -> list[tuple[str, str]]:
    return [(r["type"], r["id"]) for r in answer["results"]]


@pytest.mark.parametrize("name", ["direct-search", "direct-mention", "direct-initials"])
def test_example_events_are_what_the_schema_says(name):
    jsonschema.validate(event(name), schema("search-query"))


def test_direct_and_http_searches_find_the_same(search_query):
    function = search_query()

    direct = function.invoke(event("direct-search")).json()
    response = function.invoke(event("http-api-search")).json()

    assert found(direct) == [("post", "1"), ("person", "1"), ("person", "2")]  # of two beginnings, the later one first
    assert (response["statusCode"], found(json.loads(response["body"]))) == (200, found(direct))


def test_mentions_and_first_consonants(search_query):
    function = search_query()

    assert found(function.invoke(event("direct-mention")).json()) == [("person", "1")]
    assert found(function.invoke(event("direct-initials")).json()) == [("person", "3"), ("person", "1")]


def test_each_search_is_an_event_that_search_log_takes(search_query, aws, queue):
    function = search_query()
    answers = [function.invoke(event("direct-search")).json(), function.invoke({"q": "없는 사람"}).json()]
    function.invoke(event("direct-search") | {"opt_out": True})
    function.invoke({"q": ""})
    function.wait_for_log()

    events = sent(aws, queue)

    assert len(events) == 2
    for reported in events:
        jsonschema.validate(reported, schema("search-event"))
        (answer,) = [a for a in answers if a["query_id"] == reported["query_id"]]
        assert reported["result_count"] == answer["result_count"] == len(answer["results"])
        assert reported["took_ms"] == answer["took_ms"]
    assert sorted(e["result_count"] for e in events) == [0, 3]


def test_a_queue_that_refuses_costs_no_answer(search_query):
    function = search_query({"NARAE_SEARCH_EVENTS_QUEUE": "http://127.0.0.1/123456789012/elsewhere"})

    assert len(found(function.invoke(event("direct-search")).json())) == 3
    function.wait_for_log()

    (complaint,) = function.complaints()
    assert (complaint["level"], complaint["message"]) == ("WARN", "search events are lost")


def test_log_has_neither_queries_nor_secrets(search_query):
    function = search_query({"AWS_LAMBDA_LOG_LEVEL": "DEBUG"})
    function.invoke(event("direct-search"))
    function.invoke({"q": "김철", "cursor": "A" * 56})
    function.wait_for_log()

    text = function.text()
    assert logs.records(text)
    for secret in ("김철", KEY, "5f0c"):
        assert secret not in text
