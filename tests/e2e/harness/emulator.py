"""A function under AWS's Runtime Interface Emulator: the real bootstrap, the real .so, the real Runtime API."""

import json
import os
import urllib.error
import urllib.request
from pathlib import Path

from harness import logs, paths
from harness.process import Program, children, free_port, wait_until

INVOKE_DEADLINE_S = 120


class Answer:
    """What the caller of the emulator got. A function's error comes with status 200: look at the body."""

    def __init__(self, status: int, body: bytes):
        self.status = status
        self.body = body

    def json(self):
        return json.loads(self.body)

    def __repr__(self) -> str:
        return f"Answer({self.status}, {self.body!r})"


class Emulator:
    def __init__(self, task_root: Path, handler: str, scratch: Path, settings: dict | None = None,
                 timeout_s: int = 60):
        self.n_invoked = 0
        self.port = free_port()
        api_port = free_port()
        # What Lambda sets and the emulator does not; nothing of the person's own environment but the path.
        env = {
            "PATH": os.environ["PATH"],
            "TZ": ":UTC",
            "LAMBDA_TASK_ROOT": str(task_root),
            "LAMBDA_RUNTIME_DIR": "/var/runtime",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_LAMBDA_LOG_FORMAT": "JSON",
            "AWS_LAMBDA_FUNCTION_TIMEOUT": str(timeout_s),
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
        }
        env.update(paths.environment() | (settings or {}))
        scratch.mkdir(parents=True, exist_ok=True)
        self.program = Program("the emulator", [
            paths.emulator(), "--log-level", "error",
            "--runtime-interface-emulator-address", f"127.0.0.1:{self.port}",
            "--runtime-api-address", f"127.0.0.1:{api_port}",
            *paths.bootstrap(handler),
        ], scratch / "emulator.log", env=env, cwd=task_root)
        self.program.wait_for_port(self.port)
        self.program.wait_for_port(api_port)  # it begins a little later; in Lambda it is there before the function is

    def invoke(self, event, headers: dict | None = None) -> Answer:
        """One at a time: the emulator breaks on two at once. `event`: bytes as they are, else as JSON."""
        self.n_invoked += 1
        body = event if isinstance(event, bytes) else json.dumps(event).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/2015-03-31/functions/function/invocations", data=body, method="POST",
            headers=headers or {})
        try:
            with urllib.request.urlopen(request, timeout=INVOKE_DEADLINE_S) as reply:
                return Answer(reply.status, reply.read())
        except urllib.error.HTTPError as refused:
            return Answer(refused.code, refused.read())

    def function_pid(self) -> int:
        """The bootstrap, which the emulator starts at the first invocation."""
        pids = children(self.program.process.pid)
        assert len(pids) == 1, pids
        return pids[0]

    def wait_for_log(self) -> None:
        """Until the emulator has written that the last invocation is over, and the function at least one record."""
        def is_over() -> bool:
            text = self.text()
            ended = text.count("END RequestId") + text.count("Invoke DONE failed")
            return ended >= self.n_invoked and logs.records(text) != []

        wait_until(is_over, f"the log of {self.n_invoked} invocations")

    def text(self) -> str:
        return self.program.text()

    def complaints(self) -> list[dict]:
        return logs.complaints(self.program.text())

    def stop(self) -> None:
        self.program.stop()
