"""push_devices and what push_prune resumes of it: real bootstrap, PostgreSQL, and FCM's stand-in over TLS and HTTP/2."""

import json
import os
import signal
import threading
import urllib.request

import jsonschema
import pytest

from harness import paths, push
from harness.device_messages import register, replace, token
from harness.process import wait_until

TOPIC_STATES = "select d.registration, t.topic, t.state from narae_push.topic t join narae_push.device d using (device_id)" \
    " order by 1, 2"


def outcomes(answer) -> list[str]:
    return [result.get("outcome", "error") for result in answer.json()["results"]]


def topic_calls(fcm) -> list[tuple]:
    """What FCM was asked of topics: method, registration, topic, status."""
    calls = [r for r in fcm.requests() if "/topicSubscriptions" in r["path"]]
    return [(r["method"], *r["path"].partition("/registrations/")[2].split("/topicSubscriptions"), r["status"]) for r in calls]


def ask_fcm(fcm, method: str, registration: str, rest: str) -> dict:
    """As somebody else than the function."""
    request = urllib.request.Request(f"{fcm.plain}/v1/projects/demo/registrations/{registration}/topicSubscriptions{rest}",
                                     method=method, headers={"Authorization": "Bearer tester"})
    with urllib.request.urlopen(request, timeout=10) as reply:
        return json.loads(reply.read())


def subscribed(fcm, registration: str) -> set[str]:
    """FCM's own list."""
    return {s["topic_name"] for s in ask_fcm(fcm, "GET", registration, "?pageSize=2000").get("topic_subscriptions", [])}


@pytest.fixture(autouse=True)
def tester(fcm):
    """A token of the test's own, so that it can ask FCM."""
    fcm.configure(access_tokens=["tester"])


def test_a_registration_is_reached_moves_and_hands_its_topics_on(push_devices, push_send, fcm):
    devices, send = push_devices(), push_send()

    assert outcomes(devices.invoke(register("reg-a", topics=["news", "a-b%20c"]))) == ["registered"]
    assert subscribed(fcm, "reg-a") == {"news", "a-b%20c"}
    assert outcomes(devices.invoke([replace("reg-b", "reg-a")])) == ["replaced"]
    assert subscribed(fcm, "reg-b") == {"news", "a-b%20c"}
    # The rest of the work is the next batch's.
    assert devices.invoke(push.event()).json() == push.failures()
    assert subscribed(fcm, "reg-a") == set()

    assert send.invoke(push.event(push.body("p1", {"users": ["17"]}))).json() == push.failures()
    assert fcm.targets() == ["reg-b"]
    assert outcomes(devices.invoke([register("reg-b", "18")])) == ["moved"]
    send.invoke(push.event(push.body("p2", {"users": ["17"]}), push.body("p3", {"users": ["18"]})))
    assert fcm.targets() == ["reg-b", "reg-b"]
    assert subscribed(fcm, "reg-b") == set(), "the topics were those of who was signed in before"
    assert devices.complaints() == []


def test_sqs_and_direct_take_the_same_messages(push_devices, database):
    function = push_devices()

    answer = function.invoke(push.event(json.dumps(register("reg-a")), "{not json", json.dumps({"action": "refresh"}),
                                        json.dumps(register("reg-b", "18"))))

    assert answer.json() == push.failures(1, 2)
    assert database.rows("select user_id, registration, status from narae_push.device order by 2") == [
        ("17", "reg-a", "active"), ("18", "reg-b", "active")]
    assert outcomes(function.invoke([register("reg-a"), {"action": "refresh"}])) == ["refreshed", "error"]


def test_an_older_message_that_comes_late_changes_nothing(push_devices, database):
    """The time a message was sent is SQS's, when the message has none of its own."""
    function = push_devices()
    events = [push.event(json.dumps(register("reg-a", user))) for user in ("17", "18")]
    for n, event in enumerate(events):
        event["Records"][0]["attributes"]["SentTimestamp"] = str(1790000000000 + n)

    for event in reversed(events):
        assert function.invoke(event).json() == push.failures()

    assert database.rows("select user_id from narae_push.device") == [("18",)]


