"""The FCM stand-in by itself: what it promises in tests/standins/fcm/README.md."""

import email.utils
import json
import time
import urllib.error
import urllib.parse
import urllib.request

import pytest

from harness.fcm import Fcm

SEND = "/v1/projects/demo/messages:send"


class Answer:
    def __init__(self, status: int, headers, body: bytes):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)

    def code(self) -> str | None:
        """FcmError's, the one that decides."""
        details = self.json()["error"].get("details", [])
        return next((d["errorCode"] for d in details if d["@type"].endswith("FcmError")), None)


def call(fcm: Fcm, method: str, path: str, body=None, token="good", **headers) -> Answer:
    request = urllib.request.Request(fcm.plain + path, method=method, headers={
        "Authorization": f"Bearer {token}", "Content-Type": "application/json", **headers},
        data=None if body is None else json.dumps(body).encode())
    try:
        with urllib.request.urlopen(request, timeout=20) as reply:
            return Answer(reply.status, reply.headers, reply.read())
    except urllib.error.HTTPError as refused:
        return Answer(refused.code, refused.headers, refused.read())


def send(fcm: Fcm, target="a", **message) -> Answer:
    return call(fcm, "POST", SEND, {"message": {"token": target, **message}})


# --- scripts, time, luck -------------------------------------------------------------------------------------------


def test_script_holds_for_so_many_sends_or_for_so_long(stand_in):
    fcm = stand_in(registrations={"a": [{"verdict": "internal", "times": 2}, {"for_s": 3600}, "unregistered"]})

    assert [send(fcm).status for _ in range(4)] == [500, 500, 200, 200]
    fcm.control("advance?seconds=3601")
    assert send(fcm).code() == "UNREGISTERED"


def test_script_can_change_while_it_runs(stand_in):
    fcm = stand_in()
    assert send(fcm).status == 200

    fcm.script("a", ["sender_id_mismatch", "accepted"])

    assert [send(fcm).status for _ in range(2)] == [403, 200]


def test_retry_after_in_both_forms_follows_the_clock(stand_in):
    fcm = stand_in(clock_skew_s=600, registrations={
        "s": {"verdict": "unavailable", "retry_after_s": 7}, "d": {"verdict": "unavailable", "retry_after_date_s": 90},
        "n": "unavailable"})

    assert send(fcm, "s").headers["Retry-After"] == "7"
    assert send(fcm, "n").headers["Retry-After"] is None
    dated = send(fcm, "d")
    when, date = (email.utils.parsedate_to_datetime(dated.headers[h]).timestamp() for h in ("Retry-After", "Date"))
    assert when - date == 90
    assert 590 <= date - time.time() <= 610


def test_mishaps_meet_a_share_and_the_same_ones_with_the_same_seed(stand_in):
    def statuses(seed: int) -> list[int]:
        fcm = stand_in(seed=seed, mishaps=[{"share": 0.2, "verdict": "unavailable"}])
        return [send(fcm).status for _ in range(200)]

    first, again, other = statuses(1), statuses(1), statuses(2)

    assert first == again != other
    assert 20 <= first.count(503) <= 60 and first.count(200) == 200 - first.count(503)


def test_mishap_every_so_many_within_bounds(stand_in):
    fcm = stand_in(mishaps=[{"every": 3, "from": 4, "to": 9, "verdict": "internal"}])

    assert [send(fcm).status for _ in range(12)] == [200] * 5 + [500] + [200] * 2 + [500] + [200] * 3


def test_latency_delays_every_answer(stand_in):
    fcm = stand_in(latency_ms=40, latency_max_ms=60)
    begin = time.monotonic()

    assert send(fcm).status == 200

    assert time.monotonic() - begin >= 0.04


