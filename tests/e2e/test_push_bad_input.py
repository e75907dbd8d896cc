"""What comes wrong from outside: one clear line that names field or setting, the right reply, no crash."""

import json

import pytest

from harness import push
from harness.process import free_port

GOOD = push.body("good", {"devices": ["1"]})


@pytest.fixture(autouse=True)
def one_device(database):
    database.add_devices([("17", "reg-alpha")])


def one_complaint(function) -> dict:
    """The one record of WARN or above; there must be no second."""
    function.wait_for_log()
    function.stop()
    complaints = function.complaints()
    assert len(complaints) == 1, complaints
    return complaints[0]


def message(**changes) -> str:
    """A message with some members replaced; a value of None takes the member out."""
    whole = {"id": "p1", "to": {"devices": ["1"]}, "message": {"notification": {"title": "Hi"}}, **changes}
    return json.dumps({k: v for k, v in whole.items() if v is not None})


@pytest.mark.parametrize("bad, words", [
    ("{\"id\": ", ["Records[1].body"]),
    ("", ["Records[1].body"]),
    ("[]", ["Records[1].body", "object"]),
    (message(id=17), ["Records[1].body.id", "string"]),
    (message(id="x" * 65), ["Records[1].body.id", "64"]),
    (message(id=None), ["Records[1].body.id"]),
    (message(to="17"), ["Records[1].body.to", "object"]),
    (message(to={"users": "17"}), ["Records[1].body.to.users", "array"]),
    (message(to={"users": [17]}), ["Records[1].body.to.users[0]", "string"]),
    (message(to={"users": []}), ["Records[1].body.to.users"]),
    (message(to={"devices": []}), ["Records[1].body.to.devices"]),
    (message(to={"devices": ["one"]}), ["Records[1].body.to.devices[0]"]),
    (message(to={"everybody": True}), ["Records[1].body.to", "everybody"]),
    (message(to={}), ["Records[1].body.to", "exactly one"]),
    (message(to={"users": ["17"], "topic": "t"}), ["Records[1].body.to", "exactly one"]),
    (message(to={"topic": "a b"}), ["Records[1].body.to.topic"]),
    (message(message=None), ["Records[1].body.message"]),
    (message(message={"token": "t"}), ["Records[1].body.message.token"]),
    (message(message={"data": {"n": 1}}), ["Records[1].body.message.data.n", "string"]),
    (message(message={"data": {"google.x": "1"}}), ["Records[1].body.message.data", "google.x"]),
    (message(message={"data": {"k": "x" * 5000}}), ["Records[1].body.message", "5001", "4096"]),
    (message(expires_at="tomorrow"), ["Records[1].body.expires_at"]),
    (message(validate_only="yes"), ["Records[1].body.validate_only"]),
    (message(priority="high"), ["Records[1].body", "priority"]),
], ids=["cut off", "empty", "not an object", "id not a string", "id too long", "no id", "to not an object",
        "users not a list", "user not a string", "no users", "no devices", "device not a number", "unknown target",
        "no target", "two targets", "bad topic", "no message", "target in the message", "data not a string",
        "reserved key", "5,000 bytes", "bad time", "bad flag", "unknown member"])
def test_bad_message_fails_alone_and_is_named(push_send, fcm, bad, words):
    function = push_send()

    answer = function.invoke(push.event(GOOD, bad))

    assert answer.json() == push.failures(1)
    assert fcm.targets() == ["reg-alpha"]
    text = json.dumps(one_complaint(function))
    assert [word for word in words if word not in text] == []


@pytest.mark.parametrize("event, words", [
    (b"{", ["Function.InvalidJson"]),
    ({"records": []}, ["Records"]),
    ({"Records": [{"body": "{}"}]}, ["Records[0].messageId"]),
    ({"Records": [{"messageId": "m0"}]}, ["Records[0].body"]),
], ids=["not JSON", "not of SQS", "no messageId", "no body"])
def test_event_that_is_none_is_an_error_of_the_invocation(push_send, event, words):
    """Without ids there is nothing to report as failed: an error makes all messages come back."""
    function = push_send()

    answer = function.invoke(event)

    assert answer.json()["errorType"].startswith("Function.Invalid")
    text = json.dumps([one_complaint(function), answer.json()])
    assert [word for word in words if word not in text] == []