def test_topics_that_fail_are_resumed_by_push_prune(push_devices, push_prune, database, fcm):
    fcm.configure(topic_mishaps=[{"every": 1, "to": 4, "verdict": "unavailable"}])

    assert outcomes(push_devices().invoke(register("reg-a", topics=["t0", "t1", "t2", "t3"]))) == ["registered"]
    assert [state for _, _, state in database.rows(TOPIC_STATES)] == ["wanted"] * 4
    # FCM wants 10 s before a retry: nobody is quicker.
    assert push_prune().invoke({"tasks": ["topics"]}).json()["topics"]["done"] == 0
    database.run("update narae_push.topic set next_at = now()")

    answer = push_prune().invoke({"tasks": ["topics"]}).json()

    assert answer["topics"]["done"] == 4 and answer["isComplete"]
    assert subscribed(fcm, "reg-a") == {"t0", "t1", "t2", "t3"}
    assert [state for _, _, state in database.rows(TOPIC_STATES)] == ["active"] * 4


def test_topics_of_a_killed_sandbox_are_resumed_when_its_lease_ends(push_devices, push_prune, database, fcm):
    fcm.configure(latency_ms=1500)
    function = push_devices()
    function.invoke(register("warm"))  # the emulator starts the function
    pid = function.function_pid()
    victim = threading.Thread(target=lambda: function.invoke(register("reg-a", topics=["news"])), daemon=True)
    victim.start()
    wait_until(lambda: [r for r in fcm.requests() if r["method"] == "PATCH"] != [] or
               database.rows("select 1 from narae_push.topic where lease_until is not null") != [], "a claimed topic")
    os.kill(pid, signal.SIGKILL)
    victim.join(30)

    assert database.rows("select state, lease_until > now() from narae_push.topic") == [("wanted", "t")]
    assert push_prune().invoke({"tasks": ["topics"]}).json()["topics"]["done"] == 0, "somebody is still at it"
    database.run("update narae_push.topic set lease_until = now()")

    assert push_prune().invoke({"tasks": ["topics"]}).json()["topics"]["done"] == 1
    assert subscribed(fcm, "reg-a") == {"news"}


def test_two_thousand_topics_stay_below_fcms_rate(push_devices, database, fcm):
    """An installation may have so many; asked for 500 calls a second, nobody gets more than 600 in any."""
    fcm.configure(topic_quota=610)  # the test asks, too
    topics = [f"t{n}" for n in range(2000)]
    function = push_devices({"NARAE_TOPIC_RATE": "500"})

    answer = function.invoke(push.event(json.dumps(register("reg-a", topics=topics))))

    assert answer.json() == push.failures()
    assert subscribed(fcm, "reg-a") == set(topics)
    assert {status for *_, status in topic_calls(fcm)} == {200}
    assert len([1 for method, *_ in topic_calls(fcm) if method == "PATCH"]) == 2000
    assert database.rows("select state, count(*) from narae_push.topic group by 1") == [("active", "2000")]


def test_the_older_batch_api_by_a_switch(push_devices, database, fcm):
    fcm.unregister("reg-dead")
    function = push_devices({"NARAE_TOPIC_BACKEND": "iid", "NARAE_IID_ENDPOINT": fcm.endpoint})

    function.invoke(push.event(*[json.dumps(register(f"reg-{n}", topics=["news"])) for n in ("a", "b", "dead")]))

    assert database.rows(TOPIC_STATES) == [("reg-a", "news", "active"), ("reg-b", "news", "active"),
                                           ("reg-dead", "news", "failed")]
    assert len([r for r in fcm.requests() if r["path"].endswith("iid/v1:batchAdd")]) == 1
    assert subscribed(fcm, "reg-a") == subscribed(fcm, "reg-b") == {"news"}
    assert database.rows("select registration, inactive_reason from narae_push.device where status = 'inactive'") == [
        ("reg-dead", "unregistered")]


def test_a_dead_registration_is_found_by_its_topics(push_devices, database, fcm):
    fcm.unregister("reg-dead")

    push_devices().invoke(register("reg-dead", topics=["news"]))

    assert database.rows("select status, inactive_reason from narae_push.device") == [("inactive", "unregistered")]


