"""What a demo is made of: stand-ins, the packaged functions, tables and checks. Standard library only."""

import itertools
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
import unicodedata
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/e2e"))

from harness.process import free_port  # noqa: E402

PACKAGE = Path(os.environ["NARAE_PACKAGE"])
BOOTSTRAP = PACKAGE / "layer/bootstrap"
STANDINS = ROOT / "build/meson/tests/standins"
REPORT = ROOT / "build/report"
PKI = Path(os.environ["NARAE_TEST_PKI"])
DATABASE = os.environ["NARAE_TEST_DATABASE"]

STARTS = 11  # of which the cold start is the median


def psql(sql: str) -> list[list[str]]:
    done = subprocess.run(["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", DATABASE, "-c", sql], capture_output=True,
                          text=True, check=True)
    return [line.split("|") for line in done.stdout.splitlines()]


def wait_for(what: str, ready, seconds: float = 10.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = ready()
        if value:
            return value
        time.sleep(0.01)
    sys.exit(f"demo: {what} did not come up in {seconds:.0f} s")


def read_port(path: Path):
    return lambda: path.exists() and int(path.read_text())


def listens(port: int):
    def ask() -> bool:
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", port)) == 0
    return ask


def journal(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


class Parts:
    """The stand-ins, all gone when the demo ends."""

    def __init__(self, scratch: Path):
        self.scratch, self.running = scratch, []
        self.numbers = itertools.count()

    def start(self, *command, **more) -> subprocess.Popen:
        log = open(self.scratch / f"{Path(command[0]).name}-{next(self.numbers)}.log", "wb")
        self.running.append(subprocess.Popen([str(c) for c in command], stdout=log, stderr=log, **more))
        return self.running[-1]

    def stop(self) -> None:
        for part in reversed(self.running):
            part.send_signal(signal.SIGTERM)
        for part in self.running:
            part.wait(10)


class Fcm:
    """FCM and Google's token endpoint behind TLS and HTTP/2, and a service account that it knows."""

    def __init__(self, parts: Parts, registrations: dict):
        scratch, self.port = parts.scratch, free_port()
        self.journal = scratch / "fcm.jsonl"
        subprocess.run(["openssl", "genrsa", "-out", scratch / "account.key", "2048"], check=True, capture_output=True)
        subprocess.run(["openssl", "rsa", "-in", scratch / "account.key", "-pubout", "-out", scratch / "account.pub"],
                       check=True, capture_output=True)
        self.account = {
            "type": "service_account", "project_id": "demo", "private_key_id": "demo-key",
            "private_key": (scratch / "account.key").read_text(), "client_email": "push@demo.iam.gserviceaccount.com",
            "token_uri": f"https://127.0.0.1:{self.port}/token"}
        (scratch / "fcm.json").write_text(json.dumps({
            "project": "demo", "registrations": registrations, "access_tokens": ["onlooker"],
            "service_account": {"client_email": self.account["client_email"], "token_uri": self.account["token_uri"],
                                "public_key_file": str(scratch / "account.pub")}}))
        parts.start(STANDINS / "fcm/fcm", "--config", scratch / "fcm.json", "--journal", self.journal,
                    "--port-file", scratch / "fcm.port")
        self.backend = wait_for("the FCM stand-in", read_port(scratch / "fcm.port"))
        parts.start("nghttpx", "--conf=/dev/null", f"--frontend=127.0.0.1,{self.port}",
                    f"--backend=127.0.0.1,{self.backend}", "--workers=1", "--no-ocsp", "--errorlog-file=/dev/stderr",
                    PKI / "server.key", PKI / "server.pem")
        wait_for("nghttpx", listens(self.port))

    def topics_of(self, registration: str) -> list[str]:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.backend}/v1/projects/demo/registrations/{registration}/topicSubscriptions",
            headers={"Authorization": "Bearer onlooker"})
        with urllib.request.urlopen(request, timeout=10) as reply:
            return [t["topic_name"] for t in json.loads(reply.read()).get("topic_subscriptions", [])]


def push_environment(function: str, fcm: Fcm) -> dict[str, str]:
    """What the template would set."""
    return {"_HANDLER": f"{function}.handler", "LAMBDA_TASK_ROOT": str(PACKAGE / "functions" / function),
            "AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": "DEBUG", "SSL_CERT_FILE": str(PKI / "ca.pem"),
            "AWS_REGION": "us-east-1", "NARAE_DATABASE": "env:DEMO_DATABASE", "DEMO_DATABASE": DATABASE,
            "NARAE_FCM_SERVICE_ACCOUNT": "env:DEMO_ACCOUNT", "DEMO_ACCOUNT": json.dumps(fcm.account),
            "NARAE_FCM_ENDPOINT": f"https://127.0.0.1:{fcm.port}"}


