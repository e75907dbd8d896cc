"""A queue and the event source mapping that Lambda puts between it and a function.

Is:      what AWS documents of the mapping: batches, visibility, partial batch responses by their exact rules, redelivery; the
         queue's own part (receive counts, dead letters, delays, FIFO groups) is moto's.
Is not:  a scaler: there are as many pollers as sandboxes, one invocation at a time in each.
Beware:  of a FIFO group that comes back whole, moto hands out the last message first; SQS keeps the order.
Source:  Lambda Developer Guide, "Handling errors for an SQS event source" (partial batch responses), November 2026.
"""

import json
import threading
import time
from collections.abc import Callable

IDLE_S = 0.05  # between two looks at an empty queue: a long poll of moto would hold its only lock
RECEIVE_MAX = 10  # of one ReceiveMessage call; Lambda, too, makes several of them for a larger batch


class QueueAt:
    """A queue that is there already, as whoever has the client's keys sees it."""

    def __init__(self, client, url: str):
        self._sqs, self.url = client, url
        self.arn = self._arn(url)

    def send(self, bodies: list[str], groups: list[str] | None = None) -> None:
        """groups: of each message, for a FIFO queue."""
        more = [{"MessageGroupId": group} for group in groups] if groups else [{}] * len(bodies)
        for some in _batched(list(zip(bodies, more, strict=True))):
            answer = self._sqs.send_message_batch(QueueUrl=self.url, Entries=[
                {"Id": str(n), "MessageBody": body, **group} for n, (body, group) in enumerate(some)])
            assert not answer.get("Failed"), answer

    def receive(self, n_max: int) -> list[dict]:
        """Messages as the API gives them."""
        got = []
        while len(got) < n_max:
            some = self._sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=min(RECEIVE_MAX, n_max - len(got)),
                                             AttributeNames=["All"], WaitTimeSeconds=0).get("Messages", [])
            got += some
            if not some:
                break
        return got

    def delete(self, messages: list[dict]) -> None:
        for some in _batched(messages):
            self._sqs.delete_message_batch(QueueUrl=self.url, Entries=[
                {"Id": str(n), "ReceiptHandle": m["ReceiptHandle"]} for n, m in enumerate(some)])

    def left(self) -> int:
        """Messages that are not deleted: visible, in flight, delayed."""
        attributes = self._sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["All"])["Attributes"]
        return sum(int(attributes[f"ApproximateNumberOfMessages{kind}"]) for kind in ("", "NotVisible", "Delayed"))

    def _arn(self, url: str) -> str:
        return self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


class Queue(QueueAt):
    """A new queue and its dead-letter queue."""

    def __init__(self, aws, name: str, visibility_s: int, max_receives: int, is_fifo: bool = False):
        self._sqs = aws.client("sqs")
        more = {"FifoQueue": "true", "ContentBasedDeduplication": "true"} if is_fifo else {}
        suffix = ".fifo" if is_fifo else ""
        self.dead_url = self._sqs.create_queue(QueueName=f"{name}-dead{suffix}", Attributes=more)["QueueUrl"]
        super().__init__(self._sqs, self._sqs.create_queue(QueueName=f"{name}{suffix}", Attributes={
            "VisibilityTimeout": str(visibility_s), **more,
            "RedrivePolicy": json.dumps({"deadLetterTargetArn": self._arn(self.dead_url),
                                         "maxReceiveCount": str(max_receives)})})["QueueUrl"])

    def dead(self) -> list[str]:
        """Bodies of the dead letters."""
        bodies = []
        while got := self._sqs.receive_message(QueueUrl=self.dead_url, MaxNumberOfMessages=RECEIVE_MAX).get("Messages"):
            bodies += [m["Body"] for m in got]
        return bodies


def _batched(items: list):
    return (items[at:at + RECEIVE_MAX] for at in range(0, len(items), RECEIVE_MAX))