def test_lists_find_what_fcm_has_lost(push_devices, push_prune, database, fcm):
    push_devices().invoke([register("reg-a", topics=["kept", "lost"])])
    database.run("update narae_push.topic set settled_at = now() - interval '31 days'")
    ask_fcm(fcm, "DELETE", "reg-a", "/lost")

    answer = push_prune().invoke({"tasks": ["topics"]}).json()

    assert (answer["topics"]["compared"], answer["topics"]["different"], answer["topics"]["done"]) == (1, 1, 1)
    assert subscribed(fcm, "reg-a") == {"kept", "lost"}


MESSAGES = [
    register("r"), register("r", None), register("r", topics=["a"]), register("r", installation_id="i", app_id="chat"),
    register("r", at="2026-12-01T09:00:00Z"), {**register("r"), "kind": "fid"},
    {"action": "refresh", **token("r")}, {"action": "unregister", **token("r")}, replace("r", "s"),
    {**replace("r", "s"), "platform": "web", "user": "17"}, {"action": "subscribe", **token("r"), "topics": ["a", "b"]},
    {"action": "unsubscribe", **token("r"), "topics": ["a"]},
    # refused
    {}, {"action": "login", **token("r")}, token("r"), {"action": "refresh"}, {"action": "refresh", "kind": "token"},
    {"action": "refresh", "kind": "apns", "registration": "r"}, {"action": "refresh", "kind": "token", "registration": ""},
    {"action": "refresh", **token("x" * 4097)}, {"action": "register", **token("r")}, {**register("r"), "platform": "tv"},
    {**register("r"), "user": ""}, {**register("r"), "user": "x" * 65}, {**register("r"), "user": 17},
    {**register("r"), "topics": []}, {**register("r"), "topics": ["not ok"]}, {**register("r"), "topics": "a"},
    {**register("r"), "at": 5}, {**register("r"), "replaces": token("s")}, {**register("r"), "more": 1},
    {"action": "refresh", **token("r"), "user": "17"}, {"action": "subscribe", **token("r")},
    {"action": "replace", **token("r")}, {"action": "replace", **token("r"), "replaces": {"kind": "token"}},
    {"action": "subscribe", **token("r"), "topics": ["x" * 901]},
]


def test_the_schema_says_what_the_function_does(push_devices):
    schema = json.loads((paths.ROOT / "functions/push/schema/device-message.schema.json").read_text())
    validator = jsonschema.Draft202012Validator(schema)

    results = push_devices().invoke(MESSAGES).json()["results"]

    assert [validator.is_valid(m) for m in MESSAGES] == ["error" not in r for r in results]
    assert [n for n, r in enumerate(results) if "error" not in r] == list(range(12))


def test_nothing_secret_is_logged(push_devices):
    function = push_devices({"AWS_LAMBDA_LOG_LEVEL": "TRACE"})
    function.invoke(push.event(json.dumps(register("reg-alpha", topics=["news"])), '{"action": "login", "kind": "reg-alpha"}'))
    function.invoke([replace("reg-beta", "reg-alpha"), {"action": "refresh", "kind": "token", "registration": 17}])
    function.wait_for_log()
    function.stop()

    for secret in ["reg-alpha", "reg-beta", "PRIVATE KEY", "Bearer", "assertion", "ya29."]:
        assert secret not in function.text()


@pytest.mark.parametrize("setting, value", [
    ("NARAE_TOPIC_RATE", "0"), ("NARAE_TOPIC_BACKEND", "auto"), ("NARAE_IID_ENDPOINT", "x" * 300),
])
def test_a_bad_setting_is_an_init_error_that_names_it(push_devices, setting, value):
    function = push_devices({setting: value})

    answer = function.invoke(register("reg-a"))
    function.wait_for_log()
    function.stop()

    (complaint,) = function.complaints()  # a report that did not reach Lambda would be a second one
    assert (complaint["message"], complaint["level"]) == ("init failed", "FATAL")
    assert setting in complaint["errorMessage"]
    assert answer.status == 502
    assert setting in answer.json()["errorMessage"]
