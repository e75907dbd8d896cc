"""demo.py: an evening in a community app; run by tools/demo.sh beside a temporary PostgreSQL.

Five devices are registered; mentions and replies are pushed; a message comes twice; a phone has expired; another one is replaced
and takes its topics along. Exit 0 only if everything came out as expected."""

import json
import sys
import tempfile
from pathlib import Path

from demo_parts import STARTS, Checks, Fcm, Parts, Run, cold_start_ms, journal, keep_result, psql, push_environment, table

REGISTRATIONS = [
    {"registration": "phone-of-17", "user": "17", "platform": "android"},
    {"registration": "tablet-of-17", "user": "17", "platform": "android"},
    {"registration": "lost-phone-of-18", "user": "18", "platform": "ios"},
    {"registration": "old-phone-of-18", "user": "18", "platform": "android", "topics": ["post-981", "post-977"]},
    {"registration": "browser-of-19", "user": "19", "platform": "web", "topics": ["post-981"]},
]
EXPIRED = "lost-phone-of-18"
REPLACEMENT = {"action": "replace", "kind": "token", "registration": "new-phone-of-18",
               "replaces": {"kind": "token", "registration": "old-phone-of-18"}}

MENTION = {"id": "mention-1", "to": {"users": ["17"]},
           "message": {"notification": {"title": "Jun mentioned you"}, "data": {"post": "981"}}}
REPLY = {"id": "reply-2", "to": {"users": ["18", "19"]},
         "message": {"notification": {"title": "Mina replied", "body": "See you there!"}}}
BROKEN = {"id": "broken", "to": {"users": [17]}, "message": {}}
FOLLOWERS = {"id": "followers-3", "to": {"topic": "post-981"}, "message": {"notification": {"title": "It is on at eight"}}}
LATER_REPLY = {"id": "reply-4", "to": {"users": ["18"]}, "message": {"notification": {"title": "Mina replied again"}}}

# (message, device, state, verdict): what must have become of each push, however often its message came.
EXPECTED_TRAIL = [
    ["followers-3", "topic:post-981", "sent", "sent"],
    ["mention-1", "phone-of-17", "sent", "sent"], ["mention-1", "tablet-of-17", "sent", "sent"],
    ["reply-2", "browser-of-19", "sent", "sent"], ["reply-2", EXPIRED, "skipped", "unregistered"],
    ["reply-2", "old-phone-of-18", "sent", "sent"],
    ["reply-4", "new-phone-of-18", "sent", "sent"],
]
TRAIL = ["message", "to", "state", "verdict", "attempts", "ms from claim to verdict"]
EXPECTED_INACTIVE = [[EXPIRED, "inactive", "unregistered"], ["old-phone-of-18", "inactive", "replaced"]]


def sqs_event(messages: list[dict], receives: int = 1) -> dict:
    return {"Records": [{
        "messageId": f"sqs-{m['id']}", "receiptHandle": "r", "body": json.dumps(m), "eventSource": "aws:sqs",
        "attributes": {"ApproximateReceiveCount": str(receives), "SentTimestamp": "1790000000000"},
        "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:push"} for m in messages]}


class Evening:
    """The events, in their order; each run is one sandbox."""

    def __init__(self, parts: Parts):
        self.fcm = Fcm(parts, {EXPIRED: "unregistered"})
        self.send_environment = push_environment("push_send", self.fcm)
        devices = push_environment("push_devices", self.fcm)
        self.registered = Run(parts, devices, [[{"action": "register", "kind": "token", **r} for r in REGISTRATIONS]])
        first = [MENTION, BROKEN, REPLY]
        self.sent = Run(parts, self.send_environment, [sqs_event(first), sqs_event(first, receives=2)])
        # The empty batch stands for the next one: what is left of the topics' work is resumed by it.
        self.replaced = Run(parts, devices, [[REPLACEMENT], {"Records": []}])
        self.sent_later = Run(parts, self.send_environment, [sqs_event([FOLLOWERS, LATER_REPLY])])


def show_registration(evening: Evening, checks: Checks) -> None:
    results = [r for run in (evening.registered, evening.replaced) for r in run.replies()[0]["results"]]
    names = [f"register {r['registration']}" for r in REGISTRATIONS] + ["replace old-phone-of-18 by new-phone-of-18"]
    print("What push_devices answered\n")
    table(["message", "outcome"], [[name, r.get("outcome", r)] for name, r in zip(names, results)])
    checks.expect("outcomes", [r.get("outcome") for r in results], ["registered"] * len(REGISTRATIONS) + ["replaced"])


