"""pool.py: a function as Lambda runs it: as many sandboxes as there are events at once, up to a limit.

Is:     an event goes to a sandbox that is idle, else to a new one (a cold start, which the event waits for), else nowhere (a
        throttle). A sandbox that died is replaced by the next event's.
Is not: a scaler that gives sandboxes back: they live until their scenario ends.
Source: Lambda Developer Guide, "Understanding Lambda function scaling", November 2026."""

import time
from pathlib import Path

from sandbox import Answer, Died, Sandbox, Spec


class Throttled(Exception):
    """Every sandbox is busy, and there may be no more."""


class Pool:
    """What is written down are moments of the monotonic clock, s."""

    def __init__(self, spec: Spec, scratch: Path):
        self.spec, self.log = spec, scratch / f"{spec.name}.log"
        self._idle: list[Sandbox] = []
        self._all: set[Sandbox] = set()
        self._n_starting = 0
        self.busy: list[tuple[float, int]] = []   # +1 and -1, each with its moment
        self.alive: list[tuple[float, int]] = []
        self.cold_starts: list[tuple[float, float]] = []  # when it was ready, and how long that took
        self.throttles: list[float] = []
        self.deaths: list[float] = []

    async def invoke(self, event: bytes) -> Answer:
        """Throttled or Died: the caller decides what that means."""
        sandbox = self._idle.pop() if self._idle else await self._start()
        self.busy.append((time.monotonic(), +1))
        try:
            answer = await sandbox.invoke(event)
        except Died:
            self.deaths.append(time.monotonic())
            self._end(sandbox)
            raise
        finally:
            self.busy.append((time.monotonic(), -1))
        self._idle.append(sandbox)
        return answer

    def stop(self) -> None:
        for sandbox in list(self._all):
            self._end(sandbox)

    async def _start(self) -> Sandbox:
        if len(self._all) + self._n_starting >= self.spec.concurrency:
            self.throttles.append(time.monotonic())
            raise Throttled(self.spec.name)
        self._n_starting += 1
        try:
            sandbox = await Sandbox(self.spec, self.log, self._note_cold_start).start()
        finally:
            self._n_starting -= 1
        self._all.add(sandbox)
        self.alive.append((time.monotonic(), +1))
        return sandbox

    def _end(self, sandbox: Sandbox) -> None:
        sandbox.stop()
        self._all.discard(sandbox)
        self.alive.append((time.monotonic(), -1))

    def _note_cold_start(self, took_s: float) -> None:
        self.cold_starts.append((time.monotonic(), took_s))