@pytest.mark.parametrize("setting, value, words", [
    ("NARAE_DATABASE", "", []),
    ("NARAE_DATABASE", "env:NOT_THERE", ["env:NOT_THERE"]),
    ("NARAE_DATABASE", "file:/not/there", ["file:/not/there"]),
    ("NARAE_DATABASE", "postgres://u:hunter2@h/d", ["env:NAME"]),
    ("NARAE_DATABASE", "env:NONSENSE", ["PostgreSQL"]),
    ("NARAE_FCM_SERVICE_ACCOUNT", "", []),
    ("NARAE_FCM_SERVICE_ACCOUNT", "file:/not/there", ["file:/not/there"]),
    ("NARAE_FCM_SERVICE_ACCOUNT", "env:NONSENSE", ["JSON"]),
    ("NARAE_FCM_SERVICE_ACCOUNT", "env:EMPTY_ACCOUNT", ["project_id"]),
    ("NARAE_FCM_ENDPOINT", "ftp://fcm", ["https://"]),
], ids=lambda value: str(value)[:30])
def test_bad_setting_is_an_init_error_that_names_it(push_send, setting, value, words):
    function = push_send({"NONSENSE": "hunter2 is not a = secret", "EMPTY_ACCOUNT": "{}", setting: value})

    answer = function.invoke(push.event(GOOD))

    assert answer.status == 502
    assert setting in answer.json()["errorMessage"]
    complaint = one_complaint(function)
    text = json.dumps([complaint, answer.json()])
    assert [word for word in words if word not in text] == []
    assert setting in json.dumps(complaint)
    assert "hunter2" not in text


def fails_whole(function, words) -> None:
    """Nothing could be sent: both messages go back, and one line says why."""
    answer = function.invoke(push.event(GOOD, push.body("other", {"users": ["17"]})))
    pid = function.function_pid()

    assert answer.json() == push.failures(0, 1)
    # The sandbox is still there for the next batch.
    assert pid == function.function_pid()
    text = json.dumps(one_complaint(function))
    assert [word for word in words if word not in text] == []


def test_wrong_database_password(push_send, database, fcm):
    fails_whole(push_send({"DATABASE": database.with_password("wrong")}), ["NARAE_DATABASE", "password"])
    assert fcm.targets() == []


def test_database_down(push_send, fcm):
    port = free_port()
    fails_whole(push_send({"DATABASE": f"host=127.0.0.1 port={port} dbname=narae user=narae password=hunter2"}),
                ["NARAE_DATABASE", f"127.0.0.1:{port}"])
    assert fcm.targets() == []


def test_fcm_unreachable(push_send):
    port = free_port()
    fails_whole(push_send({"NARAE_FCM_ENDPOINT": f"https://127.0.0.1:{port}"}), [f"127.0.0.1:{port}"])


@pytest.mark.parametrize("certificate, words", [
    ("expired", ["certificate has expired"]),
    ("other", ["unable to get local issuer certificate"]),
    ("wronghost", ["mismatch"]),
])
def test_fcm_with_a_bad_certificate(push_send, fcm, certificate, words):
    front = fcm.another_front(certificate)

    fails_whole(push_send({"NARAE_FCM_ENDPOINT": front}), [front.removeprefix("https://"), *words])

    assert fcm.targets() == []


def test_token_endpoint_unreachable(push_send, fcm):
    port = free_port()
    account = fcm.service_account(token_uri=f"https://127.0.0.1:{port}/token")

    fails_whole(push_send({"SERVICE_ACCOUNT": account}), ["NARAE_FCM_SERVICE_ACCOUNT", f"127.0.0.1:{port}"])
