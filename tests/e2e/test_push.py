"""push_send from the SQS event to the database row, on real parts: bootstrap, PostgreSQL, TLS and HTTP/2."""

import json
import time

import pytest

from harness import logs, pki, push
from harness.process import cpu_us, peak_memory_kib
from harness.report import report

USERS = [("17", "reg-alpha"), ("17", "reg-dead"), ("18", "reg-beta")]


@pytest.fixture
def three_devices(database, fcm):
    """User 17 has devices 1 and 2, user 18 has 3; FCM no longer knows 2."""
    database.add_devices(USERS)
    fcm.unregister("reg-dead")


def test_three_messages_one_malformed(push_send, database, fcm, three_devices):
    answer = push_send().invoke(push.event(
        push.body("p1", {"users": ["17", "18"]}), "{not json", push.body("p3", {"devices": ["3"]})))

    assert answer.json() == push.failures(1)
    assert sorted(fcm.targets()) == ["reg-alpha", "reg-beta", "reg-beta", "reg-dead"]
    assert database.rows("select device_id, status, inactive_reason, inactive_at is not null"
                         " from narae_push.device order by 1") == [
        ("1", "active", "", "f"), ("2", "inactive", "unregistered", "t"), ("3", "active", "", "f")]


def test_a_dead_device_is_not_asked_for_again(push_send, fcm, three_devices):
    function = push_send()
    function.invoke(push.event(push.body("p1", {"users": ["17"]})))

    answer = function.invoke(push.event(push.body("p2", {"users": ["17"]})))

    assert answer.json() == push.failures()
    assert sorted(fcm.targets()) == ["reg-alpha", "reg-alpha", "reg-dead"]


def test_a_message_that_comes_again_is_not_sent_again(push_send, database, fcm, three_devices):
    """By the same sandbox, and by another one; the trail says what became of each device."""
    message = push.event(push.body("p1", {"users": ["17", "18"]}))
    function = push_send()

    assert function.invoke(message).json() == push.failures()
    assert function.invoke(message).json() == push.failures()
    assert push_send().invoke(message).json() == push.failures()

    assert sorted(fcm.targets()) == ["reg-alpha", "reg-beta", "reg-dead"]
    assert database.rows("select device_id, state, verdict, attempts, device_status from narae_push.trail"
                         " where message_id = 'p1' order by 1") == [
        ("1", "sent", "sent", "1", "active"), ("2", "skipped", "unregistered", "1", "inactive"),
        ("3", "sent", "sent", "1", "active")]


def test_what_failed_comes_back_when_it_should(push_send, fcm, sqs, three_devices):
    """FCM cannot be reached: soon. The message is malformed: at once, on its way to the dead-letter queue."""
    answer = push_send({"NARAE_FCM_ENDPOINT": "https://127.0.0.1:1"}).invoke(push.event(
        push.body("p1", {"users": ["17"]}), "{not json"))

    assert answer.json() == push.failures(0, 1)
    assert 10 <= sqs.delays["handle-0"] <= 16
    assert sqs.delays["handle-1"] == 0


def test_poison_is_parked_with_its_reason(push_send, database, fcm):
    answer = push_send({"NARAE_PUSH_POISON": "park"}).invoke(push.event(
        "{not json", push.body("p2", {"users": ["17"]}, {"data": {"n": 1}})))

    assert answer.json() == push.failures()
    assert database.rows("select sqs_message_id, body, reason from narae_push.parked order by 1")[1][2] == (
        "Records[1].body.message.data.n: must be a string, as all values of data")


def test_a_new_key_of_the_service_account_is_read_when_google_refuses_the_old_one(push_send, fcm, tmp_path, three_devices):
    key = tmp_path / "account.json"
    key.write_text(fcm.service_account(private_key=pki.rsa_key_pem()[0]))
    function = push_send({"NARAE_FCM_SERVICE_ACCOUNT": f"file:{key}"})
    assert function.invoke(push.event(push.body("p1", {"users": ["18"]}))).json() == push.failures(0)

    key.write_text(fcm.service_account())

    assert function.invoke(push.event(push.body("p2", {"users": ["18"]}))).json() == push.failures()
    assert fcm.targets() == ["reg-beta"]


def test_access_token_and_connection_serve_many_invocations(push_send, fcm, three_devices):
    function = push_send()

    for n in range(5):
        assert function.invoke(push.event(push.body(f"p{n}", {"devices": ["1"]}))).json() == push.failures()

    assert fcm.n_tokens() == 1
    assert len(fcm.connections()) == 1
    assert len(fcm.targets()) == 5


def test_message_reaches_fcm_as_it_was(push_send, fcm, three_devices):
    message = {"notification": {"title": "나래 \"quoted\"", "body": "line\nbreak"}, "data": {"k": "v"},
               "android": {"priority": "HIGH"}, "not_yet_known": {"of": ["FCM"]}}
    fcm.takes_unknown_fields = True

    push_send().invoke(push.event(push.body("p1", {"devices": ["1"]}, message)))

    (sent,) = fcm.sends()
    got = dict(sent["body"]["message"])
    assert got.pop("token") == "reg-alpha"
    for part, value in message.items():
        if part != "android":
            assert got[part] == value
    assert got["android"]["priority"] == "HIGH"
    assert sent["body"].get("validate_only", False) is False