def show_trail(checks: Checks) -> list[list]:
    """Returns the rows shown, numbers as such."""
    rows = psql("select t.message_id, coalesce(t.target, d.registration), t.state, t.verdict, t.attempts, "
                "round(extract(epoch from t.updated_at - t.first_at) * 1000, 1) "
                "from narae_push.trail t left join narae_push.device d on d.device_id = t.device_id and t.device_id <> 0 "
                "order by 1, 2")
    print("\nWhat became of each push (the view narae_push.trail)\n")
    table(TRAIL, rows)
    checks.expect("trail", [row[:4] for row in rows], EXPECTED_TRAIL)
    checks.expect("attempts", {row[4] for row in rows}, {"1"})
    return [[*row[:4], int(row[4]), float(row[5])] for row in rows]


def show_replies(evening: Evening, checks: Checks) -> None:
    first, again = evening.sent.replies()
    refusals = [r["errorMessage"] for r in evening.sent.log if r.get("message") == "message refused"]
    sends = [r for r in journal(evening.fcm.journal) if r["path"].endswith("messages:send")]
    print(f"\nThe first event's reply to SQS: only the malformed message comes back\n\n  {json.dumps(first)}\n  {refusals[0]}")
    print(f"\nThe same event again, as SQS may deliver it: {len(sends)} sends at FCM in all, none of them twice")
    broken = {"batchItemFailures": [{"itemIdentifier": "sqs-broken"}]}
    checks.expect("replies", [first, again], [broken, broken])
    checks.expect("refusal", refusals[0], "Records[1].body.to.users[0]: must be a string, is a whole number")
    checks.expect("sends at FCM", sorted(r["target"] for r in sends),
                  sorted([r["registration"] for r in REGISTRATIONS] + ["post-981", "new-phone-of-18"]))


def show_registry(evening: Evening, checks: Checks) -> None:
    rows = psql("select registration, user_id, status, coalesce(inactive_reason, '') from narae_push.device order by 2, 1")
    topics = {row[0]: sorted(evening.fcm.topics_of(row[0])) for row in rows if row[0] != EXPIRED}
    print("\nThe device registry afterwards, and FCM's own list of topics\n")
    table(["registration", "of user", "status", "reason", "topics at FCM"],
          [[*row, " ".join(topics.get(row[0], []))] for row in rows])
    checks.expect("inactive devices", [[row[0], *row[2:]] for row in rows if row[2] == "inactive"], EXPECTED_INACTIVE)
    checks.expect("topics of the new phone", topics.get("new-phone-of-18"), ["post-977", "post-981"])
    checks.expect("topics of the old phone", topics.get("old-phone-of-18"), [])


def show_figures(evening: Evening, scratch: Path) -> dict:
    """Returns the figures shown."""
    figures = {"cold_start_ms": round(cold_start_ms(scratch, evening.send_environment), 2),
               "first_event_ms": round(evening.sent.durations_ms[0], 2),
               "next_event_ms": round(evening.sent.durations_ms[1], 2),
               "peak_memory_mib": round(evening.sent.peak_kib / 1024, 1)}
    print("\nFigures of push_send (./build.sh bench measures with care)\n")
    table([f"cold start, median of {STARTS}", "first event, connections and token included", "the same again", "peak memory"],
          [[f"{figures['cold_start_ms']} ms", f"{figures['first_event_ms']} ms", f"{figures['next_event_ms']} ms",
            f"{figures['peak_memory_mib']} MiB"]])
    return figures


def main() -> int:
    checks = Checks()
    with tempfile.TemporaryDirectory(prefix="narae-demo-") as scratch:
        parts = Parts(Path(scratch))
        try:
            evening = Evening(parts)
            print("An evening in a community app, through the packaged bootstrap, libraries and functions, against PostgreSQL\n"
                  "and FCM over HTTP/2 and TLS.\n")
            show_registration(evening, checks)
            show_registry(evening, checks)
        finally:
            parts.stop()
        trail = show_trail(checks)
        show_replies(evening, checks)
        figures = show_figures(evening, parts.scratch)
    keep_result("push", {"header": TRAIL, "trail": trail, "figures": figures}, checks.failed)
    return checks.verdict()


if __name__ == "__main__":
    sys.exit(main())