@pytest.mark.parametrize("wrong, complaint", [
    ({"mishaps": [{"verdict": "internal"}]}, "a mishap has a share"),
    ({"mishaps": [{"share": 0.5, "verdict": "nonsense"}]}, 'unknown verdict "nonsense"'),
    ({"registrations": {"a": {"fault": "nonsense"}}}, 'unknown fault "nonsense"'),
    ({"nonsense": 1}, "nonsense"),
    ({"quota": -1}, "not negative"),
    ({"http2": {"max_concurrent_streams": 0}}, "at least 1"),
])
def test_wrong_configuration_is_named_at_the_start(stand_in, wrong, complaint):
    fcm = stand_in(**wrong)

    with pytest.raises(AssertionError, match=complaint):
        fcm.endpoint


# --- access tokens -------------------------------------------------------------------------------------------------


def test_token_endpoint_follows_its_script(stand_in):
    fcm = stand_in(token_script=[{"error": "invalid_client", "error_description": "The OAuth client was not found.",
                                  "http_status": 401}, {"error": "internal_failure", "http_status": 500}])

    answers = [call(fcm, "POST", "/token", {}) for _ in range(3)]

    assert [a.status for a in answers] == [401, 500, 400]
    assert [a.json()["error"] for a in answers] == ["invalid_client", "internal_failure", "unsupported_grant_type"]


def test_unknown_token_is_refused_without_fcm_error(stand_in):
    refused = call(stand_in(), "POST", SEND, {"message": {"token": "a"}}, token="bad")

    assert (refused.status, refused.code()) == (401, None)
    assert refused.json()["error"]["status"] == "UNAUTHENTICATED"


# --- quota ---------------------------------------------------------------------------------------------------------


def test_quota_refills_whole_and_does_not_charge_429(stand_in):
    fcm = stand_in(quota=5, quota_window_ms=60_000, registrations={"q": "quota", "dead": "unregistered"})

    statuses = [send(fcm, target).status for target in ["q", "q", "a", "dead", "a", "a", "a", "a"]]
    refused = send(fcm)
    fcm.control("advance?seconds=60")

    assert statuses == [429, 429, 200, 404, 200, 200, 200, 429]
    assert refused.code() == "QUOTA_EXCEEDED" and 0 < int(refused.headers["Retry-After"]) <= 60
    assert send(fcm).status == 200


# --- topics --------------------------------------------------------------------------------------------------------


def of(registration: str, topic: str = "", **query) -> str:
    path = f"/v1/projects/demo/registrations/{urllib.parse.quote(registration, safe='')}/topicSubscriptions"
    return path + (f"/{urllib.parse.quote(topic, safe='')}" if topic else "") + ("?" + urllib.parse.urlencode(query) if query else "")


def test_topic_subscription_is_created_once_and_found(stand_in):
    fcm = stand_in()

    made = call(fcm, "POST", of("tok:1/2", topic_name="news"), {})
    again = call(fcm, "POST", of("tok:1/2", topicName="news"), {})
    got = call(fcm, "GET", of("tok:1/2", "news"))

    assert made.status == 200 and made.json()["topic_name"] == "news" and made.json()["create_time"].endswith("Z")
    assert made.json()["name"] == "projects/demo/registrations/tok:1/2/topicSubscriptions/news"
    assert (again.status, again.json()["error"]["status"]) == (409, "ALREADY_EXISTS")
    assert got.json() == made.json()


def test_topic_patch_and_delete_with_and_without_allow_missing(stand_in):
    fcm = stand_in()

    assert call(fcm, "PATCH", of("t", "a"), {}).status == 404
    assert call(fcm, "PATCH", of("t", "a", allow_missing="true"), {}).status == 200
    assert call(fcm, "PATCH", of("t", "a", allowMissing="true"), {}).status == 200
    assert call(fcm, "DELETE", of("t", "a")).json() == {}
    assert call(fcm, "DELETE", of("t", "a")).status == 404
    assert call(fcm, "DELETE", of("t", "a", allow_missing="true")).status == 200
    assert call(fcm, "GET", of("t")).json() == {}