def event(messages: list[dict], arn: str) -> dict:
    """The event that Lambda makes of received messages."""
    return {"Records": [{
        "messageId": m["MessageId"], "receiptHandle": m["ReceiptHandle"], "body": m["Body"],
        "attributes": m["Attributes"], "messageAttributes": {}, "md5OfBody": m["MD5OfBody"],
        "eventSource": "aws:sqs", "eventSourceARN": arn, "awsRegion": "us-east-1"} for m in messages]}


def succeeded(messages: list[dict], status: int, body: bytes) -> list[dict]:
    """Which messages of a batch are done with, by the documented rules of ReportBatchItemFailures: an answer that names
    nothing is a complete success, one that cannot be understood or names a stranger is a complete failure."""
    ids = {m["MessageId"] for m in messages}
    try:
        answer = json.loads(body) if body else None
    except ValueError:
        return []
    if status != 200 or (isinstance(answer, dict) and "errorType" in answer):
        return []
    if answer is None or answer == {}:
        return messages
    failures = answer.get("batchItemFailures", "absent") if isinstance(answer, dict) else "absent"
    if failures is None or failures == []:
        return messages
    if not isinstance(failures, list):
        return []
    failed = [f.get("itemIdentifier") if isinstance(f, dict) else None for f in failures]
    if not all(f and f in ids for f in failed):
        return []
    return [m for m in messages if m["MessageId"] not in failed]


class Invocation:
    """One batch on its way through a sandbox; times are wall clock, ms, as the stand-in's journal has them."""

    def __init__(self, sandbox: int, messages: list[dict]):
        self.sandbox = sandbox
        self.bodies = [m["Body"] for m in messages]
        self.receives = [int(m["Attributes"]["ApproximateReceiveCount"]) for m in messages]
        self.began_ms = time.time() * 1000
        self.ended_ms = None
        self.n_done = None
        self.killed_ms = None  # for those who kill
        self.killed_ports = []  # of the connections that the process then had

    def message_ids(self) -> list[str]:
        """Of push messages: each body's own id."""
        return [json.loads(body)["id"] for body in self.bodies]


class EventSource:
    """Pollers, one for each sandbox. A sandbox is anything with invoke(event) -> status and body, as the emulator."""

    def __init__(self, queue: Queue, sandboxes: list, batch_size: int = 10,
                 on_begin: Callable[[object, Invocation], None] = lambda sandbox, invocation: None):
        self.queue, self.sandboxes, self.batch_size, self._on_begin = queue, sandboxes, batch_size, on_begin
        self.invocations: list[Invocation] = []
        self.error = None
        self._stop = threading.Event()

    def run(self, while_running: Callable[["EventSource"], None] = lambda source: None, deadline_s: float = 60) -> int:
        """Poll until the queue is empty or the time is up; while_running is called again and again meanwhile.

        Returns how many messages are left."""
        threads = [threading.Thread(target=self._poll, args=(n,)) for n in range(len(self.sandboxes))]
        end = time.monotonic() + deadline_s
        for thread in threads:
            thread.start()
        try:
            while (left := self.queue.left()) > 0 and not self.error and time.monotonic() < end:
                while_running(self)
                time.sleep(IDLE_S)
        finally:
            self._stop.set()
            for thread in threads:
                thread.join()
        if self.error:
            raise self.error
        return left

    def _poll(self, n: int) -> None:
        try:
            while not self._stop.is_set():
                messages = self.queue.receive(self.batch_size)
                if messages:
                    self._invoke(n, messages)
                else:
                    self._stop.wait(IDLE_S)
        except Exception as error:  # the test's thread raises it
            self.error = error

    def _invoke(self, n: int, messages: list[dict]) -> None:
        invocation = Invocation(n, messages)
        self.invocations.append(invocation)
        self._on_begin(self.sandboxes[n], invocation)
        answer = self.sandboxes[n].invoke(event(messages, self.queue.arn))
        invocation.ended_ms = time.time() * 1000
        done = succeeded(messages, answer.status, answer.body)
        invocation.n_done = len(done)
        self.queue.delete(done)
