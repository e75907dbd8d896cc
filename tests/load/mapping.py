"""mapping.py: the event source mapping between a queue and a function: what the template's SQS event says.

Is:     batches by size and window, as many at once as MaximumConcurrency, partial batch responses.
Is not: patient in steps, as Lambda's pollers are, which start with few and become more by the minute.
Source: Lambda Developer Guide, "Using Lambda with Amazon SQS"; the rules for responses are harness/event_source.py's."""

import asyncio
import contextlib
import json
import time

from harness import event_source
from message_queue import Message, Queue
from pool import Pool, Throttled
from sandbox import Died


class Mapping:
    def __init__(self, queue: Queue, pool: Pool, batch_size: int, window_s: float):
        self.queue, self.pool, self._batch_size, self._window_s = queue, pool, batch_size, window_s
        self._slots = asyncio.Semaphore(pool.spec.concurrency)
        self._running: set[asyncio.Task] = set()
        self._poller = asyncio.create_task(self._poll())

    async def stop(self) -> None:
        """Raises what has gone wrong in here, if anything has."""
        self._poller.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._poller
        await asyncio.gather(*self._running)

    async def _poll(self) -> None:
        while True:
            await self._slots.acquire()
            batch = await self._gather()
            task = asyncio.create_task(self._invoke(batch))
            self._running.add(task)
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task) -> None:
        self._slots.release()
        if not task.cancelled() and not task.exception():  # else stop() raises it
            self._running.discard(task)

    async def _gather(self) -> list[Message]:
        """At least one message; after it, what comes within the window or until the batch is full."""
        batch = []
        while not batch:
            batch = await self._receive(self._batch_size, self.queue.next_visible_in_s())
        end = time.monotonic() + self._window_s
        while len(batch) < self._batch_size and (left := end - time.monotonic()) > 0:
            soon = self.queue.next_visible_in_s()
            batch += await self._receive(self._batch_size - len(batch), left if soon is None else min(left, soon))
        return batch

    async def _receive(self, n_max: int, wait_s: float | None) -> list[Message]:
        """What is visible, else what is after so long, or as soon as the queue has changed."""
        if messages := self.queue.receive(n_max):
            return messages
        self.queue.changed.clear()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.queue.changed.wait(), wait_s)
        return self.queue.receive(n_max)

    async def _invoke(self, batch: list[Message]) -> None:
        """What is not done stays on the queue, until its visibility ends or whenever the function has said."""
        received = [message.as_received() for message in batch]
        event = json.dumps(event_source.event(received, self.queue.arn), ensure_ascii=False).encode()
        try:
            answer = await self.pool.invoke(event)
        except (Throttled, Died):
            return
        done = {message["MessageId"] for message in event_source.succeeded(received, answer.status, answer.body)}
        self.queue.delete([message for message in batch if message.id in done])