def test_topic_list_comes_in_pages(stand_in):
    fcm = stand_in()
    names = [f"t{n}" for n in range(5)]
    for name in names:
        call(fcm, "POST", of("t", topic_name=name), {})

    pages, token = [], None
    while token != "":
        page = call(fcm, "GET", of("t", pageSize=2, **({"pageToken": token} if token else {}))).json()
        pages.append([s["topic_name"] for s in page["topic_subscriptions"]])
        token = page.get("next_page_token", "")

    assert pages == [names[:2], names[2:4], names[4:]]


def test_topics_in_the_spelling_of_the_discovery_document(stand_in):
    fcm = stand_in(answers_in_camel_case=True)

    assert call(fcm, "POST", of("t", topicName="a"), {}).json()["topicName"] == "a"
    assert call(fcm, "GET", of("t")).json()["topicSubscriptions"][0]["topicName"] == "a"


def test_topic_limits_and_bad_registrations(stand_in):
    fcm = stand_in(topics_max=2, registrations={"dead": "unregistered", "odd": "invalid_argument_token"})

    results = [call(fcm, "POST", of("t", topic_name=name), {}) for name in ("a", "b", "c", "not/a/topic", "x" * 901)]

    assert [r.status for r in results] == [200, 200, 429, 400, 400]
    assert call(fcm, "POST", of("dead", topic_name="a"), {}).code() == "UNREGISTERED"
    assert call(fcm, "POST", of("odd", topic_name="a"), {}).code() == "INVALID_ARGUMENT"


def test_topic_rate_and_mishaps(stand_in):
    fcm = stand_in(topic_quota=3, topic_mishaps=[{"every": 1, "to": 2, "verdict": "unavailable"}])

    statuses = [call(fcm, "PATCH", of("t", "a", allow_missing="true"), {}).status for _ in range(6)]

    assert statuses[:2] == [503, 503]
    # The second may turn over between two calls.
    assert statuses[2:5] == [200, 200, 200] and statuses[5] in (429, 200)
    assert fcm.control("counts")["topic_calls"] == 6


def test_iid_batch_answers_each_registration_in_order(stand_in):
    fcm = stand_in(topics_max=1, registrations={"dead": "unregistered", "odd": "invalid_argument"})
    iid = {"access_token_auth": "true"}
    body = {"to": "/topics/a", "registration_tokens": ["x", "dead", "odd", "y"]}

    added = call(fcm, "POST", "/iid/v1:batchAdd", body, **iid)
    full = call(fcm, "POST", "/iid/v1:batchAdd", {"to": "/topics/b", "registration_tokens": ["x"]}, **iid)
    info = call(fcm, "GET", "/iid/info/x?details=true", **iid)
    removed = call(fcm, "POST", "/iid/v1:batchRemove", body, **iid)

    wanted = [{}, {"error": "NOT_FOUND"}, {"error": "INVALID_ARGUMENT"}, {}]
    assert added.json() == {"results": wanted} == removed.json()
    assert full.json() == {"results": [{"error": "TOO_MANY_TOPICS"}]}
    assert list(info.json()["rel"]["topics"]) == ["a"]
    assert call(fcm, "GET", of("x")).json() == {}


def test_iid_refuses_what_it_must_and_ends_on_its_day(stand_in):
    fcm = stand_in(iid_ends_unix_s=int(time.time()) + 3600)
    iid = {"access_token_auth": "true"}
    good = {"to": "/topics/a", "registration_tokens": ["x"]}

    refused = [call(fcm, "POST", "/iid/v1:batchAdd", body, **headers) for body, headers in [
        (good, {}), ({**good, "to": "a"}, iid), ({**good, "registration_tokens": ["x"] * 1001}, iid)]]
    fcm.control("advance?seconds=3601")
    ended = call(fcm, "POST", "/iid/v1:batchAdd", good, **iid)

    assert [(r.status, isinstance(r.json()["error"], str)) for r in refused] == [(401, True), (400, True), (400, True)]
    assert ended.status == 404 and ended.body.startswith(b"<!DOCTYPE html>")
