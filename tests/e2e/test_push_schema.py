"""What push_send sends, judged by Google: its published schema, and its Admin SDK given the same messages."""

import copy
import datetime
import json

import firebase_admin
import pytest
from firebase_admin import credentials, messaging
from google.auth.credentials import Credentials as TokenCredentials

from harness import fcm_schema, pki, push

# Most of the world still has tokens.
pytestmark = pytest.mark.filterwarnings("ignore:Message.token is deprecated:DeprecationWarning")

M = messaging


class _GoodToken(TokenCredentials):
    """Always valid; the stand-in takes it."""

    def __init__(self):
        super().__init__()
        self.token = "good"

    def refresh(self, request):
        raise AssertionError("a fixed token needs no refresh")


class _Credential(credentials.Base):
    def get_credential(self):
        return _GoodToken()


def _android(**fields):
    return M.AndroidConfig(**fields)


def _alert(**fields):
    return M.APNSConfig(payload=M.APNSPayload(aps=M.Aps(**fields)))


HOUR = datetime.timedelta(hours=1)

# (what it is about, what a user of the SDK writes, what a user of ours writes)
SAME = [
    ("notification", dict(notification=M.Notification(title="Hi", body="there")),
     {"notification": {"title": "Hi", "body": "there"}}),
    ("image", dict(notification=M.Notification(title="Hi", image="https://example.com/a.png")),
     {"notification": {"title": "Hi", "image": "https://example.com/a.png"}}),
    ("hangul and emoji", dict(notification=M.Notification(title="나래", body="🪽 \"quoted\"\n\\")),
     {"notification": {"title": "나래", "body": "🪽 \"quoted\"\n\\"}}),
    ("data only", dict(data={"k1": "v1", "k2": "v2"}), {"data": {"k1": "v1", "k2": "v2"}}),
    ("notification and data", dict(notification=M.Notification(title="a"), data={"post": "981"}),
     {"notification": {"title": "a"}, "data": {"post": "981"}}),
    ("analytics label", dict(fcm_options=M.FCMOptions(analytics_label="spring")),
     {"fcm_options": {"analytics_label": "spring"}}),
    ("android priority", dict(android=_android(priority="high")), {"android": {"priority": "high"}}),
    ("android ttl", dict(android=_android(ttl=HOUR)), {"android": {"ttl": "3600s"}}),
    ("android ttl with a fraction", dict(android=_android(ttl=datetime.timedelta(milliseconds=3500))),
     {"android": {"ttl": "3.500000000s"}}),
    ("android collapse key and package", dict(android=_android(collapse_key="k", restricted_package_name="app")),
     {"android": {"collapse_key": "k", "restricted_package_name": "app"}}),
    ("android data", dict(android=_android(data={"a": "b"})), {"android": {"data": {"a": "b"}}}),
    ("android direct boot", dict(android=_android(direct_boot_ok=True)), {"android": {"direct_boot_ok": True}}),
    ("android options", dict(android=_android(fcm_options=M.AndroidFCMOptions(analytics_label="x"))),
     {"android": {"fcm_options": {"analytics_label": "x"}}}),
    ("android notification", dict(android=_android(notification=M.AndroidNotification(
        title="t", body="b", icon="i", color="#112233", sound="default", tag="mine", click_action="OPEN"))),
     {"android": {"notification": {"title": "t", "body": "b", "icon": "i", "color": "#112233", "sound": "default",
                                   "tag": "mine", "click_action": "OPEN"}}}),
    ("android localised", dict(android=_android(notification=M.AndroidNotification(
        body_loc_key="b", body_loc_args=["1"], title_loc_key="t", title_loc_args=["2", "3"], channel_id="c"))),
     {"android": {"notification": {"body_loc_key": "b", "body_loc_args": ["1"], "title_loc_key": "t",
                                   "title_loc_args": ["2", "3"], "channel_id": "c"}}}),
    ("android lights and vibration", dict(android=_android(notification=M.AndroidNotification(
        vibrate_timings_millis=[100, 250], light_settings=M.LightSettings(
            color="#336699", light_on_duration_millis=200, light_off_duration_millis=300)))),
     {"android": {"notification": {
         "vibrate_timings": ["0.100000000s", "0.250000000s"],
         "light_settings": {"color": {"red": 0.2, "green": 0.4, "blue": 0.6, "alpha": 1.0},
                            "light_on_duration": "0.200000000s", "light_off_duration": "0.300000000s"}}}}),
    ("android priority and visibility", dict(android=_android(notification=M.AndroidNotification(
        priority="max", visibility="public", notification_count=3, sticky=True, local_only=False, ticker="t"))),
     {"android": {"notification": {"notification_priority": "PRIORITY_MAX", "visibility": "PUBLIC",
                                   "notification_count": 3, "sticky": True, "local_only": False, "ticker": "t"}}}),
    ("android proxy", dict(android=_android(notification=M.AndroidNotification(proxy="if_priority_lowered"))),
     {"android": {"notification": {"proxy": "IF_PRIORITY_LOWERED"}}}),
    ("apns headers", dict(apns=M.APNSConfig(headers={"apns-priority": "5", "apns-expiration": "1790000000"})),
     {"apns": {"headers": {"apns-priority": "5", "apns-expiration": "1790000000"}}}),
    ("apns collapse id of its own", dict(apns=M.APNSConfig(headers={"apns-collapse-id": "mine"})),
     {"apns": {"headers": {"apns-collapse-id": "mine"}}}),
    ("apns alert", dict(apns=_alert(alert=M.ApsAlert(title="t", subtitle="s", body="b"), badge=7, sound="ping.aiff")),
     {"apns": {"payload": {"aps": {"alert": {"title": "t", "subtitle": "s", "body": "b"}, "badge": 7,
                                   "sound": "ping.aiff"}}}}),
    ("apns localised", dict(apns=_alert(alert=M.ApsAlert(loc_key="l", loc_args=["1"], title_loc_key="t",
                                                         title_loc_args=["2"], launch_image="i"))),
     {"apns": {"payload": {"aps": {"alert": {"loc-key": "l", "loc-args": ["1"], "title-loc-key": "t",
                                             "title-loc-args": ["2"], "launch-image": "i"}}}}}),
    ("apns background", dict(apns=_alert(content_available=True, category="c", thread_id="th")),
     {"apns": {"payload": {"aps": {"content-available": 1, "category": "c", "thread-id": "th"}}}}),
    ("apns critical sound", dict(apns=_alert(sound=M.CriticalSound("alarm", critical=True, volume=0.5))),
     {"apns": {"payload": {"aps": {"sound": {"name": "alarm", "critical": 1, "volume": 0.5}}}}}),
    ("apns mutable content and own keys", dict(apns=M.APNSConfig(payload=M.APNSPayload(
        aps=M.Aps(mutable_content=True), post={"id": 17}))),
     {"apns": {"payload": {"aps": {"mutable-content": 1}, "post": {"id": 17}}}}),
    ("apns options", dict(apns=M.APNSConfig(fcm_options=M.APNSFCMOptions(
        analytics_label="x", image="https://example.com/i.png"))),
     {"apns": {"fcm_options": {"analytics_label": "x", "image": "https://example.com/i.png"}}}),
    ("apns live activity", dict(apns=M.APNSConfig(live_activity_token="la")), {"apns": {"live_activity_token": "la"}}),
    ("web notification", dict(webpush=M.WebpushConfig(headers={"TTL": "60"}, data={"a": "b"},
        notification=M.WebpushNotification(title="t", body="b", icon="i", tag="mine", renotify=True, vibrate=[1, 2]))),
     {"webpush": {"headers": {"TTL": "60"}, "data": {"a": "b"},
                  "notification": {"title": "t", "body": "b", "icon": "i", "tag": "mine", "renotify": True,
                                   "vibrate": [1, 2]}}}),
    ("web actions", dict(webpush=M.WebpushConfig(notification=M.WebpushNotification(
        title="t", actions=[M.WebpushNotificationAction("reply", "Reply", icon="r")], direction="auto"))),
     {"webpush": {"notification": {"title": "t", "actions": [{"action": "reply", "title": "Reply", "icon": "r"}],
                                   "dir": "auto"}}}),
    ("web link", dict(webpush=M.WebpushConfig(fcm_options=M.WebpushFCMOptions(link="https://example.com/p/981"))),
     {"webpush": {"fcm_options": {"link": "https://example.com/p/981"}}}),
    ("all platforms", dict(notification=M.Notification(title="a"), android=_android(priority="normal"),
                           apns=_alert(badge=0), webpush=M.WebpushConfig(headers={"Urgency": "high"})),
     {"notification": {"title": "a"}, "android": {"priority": "normal"}, "apns": {"payload": {"aps": {"badge": 0}}},
      "webpush": {"headers": {"Urgency": "high"}}}),
]

