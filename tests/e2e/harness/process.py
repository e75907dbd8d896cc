"""Start a program, wait until it is ready, end it. Nothing outlives its test."""

import collections
import contextlib
import os
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

TCP_LOCAL, TCP_INODE = 1, 9  # columns of /proc/net/tcp (proc(5))
POLL_S = 0.005  # between two looks at a condition that no descriptor announces
START_DEADLINE_S = 20  # far over what any of these needs; the machine may be busy
_held = collections.deque(maxlen=64)  # sockets of free_port; more than the programs of any one test


def wait_until(is_true: Callable[[], bool], what: str, deadline_s: float = START_DEADLINE_S) -> None:
    """Look until the condition holds; past the deadline, fail and say what was waited for."""
    end = time.monotonic() + deadline_s
    while not is_true():
        assert time.monotonic() < end, f"waited {deadline_s} s for {what}"
        time.sleep(POLL_S)


def free_port() -> int:
    """A loopback port that the system has just given out. For programs that cannot be told to choose one.

    It stays bound here, though nobody listens, until long after its program should have taken it: the system gives it to no other
    program and no outgoing connection meanwhile, and whoever listens with SO_REUSEADDR, as servers do, gets it."""
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind(("127.0.0.1", 0))
    if len(_held) == _held.maxlen:
        _held.popleft().close()
    _held.append(holder)
    return holder.getsockname()[1]


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Program:
    """A running program; its output goes to a file, so that no pipe can fill up."""

    def __init__(self, name: str, argv: list, output: Path, env: dict | None = None, cwd: Path | None = None):
        self.name = name
        self.output = output
        with output.open("wb") as sink:
            self.process = subprocess.Popen([str(a) for a in argv], stdout=sink, stderr=subprocess.STDOUT,
                                            stdin=subprocess.DEVNULL, env=env, cwd=cwd)

    def text(self) -> str:
        return self.output.read_text(errors="replace")

    def wait_for_port(self, port: int) -> None:
        def is_up() -> bool:
            assert self.process.poll() is None, f"{self.name} ended at once:\n{self.text()}"
            return listens(port)

        wait_until(is_up, f"{self.name} to listen")

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def children(pid: int) -> list[int]:
    """Direct children of a process."""
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        found += [int(word) for word in (task / "children").read_text().split()]
    return found


def cpu_us(pid: int) -> int:
    """Time on a CPU, user and system, that the threads a process has now have used so far; far finer than clock ticks."""
    return sum(int((task / "schedstat").read_text().split()[0]) for task in Path(f"/proc/{pid}/task").iterdir()) // 1000


def peak_memory_kib(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmHWM:")))


def local_ports(pid: int) -> set[int]:
    """Of the program's TCP connections (IPv4); empty when it has ended."""
    sockets = set()
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):  # closed meanwhile
                sockets.add(os.readlink(descriptor))
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        rows = [line.split() for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]]
        return {int(row[TCP_LOCAL].split(":")[1], 16) for row in rows if f"socket:[{row[TCP_INODE]}]" in sockets}
    return set()
