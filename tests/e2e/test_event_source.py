"""The event source mapping of harness/event_source.py by itself, with a function that is a few lines of Python."""

import json
import time

import pytest

from harness.emulator import Answer
from harness.event_source import EventSource, Queue, succeeded

BATCH = [{"MessageId": "a"}, {"MessageId": "b"}]

# The documented table of complete successes, complete failures and partial ones.
RULES = [
    ("no body", 200, b"", "ab"), ("null", 200, b"null", "ab"), ("empty object", 200, b"{}", "ab"),
    ("null list", 200, b'{"batchItemFailures": null}', "ab"), ("empty list", 200, b'{"batchItemFailures": []}', "ab"),
    ("one", 200, b'{"batchItemFailures": [{"itemIdentifier": "a"}]}', "b"),
    ("one twice", 200, b'{"batchItemFailures": [{"itemIdentifier": "a"}, {"itemIdentifier": "a"}]}', "b"),
    ("not JSON", 200, b"Task timed out", ""), ("stranger", 200, b'{"batchItemFailures": [{"itemIdentifier": "c"}]}', ""),
    ("empty id", 200, b'{"batchItemFailures": [{"itemIdentifier": ""}]}', ""),
    ("null id", 200, b'{"batchItemFailures": [{"itemIdentifier": null}]}', ""),
    ("wrong key", 200, b'{"batchItemFailures": [{"itemId": "a"}]}', ""), ("wrong list", 200, b'{"failures": []}', ""),
    ("function error", 200, b'{"errorType": "x", "errorMessage": "y"}', ""), ("crash", 502, b"{}", ""),
]


@pytest.mark.parametrize("status, body, done", [r[1:] for r in RULES], ids=[r[0] for r in RULES])
def test_answer_is_read_by_the_documented_rules(status, body, done):
    assert "".join(m["MessageId"] for m in succeeded(BATCH, status, body)) == done


class Function:
    """invoke() by a callable that says which of the bodies fail."""

    def __init__(self, fails):
        self.fails, self.batches = fails, []

    def invoke(self, event) -> Answer:
        self.batches.append([(r["body"], int(r["attributes"]["ApproximateReceiveCount"])) for r in event["Records"]])
        failed = [r["messageId"] for r in event["Records"] if self.fails(r)]
        return Answer(200, json.dumps({"batchItemFailures": [{"itemIdentifier": i} for i in failed]}).encode())


def test_failed_messages_return_alone_and_become_dead_letters(aws):
    queue = Queue(aws, "q", visibility_s=1, max_receives=2)
    queue.send(["good-1", "bad", "good-2"])
    function = Function(lambda r: r["body"] == "bad")

    assert EventSource(queue, [function]).run() == 0

    seen = [item for batch in function.batches for item in batch]
    assert sorted(seen) == [("bad", 1), ("bad", 2), ("good-1", 1), ("good-2", 1)]
    assert queue.dead() == ["bad"]


def test_batches_are_as_large_as_they_may(aws):
    queue = Queue(aws, "q", visibility_s=30, max_receives=2)
    queue.send([str(n) for n in range(45)])
    function = Function(lambda r: False)

    assert EventSource(queue, [function], batch_size=20).run() == 0

    assert [len(b) for b in function.batches] == [20, 20, 5]


def test_changed_visibility_decides_when_a_message_returns(aws):
    queue = Queue(aws, "q", visibility_s=60, max_receives=9)
    queue.send(["later"])
    sqs, times = aws.client("sqs"), []

    def fails(record) -> bool:
        times.append(time.monotonic())
        if len(times) == 1:
            sqs.change_message_visibility(QueueUrl=queue.url, ReceiptHandle=record["receiptHandle"], VisibilityTimeout=2)
        return len(times) == 1

    assert EventSource(queue, [Function(fails)]).run() == 0

    assert len(times) == 2 and 1.5 <= times[1] - times[0] < 10