class PeakMemory:
    """VmHWM of a process, looked at until it is gone: wait4(2) would count the memory of whoever started it."""

    def __init__(self, pid: int):
        self._status, self._kib = Path(f"/proc/{pid}/status"), 0
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def kib(self) -> int:
        self._thread.join()
        return self._kib

    def _watch(self) -> None:
        while True:
            try:
                lines = self._status.read_text().splitlines()
            except OSError:
                return
            peak = [line for line in lines if line.startswith("VmHWM:")]
            if not peak:  # it has ended
                return
            self._kib = int(peak[0].split()[1])
            time.sleep(0.002)


class Run:
    """The packaged bootstrap with a packaged function, given events one after the other."""

    def __init__(self, parts: Parts, env: dict[str, str], events: list):
        name = f"run-{next(parts.numbers)}"
        script, port_file, log = (parts.scratch / f"{name}.{end}" for end in ("json", "port", "jsonl"))
        script.write_text(json.dumps({"steps": [{"event": event, "deadline_in_ms": 30000} for event in events]}))
        parts.start(STANDINS / "lambda_api/lambda_api", "--script", script, "--journal", log, "--port-file", port_file)
        api = wait_for("the Runtime API", read_port(port_file))
        function = subprocess.Popen([BOOTSTRAP], env={**env, "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{api}"},
                                    stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        peak = PeakMemory(function.pid)
        text = function.stderr.read().decode()
        function.wait()
        self.log = [json.loads(line) for line in text.splitlines()]
        self.peak_kib = peak.kib()
        calls = journal(log)
        gave = [c["replied_us"] for c in calls if c["path"].endswith("/next")]
        self.answers = [c for c in calls if c["path"].endswith(("/response", "/error"))]
        self.durations_ms = [(a["came_us"] - begin) / 1000 for a, begin in zip(self.answers, gave)]

    def replies(self) -> list:
        return [json.loads(a["body"]) for a in self.answers]


def cold_start_ms(scratch: Path, env: dict[str, str]) -> float:
    """From exec to the first GET /next: the median of some starts, by the program of ./build.sh bench start."""
    cases = scratch / "cases"
    cases.write_text("\t".join(["function", *(f"{k}={v}" for k, v in env.items()), str(BOOTSTRAP)]) + "\n")
    done = subprocess.run([ROOT / "build/meson/tests/bench/start_timer", str(STARTS), cases], capture_output=True,
                          text=True, check=True)
    return statistics.median(float(line.split("\t")[1]) for line in done.stdout.splitlines()) / 1000


def width(text: str) -> int:
    """Columns of a terminal: Hangul takes two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 0 if unicodedata.category(c) in ("Mn", "Cf") else 1 for c in text)


def padded(text: str, columns: int) -> str:
    return text + " " * (columns - width(text))


def table(header: list[str], rows: list[list]) -> None:
    widths = [max(width(str(row[i])) for row in [header, *rows]) for i in range(len(header))]
    for row in [header, ["-" * w for w in widths], *rows]:
        print("  " + "  ".join(padded(str(cell), w) for cell, w in zip(row, widths)).rstrip())


def keep_result(part: str, result: dict, failed: list[str]) -> None:
    """For tools/report_page.py."""
    REPORT.mkdir(parents=True, exist_ok=True)
    (REPORT / f"demo-{part}.json").write_text(json.dumps({"verb": "demo", "failed": failed, **result}, ensure_ascii=False, indent=1) + "\n")


class Checks:
    def __init__(self):
        self.failed = []

    def expect(self, what: str, seen, wanted) -> None:
        if seen == wanted:
            return
        if isinstance(seen, list) and isinstance(wanted, list) and seen and wanted:  # of long lists, what differs
            seen, wanted = [x for x in seen if x not in wanted] or seen, [x for x in wanted if x not in seen] or wanted
        self.failed.append(f"{what}: expected {wanted}, seen {seen}")

    def verdict(self) -> int:
        """Say it; returns the exit code."""
        for failure in self.failed:
            print(f"\nNOT AS EXPECTED: {failure}", file=sys.stderr)
        print("\nEverything came out as expected." if not self.failed else "")
        return 1 if self.failed else 0
