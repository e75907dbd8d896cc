"""demo_queue.py: an SQS queue as far as search_query knows one: SendMessage, answered at once and kept.

It takes thousands a second, which moto's does not."""

import asyncio
import json
import threading

ANSWER = b'{"MessageId":"0","MD5OfMessageBody":"0"}'
REPLY = (b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: %d\r\n\r\n" % len(ANSWER)) + ANSWER
HEAD_END = b"\r\n\r\n"


class _Connection(asyncio.Protocol):
    def __init__(self, bodies: list[str]):
        self._bodies, self._buffer = bodies, b""

    def connection_made(self, transport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while HEAD_END in self._buffer:
            head, rest = self._buffer.split(HEAD_END, 1)
            length = _content_length(head)
            if len(rest) < length:
                return
            self._buffer = rest[length:]
            self._bodies.append(json.loads(rest[:length])["MessageBody"])
            self._transport.write(REPLY)


def _content_length(head: bytes) -> int:
    lines = head.decode("latin-1").lower().split("\r\n")
    assert "x-amz-target: amazonsqs.sendmessage" in lines, lines
    return next(int(line.split(":")[1]) for line in lines if line.startswith("content-length:"))


class Queue:
    """Bodies in the order in which they came."""

    def __init__(self):
        self.bodies: list[str] = []
        self._loop = asyncio.new_event_loop()
        self._server = self._loop.run_until_complete(
            self._loop.create_server(lambda: _Connection(self.bodies), "127.0.0.1", 0))
        self.endpoint = "http://127.0.0.1:%d" % self._server.sockets[0].getsockname()[1]
        self.url = f"{self.endpoint}/123456789012/searches"
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._server.close()
        self._loop.close()