# Where push_send puts the message's id so that a second copy replaces the first; the SDK has nothing of the kind.
COLLAPSE_KEYS = [("android", "notification", "tag"), ("apns", "headers", "apns-collapse-id"),
                 ("webpush", "notification", "tag")]


def without_collapse_keys(body: dict, id: str) -> dict:
    """The body before the id was put in: a caller's own keys stay."""
    body = copy.deepcopy(body)
    for *way, name in COLLAPSE_KEYS:
        objects = [body["message"]]
        for part in way:
            objects.append(objects[-1].get(part, {}))
        if objects[-1].get(name) != id:
            continue
        del objects[-1][name]
        for holder, part in reversed(list(zip(objects, way))):
            if holder[part] == {}:
                del holder[part]
    return body


@pytest.fixture
def send_by_sdk(fcm, monkeypatch):
    """send_by_sdk(messages): firebase-admin, pointed at the stand-in."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(pki.root()))
    app = firebase_admin.initialize_app(_Credential(), {"projectId": "demo"}, name="differential")
    service = messaging._get_messaging_service(app)
    service._fcm_url = f"{fcm.endpoint}/v1/projects/demo/messages:send"

    def send(messages: list, dry_run: bool = False):
        answers = messaging.send_each(messages, dry_run=dry_run, app=app)
        assert [a.exception for a in answers.responses] == [None] * len(messages)

    yield send
    firebase_admin.delete_app(app)


def bodies(fcm) -> dict:
    """target -> body of the last send to it."""
    return {send["target"]: send["body"] for send in fcm.sends()}


@pytest.fixture
def fcm(fcm):
    fcm.configure(access_tokens=["good"])
    return fcm


def test_bodies_equal_what_the_admin_sdk_sends(push_send, database, fcm, send_by_sdk):
    assert len(SAME) >= 30
    database.add_devices([("u", f"reg-{n}") for n in range(len(SAME))])
    send_by_sdk([M.Message(token=f"reg-{n}", **fields) for n, (_, fields, _) in enumerate(SAME)])
    theirs = bodies(fcm)
    fcm.control("reset")

    answer = push_send().invoke(push.event(*[
        push.body(f"id-{n}", {"devices": [str(n + 1)]}, ours) for n, (_, _, ours) in enumerate(SAME)]))

    assert answer.json() == push.failures()
    sent = bodies(fcm)
    assert len(sent) == len(SAME)
    for n, (about, _, _) in enumerate(SAME):
        ours = without_collapse_keys(sent[f"reg-{n}"], f"id-{n}")
        ours.setdefault("validate_only", False)
        theirs[f"reg-{n}"].setdefault("validate_only", False)
        assert ours == theirs[f"reg-{n}"], about


@pytest.mark.parametrize("to, target", [
    ({"topic": "news"}, {"topic": "news"}),
    ({"condition": "'a' in topics && 'b' in topics"}, {"condition": "'a' in topics && 'b' in topics"}),
], ids=["topic", "condition"])
def test_targets_and_dry_run_equal_the_admin_sdks(push_send, fcm, send_by_sdk, to, target):
    send_by_sdk([M.Message(data={"a": "b"}, **target)], dry_run=True)
    theirs = bodies(fcm)
    fcm.control("reset")

    push_send().invoke(push.event(push.body("id", to, {"data": {"a": "b"}}, validate_only=True)))

    ours = {k: without_collapse_keys(v, "id") for k, v in bodies(fcm).items()}
    assert ours == theirs


def test_fids_go_where_the_admin_sdk_puts_them(push_send, database, fcm, send_by_sdk):
    database.run("insert into narae_push.device (user_id, kind, platform, registration, registration_hash) "
                 "values ('u', 'fid', 'android', 'an-fid', sha256('an-fid'))")
    send_by_sdk([M.Message(fid="an-fid", data={"a": "b"})])
    theirs = bodies(fcm)
    fcm.control("reset")

    push_send().invoke(push.event(push.body("id", {"users": ["u"]}, {"data": {"a": "b"}})))

    (ours,) = bodies(fcm).values()
    assert without_collapse_keys(ours, "id")["message"] == theirs["an-fid"]["message"]


def test_headers_ask_for_details_as_the_admin_sdk_does(push_send, database, fcm, send_by_sdk):
    database.add_devices([("u", "reg")])
    send_by_sdk([M.Message(token="reg")])
    push_send().invoke(push.event(push.body("id", {"users": ["u"]})))

    assert [(r["method"], r["asks_details"]) for r in fcm.sends()] == [("POST", True)] * 2


def test_every_message_is_what_googles_schema_allows(push_send, database, fcm):
    """The fixture looks at every journal; here is one with every field of the cases above."""
    assert fcm_schema.revision() >= "20261023"
    database.add_devices([("u", "reg")])
    push_send().invoke(push.event(*[push.body(f"id-{n}", {"users": ["u"]}, ours) for n, (_, _, ours) in enumerate(SAME)]))

    sends = fcm.sends()
    assert len(sends) == len(SAME)
    assert fcm_schema.complaints_of_all(sends) == []


@pytest.mark.parametrize("message, complaint", [
    ({"token": "a", "notification": {"titel": "x"}}, "'titel' was unexpected"),
    ({"token": "a", "android": {"ttl": "3600"}}, "does not match"),
    ({"token": "a", "android": {"priority": "URGENT"}}, "is not one of"),
    ({"token": "a", "data": {"n": 1}}, "is not of type 'string'"),
])
def test_the_schema_does_refuse(message, complaint):
    (found,) = fcm_schema.complaints({"message": message})

    assert complaint in found
