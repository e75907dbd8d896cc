"""sandbox.py: one sandbox: the packaged bootstrap with a function in it, and the Runtime API that it speaks to.

Is:     start, one event at a time, a time limit, and the end of both.
Is not: a place for faults of the Runtime API: tests/standins/lambda_api has those.
Source: Lambda Developer Guide, "Using the Lambda runtime API" (version 2018-06-01)."""

import asyncio
import subprocess
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from harness import paths
from http_server import Reply, Request, Server

BASE = "/2018-06-01/runtime/"


@dataclass(frozen=True)
class Spec:
    """What the template would say of a function."""
    name: str
    folder: Path      # what becomes /var/task
    environment: dict[str, str]
    concurrency: int  # sandboxes at once, at most
    timeout_s: float


@dataclass(frozen=True)
class Answer:
    """As the caller of Invoke has it: an error has status 200, too, and a type in its body."""
    status: int
    body: bytes


class Died(Exception):
    """The process ended, or its time was up, before it answered."""


class Sandbox:
    def __init__(self, spec: Spec, log: Path, on_ready: Callable[[float], None]):
        """on_ready is told once how long the start took: from exec to the first request for an event, s."""
        self._spec, self._log, self._on_ready = spec, log, on_ready
        self._events, self._replies = asyncio.Queue(1), asyncio.Queue(1)

    async def start(self) -> "Sandbox":
        self._api = await Server(self._answer, self._gone).start()
        with self._log.open("ab") as log:
            self._began = time.monotonic()
            self._process = subprocess.Popen(
                paths.bootstrap(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self._spec.folder,
                env={**self._spec.environment, **paths.environment(), "_HANDLER": f"{self._spec.name}.handler",
                     "LAMBDA_TASK_ROOT": str(self._spec.folder), "AWS_LAMBDA_RUNTIME_API": self._api.authority})
        return self

    async def invoke(self, event: bytes) -> Answer:
        await self._events.put(event)
        try:
            answer = await asyncio.wait_for(self._replies.get(), self._spec.timeout_s)
        except TimeoutError:
            answer = None
        if answer is None:
            raise Died(f"{self._spec.name}: no answer; {self._log} says why")
        return answer

    @property
    def has_ended(self) -> bool:
        return self._process.poll() is not None

    def stop(self) -> None:
        """Not kindly, as Lambda does to functions without a shutdown hook."""
        self._process.kill()
        self._process.wait()
        self._api.stop()

    async def _answer(self, request: Request) -> Reply:
        called = request.path.removeprefix(BASE)
        if called == "invocation/next":
            return await self._next()
        if called == "init/error":
            self._gone()
        else:
            self._replies.put_nowait(Answer(200, request.body))
        return Reply(202)

    async def _next(self) -> Reply:
        if self._on_ready:
            self._on_ready(time.monotonic() - self._began)
            self._on_ready = None
        event = await self._events.get()
        return Reply(200, event, (
            ("Content-Type", "application/json"), ("Lambda-Runtime-Aws-Request-Id", uuid.uuid4()),
            ("Lambda-Runtime-Deadline-Ms", int(1000 * (time.time() + self._spec.timeout_s))),
            ("Lambda-Runtime-Invoked-Function-Arn", f"arn:aws:lambda:us-east-1:123456789012:function:{self._spec.name}")))

    def _gone(self) -> None:
        """Whoever waits for an answer waits no longer."""
        if self._replies.empty():
            self._replies.put_nowait(None)
