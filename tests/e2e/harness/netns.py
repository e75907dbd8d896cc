"""A network of its own for programs that want fixed addresses (podman's bridge), and a way out of it to single ports of this machine.

Whatever listens inside is seen by nobody outside, and two of them on one machine do not meet. Needs root."""

import ctypes
import os
import select
import socket
import subprocess
import threading
from pathlib import Path

CLONE_NEWNET = 0x40000000  # sched.h
IP_FREEBIND = 15  # linux/in.h: bind to an address that comes later


class Netns:
    def __init__(self):
        # `ip` makes the loopback usable; cat ends when its standard input is closed, with us at the latest.
        self._holder = subprocess.Popen(["unshare", "--net", "sh", "-c", "ip link set lo up && echo up && exec cat"],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert self._holder.stdout.readline() == "up\n", f"no network namespace (is this root?): {self._holder.stderr.read()}"
        self.path = Path(f"/proc/{self._holder.pid}/ns/net")
        self._relays = []

    def command(self, argv: list) -> list:
        """The same command, inside."""
        return ["nsenter", f"--net={self.path}", *argv]

    def relay(self, address: str, port: int) -> None:
        """Who connects to address:port inside reaches 127.0.0.1:port of this machine."""
        self._relays.append(_Relay(self._listen(address, port), port))

    def stop(self) -> None:
        for relay in self._relays:
            relay.stop()
        self._holder.stdin.close()
        self._holder.wait(timeout=10)
        self._holder.stdout.close()
        self._holder.stderr.close()

    def _listen(self, address: str, port: int) -> socket.socket:
        """A socket belongs to the namespace that its thread was in when it was made; only that thread goes there."""
        made = []

        def inside() -> None:
            with self.path.open() as there:
                libc = ctypes.CDLL(None, use_errno=True)
                if libc.setns(there.fileno(), CLONE_NEWNET) != 0:
                    raise OSError(ctypes.get_errno(), "setns")
            listener = socket.socket()
            listener.setsockopt(socket.IPPROTO_IP, IP_FREEBIND, 1)
            listener.bind((address, port))
            listener.listen()
            made.append(listener)

        thread = threading.Thread(target=inside)
        thread.start()
        thread.join()
        assert made, f"cannot listen on {address}:{port} in {self.path}"
        return made[0]


class _Relay:
    def __init__(self, listener: socket.socket, port: int):
        self._listener = listener
        self._port = port
        self._pairs = {}
        self._wake, self._stop = os.pipe()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def stop(self) -> None:
        os.close(self._stop)
        self._thread.join()
        os.close(self._wake)
        for one in [self._listener, *self._pairs]:
            one.close()

    def _run(self) -> None:
        while True:
            ready, _, _ = select.select([self._wake, self._listener, *self._pairs], [], [])
            if self._wake in ready:
                return
            for one in ready:
                if one is self._listener:
                    self._accept()
                elif one in self._pairs:
                    self._pass_on(one)

    def _accept(self) -> None:
        inside, _ = self._listener.accept()
        outside = socket.create_connection(("127.0.0.1", self._port))
        self._pairs[inside], self._pairs[outside] = outside, inside

    def _pass_on(self, one: socket.socket) -> None:
        other = self._pairs[one]
        try:
            data = one.recv(65536)
            if data:
                other.sendall(data)
                return
        except OSError:
            pass  # reset by one side: the other is closed, too
        for end in one, other:
            del self._pairs[end]
            end.close()
