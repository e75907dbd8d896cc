"""The scripted Runtime API (tests/standins/lambda_api) beside the packaged bootstrap."""

import json
import os
import subprocess
from pathlib import Path

from harness import paths
from harness.process import Program, wait_until

SERVER = paths.ROOT / "build" / "meson" / "tests" / "standins" / "lambda_api" / "lambda_api"


class Run:
    """What a bootstrap asked, and how it ended."""

    def __init__(self, journal: list[dict], code: int, log: str, seconds: float):
        self.journal = journal
        self.code = code
        self.log = log
        self.seconds = seconds

    def answers(self) -> list:
        """The bodies of /response, in order."""
        return [json.loads(entry["body"]) for entry in self.journal if entry["path"].endswith("/response")]


def run(function: str, script: dict, folder: Path, settings: dict | None = None, deadline_s: float = 120) -> Run:
    """One test function under the script, until the script is over."""
    assert SERVER.is_file(), f"{SERVER} is missing: run ./build.sh build"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "script.json").write_text(json.dumps({"timeout_ms": int(deadline_s * 1000), **script}))
    server = Program("lambda_api", [SERVER, "--script", folder / "script.json", "--port-file", folder / "port",
                                    "--journal", folder / "journal.jsonl"], folder / "server.log")
    try:
        wait_until((folder / "port").is_file, "lambda_api to listen")
        env = {"PATH": os.environ["PATH"], "LAMBDA_TASK_ROOT": str(paths.test_function(function)),
               "_HANDLER": f"{function}.handler", "AWS_LAMBDA_LOG_FORMAT": "JSON",
               "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{(folder / 'port').read_text().strip()}", **(settings or {})}
        done = subprocess.run(paths.bootstrap(), env=env | paths.environment(), capture_output=True, timeout=deadline_s, check=False)
        assert server.process.wait(timeout=20) == 0, server.text()
    finally:
        server.stop()
    journal = [json.loads(line) for line in (folder / "journal.jsonl").read_text().splitlines()]
    seconds = (journal[-1]["came_us"] - journal[0]["came_us"]) / 1e6
    return Run(journal, done.returncode, done.stderr.decode(errors="replace"), seconds)
