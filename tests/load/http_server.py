"""http_server.py: HTTP/1.1 on the loopback, as much of it as functions and the sender speak.

Is:     requests with a Content-Length, one after the other on connections that stay; the reply is whatever a coroutine returns.
Is not: a framework. All of the traffic passes here, several times, on the same two cores as the functions that are looked at."""

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import NamedTuple

HEAD_END = b"\r\n\r\n"
BACKLOG = 4096  # connections that a spike opens at once


class Request(NamedTuple):
    method: str
    path: str  # with its query
    headers: dict[str, str]  # names in lower case
    body: bytes


class Reply(NamedTuple):
    status: int
    body: bytes = b""
    headers: tuple[tuple[str, object], ...] = ()


Answer = Callable[[Request], Awaitable[Reply]]


class _Connection(asyncio.Protocol):
    def __init__(self, answer: Answer, on_closed: Callable[[], None]):
        self._answer, self._on_closed, self._buffer, self._task = answer, on_closed, b"", None

    def connection_made(self, transport) -> None:
        self._transport = transport

    def connection_lost(self, error) -> None:
        if self._task:
            self._task.cancel()
        self._on_closed()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._task:
            self._next()

    def _next(self) -> None:
        request = self._take()
        if request:
            self._task = asyncio.create_task(self._serve(request))

    async def _serve(self, request: Request) -> None:
        try:
            reply = await self._answer(request)
        except Exception:
            self._transport.abort()
            raise
        self._transport.write(_written(reply))
        self._task = None
        self._next()

    def _take(self) -> Request | None:
        head, end, rest = self._buffer.partition(HEAD_END)
        if not end:
            return None
        line, *fields = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (field.partition(":") for field in fields)}
        length = int(headers.get("content-length", 0))
        if len(rest) < length:
            return None
        self._buffer = rest[length:]
        method, path, _ = line.split(" ")
        return Request(method, path, headers, rest[:length])


def _written(reply: Reply) -> bytes:
    fields = "".join(f"{name}: {value}\r\n" for name, value in (("Content-Length", len(reply.body)), *reply.headers))
    return f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}\r\n{fields}\r\n".encode() + reply.body


class Server:
    """Listens on a port that the system chooses."""

    def __init__(self, answer: Answer, on_closed: Callable[[], None] = lambda: None):
        """on_closed: called whenever a connection has ended."""
        self._answer, self._on_closed = answer, on_closed

    async def start(self) -> "Server":
        self._server = await asyncio.get_running_loop().create_server(
            lambda: _Connection(self._answer, self._on_closed), "127.0.0.1", 0, backlog=BACKLOG)
        return self

    @property
    def authority(self) -> str:
        return "127.0.0.1:%d" % self._server.sockets[0].getsockname()[1]

    @property
    def url(self) -> str:
        return f"http://{self.authority}"

    def stop(self) -> None:
        self._server.close()