@pytest.mark.parametrize("to, target", [
    ({"topic": "news"}, {"topic": "news"}),
    ({"condition": "'a' in topics && !('b' in topics)"}, {"condition": "'a' in topics && !('b' in topics)"}),
], ids=["topic", "condition"])
def test_topic_and_condition_are_one_send(push_send, fcm, three_devices, to, target):
    answer = push_send().invoke(push.event(push.body("p1", to)))

    assert answer.json() == push.failures()
    (sent,) = fcm.sends()
    assert {k: sent["body"]["message"].get(k) for k in target} == target
    assert "token" not in sent["body"]["message"]


def test_validate_only_and_expiry(push_send, fcm, three_devices):
    answer = push_send().invoke(push.event(
        push.body("p1", {"devices": ["1"]}, validate_only=True),
        push.body("p2", {"devices": ["3"]}, expires_at="2020-01-01T00:00:00Z")))

    assert answer.json() == push.failures()
    (sent,) = fcm.sends()
    assert sent["body"]["message"]["token"] == "reg-alpha"
    assert sent["body"]["validate_only"] is True


def test_nothing_secret_is_logged(push_send, fcm, three_devices):
    function = push_send({"AWS_LAMBDA_LOG_LEVEL": "TRACE"})
    function.invoke(push.event(push.body("p1", {"users": ["17", "18"]}, {"notification": {"title": "very private"}}),
                               push.body("p2", {"users": ["17"]}, {"data": {"a": 1, "b": "quite private"}})))
    function.wait_for_log()
    function.stop()

    for secret in ["reg-alpha", "reg-dead", "reg-beta", "private", "PRIVATE KEY", "Bearer", "assertion", "ya29."]:
        assert secret not in function.text()


def test_ten_thousand_pushes_reach_every_device_once(push_send, database, fcm):
    n_messages, n_each = 20, 500
    tokens = [f"reg-{n:05}" for n in range(n_messages * n_each)]
    database.add_devices([("somebody", token) for token in tokens])
    function = push_send(timeout_s=60)
    # Start-up, token and connections are not what is measured.
    assert function.invoke(push.event(push.body("warm", {"topic": "warm"}))).json() == push.failures()
    pid = function.function_pid()
    bodies = [push.body(f"p{n}", {"devices": [str(1 + n * n_each + i) for i in range(n_each)]})
              for n in range(n_messages)]

    cpu, start = cpu_us(pid), time.monotonic()
    answer = function.invoke(push.event(*bodies))
    cpu, took = (cpu_us(pid) - cpu) / 1e6, time.monotonic() - start

    assert answer.json() == push.failures()
    targets = fcm.targets()
    targets.remove("warm")
    assert len(targets) == len(tokens) and sorted(targets) == tokens
    assert 1 <= len(fcm.connections()) <= 10
    assert function.complaints() == []
    report("10,000 pushes: per CPU-second of the function's process", round(len(tokens) / cpu), "1/s")
    report("10,000 pushes: CPU of the function's process", round(cpu, 3), "s")
    report("10,000 pushes: duration of the invocation", round(took, 3), "s")
    report("10,000 pushes: connections to FCM", len(fcm.connections()), "")
    report("10,000 pushes: peak memory of the function's process", peak_memory_kib(pid), "KiB")


def test_secrets_by_arn(push_send, aws, database, fcm, three_devices):
    """Signature, session token and action are checked; moto does not look at the policy's resources."""
    arns = [aws.secret("db", database.conninfo), aws.secret("fcm", fcm.service_account())]
    keys = aws.role_keys([{"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "*"}])
    aws.lock()

    answer = push_send({"NARAE_DATABASE": arns[0], "NARAE_FCM_SERVICE_ACCOUNT": arns[1],
                        "AWS_ENDPOINT_URL": aws.endpoint, **keys}).invoke(
        push.event(push.body("p1", {"devices": ["1"]})))

    assert answer.json() == push.failures()
    assert fcm.targets() == ["reg-alpha"]


def test_secret_by_arn_with_a_wrong_signature_is_refused(push_send, aws, database, fcm):
    arn = aws.secret("db", database.conninfo)
    keys = aws.role_keys([{"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "*"}])
    aws.lock()
    function = push_send({"NARAE_DATABASE": arn, "AWS_ENDPOINT_URL": aws.endpoint,
                          **keys, "AWS_SECRET_ACCESS_KEY": "wrong"})

    answer = function.invoke(push.event(push.body("p1", {"devices": ["1"]})))

    text = json.dumps([answer.body.decode(), logs.complaints(function.text())])
    assert "NARAE_DATABASE" in text and "SignatureDoesNotMatch" in text
    assert fcm.targets() == []
