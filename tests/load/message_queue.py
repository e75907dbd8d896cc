"""message_queue.py: SQS as it is between a producer and an event source mapping, in this process.

Is:     visibility, receive counts, delays, dead letters, the age of the oldest message; over HTTP what producers and functions
        call (SendMessage, ChangeMessageVisibilityBatch), to the mapping as methods.
Is not: moto's queue, which the end-to-end tests have: that one checks signatures, and takes too few messages a second for a spike.
Source: SQS Developer Guide and API reference, November 2026."""

import asyncio
import hashlib
import heapq
import itertools
import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from http_server import Reply, Request

JSON_TYPE = (("Content-Type", "application/x-amz-json-1.0"),)


@dataclass
class Message:
    id: str
    body: str
    sent_at: float       # monotonic, s; what is due, too
    visible_at: float
    sent_unix_ms: int
    receives: int = 0
    handle: str = ""

    def as_received(self) -> dict:
        """As ReceiveMessage gives it."""
        return {"MessageId": self.id, "ReceiptHandle": self.handle, "Body": self.body, "MD5OfBody": _md5(self.body), "Attributes": {
            "ApproximateReceiveCount": str(self.receives), "SentTimestamp": str(self.sent_unix_ms), "SenderId": "AIDAEXAMPLE",
            "ApproximateFirstReceiveTimestamp": str(self.sent_unix_ms)}}


class Queue:
    def __init__(self, name: str, visibility_s: float, max_receives: int):
        self.name, self.arn = name, f"arn:aws:sqs:us-east-1:123456789012:{name}"
        self.changed = asyncio.Event()  # something may have become visible, or will at another moment
        self.dead: list[str] = []
        self.n_sent = 0
        self.on_deleted: Callable[[str], None] = lambda body: None
        self._visibility_s, self._max_receives = visibility_s, max_receives
        self._messages: dict[str, Message] = {}  # by id, the oldest first
        self._by_handle: dict[str, Message] = {}
        self._visible: list[tuple[float, int, Message]] = []  # a heap; entries whose message has another moment now are void
        self._order = itertools.count()

    def send(self, body: str) -> Message:
        now = time.monotonic()
        message = Message(str(uuid.uuid4()), body, now, now, int(1000 * time.time()))
        self._messages[message.id] = message
        self.n_sent += 1
        self._show(message, now)
        return message

    def receive(self, n_max: int) -> list[Message]:
        got, now = [], time.monotonic()
        while len(got) < n_max and self._visible and self._visible[0][0] <= now:
            at, _, message = heapq.heappop(self._visible)
            if message.visible_at != at or message.id not in self._messages:
                continue
            if message.receives == self._max_receives:
                self.dead.append(self._forget(message).body)
                continue
            got.append(message)
        for message in got:
            self._hand_out(message, now)
        return got

    def delete(self, messages: list[Message]) -> None:
        for message in messages:
            if message.id in self._messages:  # else somebody else had it as well, and was quicker
                self.on_deleted(self._forget(message).body)

    def change_visibility(self, handle: str, seconds: float) -> bool:
        """False: nobody has that handle."""
        message = self._by_handle.get(handle)
        if message:
            self._show(message, time.monotonic() + seconds)
        return message is not None

    def next_visible_in_s(self) -> float | None:
        return max(0.0, self._visible[0][0] - time.monotonic()) if self._visible else None

    def left(self) -> int:
        return len(self._messages)

    def oldest_age_s(self) -> float:
        """Of all that is not deleted; 0 when nothing is there."""
        oldest = next(iter(self._messages.values()), None)
        return time.monotonic() - oldest.sent_at if oldest else 0.0

    def _hand_out(self, message: Message, now: float) -> None:
        self._by_handle.pop(message.handle, None)
        message.receives, message.handle = message.receives + 1, uuid.uuid4().hex
        self._by_handle[message.handle] = message
        self._show(message, now + self._visibility_s)

    def _show(self, message: Message, at: float) -> None:
        message.visible_at = at
        heapq.heappush(self._visible, (at, next(self._order), message))
        self.changed.set()

    def _forget(self, message: Message) -> Message:
        self._by_handle.pop(message.handle, None)
        return self._messages.pop(message.id)


class Sqs:
    """The API of some queues."""

    def __init__(self, queues: list[Queue]):
        self._queues = {queue.name: queue for queue in queues}

    async def answer(self, request: Request) -> Reply:
        call, body = request.headers["x-amz-target"].removeprefix("AmazonSQS."), json.loads(request.body)
        queue = self._queues[body["QueueUrl"].rpartition("/")[2]]
        return Reply(200, json.dumps(getattr(self, f"_{call}")(queue, body)).encode(), JSON_TYPE)

    def _SendMessage(self, queue: Queue, body: dict) -> dict:
        message = queue.send(body["MessageBody"])
        return {"MessageId": message.id, "MD5OfMessageBody": _md5(message.body)}

    def _ChangeMessageVisibilityBatch(self, queue: Queue, body: dict) -> dict:
        answer = {"Successful": [], "Failed": []}
        for entry in body["Entries"]:
            if queue.change_visibility(entry["ReceiptHandle"], entry["VisibilityTimeout"]):
                answer["Successful"].append({"Id": entry["Id"]})
            else:
                answer["Failed"].append({"Id": entry["Id"], "Code": "ReceiptHandleIsInvalid", "SenderFault": True})
        return answer


def _md5(body: str) -> str:
    return hashlib.md5(body.encode(), usedforsecurity=False).hexdigest()
