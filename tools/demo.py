"""demo.py: three messages, seven devices, one of them dead; run by tools/demo.sh beside a temporary PostgreSQL.

Standard library only: on a bare machine nothing else is there. Exit 0 only if everything came out as expected."""

import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BOOTSTRAP = ROOT / "build/package/layer/bootstrap"
TOOLS = ROOT / "build/meson/tests/standins"
PKI = Path(os.environ["NARAE_TEST_PKI"])
DATABASE = os.environ["NARAE_TEST_DATABASE"]

STARTS = 11

# (user, registration); device ids count from 1.
DEVICES = [("17", "phone-of-17"), ("17", "tablet-of-17"), ("18", "old-phone-of-18"), ("18", "phone-of-18"),
           ("19", "phone-of-19")]
DEAD = "old-phone-of-18"
MESSAGES = [
    ("reply-1", json.dumps({"id": "reply-1", "to": {"users": ["17", "18"]},
                            "message": {"notification": {"title": "Mina replied", "body": "See you there!"}}})),
    ("broken", json.dumps({"id": "broken", "to": {"users": [17]}, "message": {}})),
    ("mention-2", json.dumps({"id": "mention-2", "to": {"devices": ["5"]},
                              "message": {"notification": {"title": "Jun mentioned you"}, "data": {"post": "981"}}})),
]
EXPECTED_VERDICTS = {("reply-1", 1): "sent", ("reply-1", 2): "sent", ("reply-1", 3): "unregistered",
                     ("reply-1", 4): "sent", ("mention-2", 5): "sent"}


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


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Parts:
    """The stand-ins, all gone when the demo ends."""

    def __init__(self, scratch: Path):
        self.scratch, self.running = scratch, []

    def start(self, *command, **more) -> subprocess.Popen:
        log = open(self.scratch / f"{Path(command[0]).name}.log", "wb")
        self.running.append(subprocess.Popen([str(c) for c in command], stdout=log, stderr=log, **more))
        return self.running[-1]

    def stop(self):
        for part in reversed(self.running):
            part.send_signal(signal.SIGTERM)
        for part in self.running:
            part.wait(10)


def start_fcm(parts: Parts) -> tuple[int, dict]:
    """FCM and Google's token endpoint behind TLS and HTTP/2. Returns the port and a service account."""
    scratch, port = parts.scratch, free_port()
    subprocess.run(["openssl", "genrsa", "-out", scratch / "account.key", "2048"], check=True, capture_output=True)
    subprocess.run(["openssl", "rsa", "-in", scratch / "account.key", "-pubout", "-out", scratch / "account.pub"],
                   check=True, capture_output=True)
    account = {"type": "service_account", "project_id": "demo", "private_key_id": "demo-key",
               "private_key": (scratch / "account.key").read_text(),
               "client_email": "push@demo.iam.gserviceaccount.com", "token_uri": f"https://127.0.0.1:{port}/token"}
    (scratch / "fcm.json").write_text(json.dumps({
        "project": "demo", "registrations": {DEAD: "unregistered"},
        "service_account": {"client_email": account["client_email"], "token_uri": account["token_uri"],
                            "public_key_file": str(scratch / "account.pub")}}))
    parts.start(TOOLS / "fcm/fcm", "--config", scratch / "fcm.json", "--journal", scratch / "fcm.jsonl",
                "--port-file", scratch / "fcm.port")
    backend = wait_for("the FCM stand-in", read_port(scratch / "fcm.port"))
    parts.start("nghttpx", "--conf=/dev/null", f"--frontend=127.0.0.1,{port}", f"--backend=127.0.0.1,{backend}",
                "--workers=1", "--no-ocsp", "--errorlog-file=/dev/stderr", PKI / "server.key", PKI / "server.pem")
    wait_for("nghttpx", listens(port))
    return port, account


def start_lambda(parts: Parts) -> int:
    """A Runtime API that gives one event."""
    event = {"Records": [{"messageId": f"sqs-{id}", "receiptHandle": "r", "body": body, "eventSource": "aws:sqs",
                          "attributes": {"ApproximateReceiveCount": "1"},
                          "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:push"} for id, body in MESSAGES]}
    (parts.scratch / "script.json").write_text(json.dumps({"steps": [{"event": event, "deadline_in_ms": 30000}]}))
    parts.start(TOOLS / "lambda_api/lambda_api", "--script", parts.scratch / "script.json", "--journal",
                parts.scratch / "lambda.jsonl", "--port-file", parts.scratch / "lambda.port")
    return wait_for("the Runtime API", read_port(parts.scratch / "lambda.port"))


def environment(fcm: int, account: dict) -> dict[str, str]:
    """What the template would set."""
    return {"_HANDLER": "push_send.handler", "LAMBDA_TASK_ROOT": str(ROOT / "build/package/functions/push_send"),
            "AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": "DEBUG", "SSL_CERT_FILE": str(PKI / "ca.pem"),
            "NARAE_DATABASE": "env:DEMO_DATABASE", "DEMO_DATABASE": DATABASE,
            "NARAE_FCM_SERVICE_ACCOUNT": "env:DEMO_ACCOUNT", "DEMO_ACCOUNT": json.dumps(account),
            "NARAE_FCM_ENDPOINT": f"https://127.0.0.1:{fcm}"}


def run_function(api: int, env: dict[str, str]) -> tuple[list[dict], int]:
    """The packaged bootstrap with the packaged function. Returns its log and its peak memory in KiB."""
    function = subprocess.Popen([BOOTSTRAP], env={**env, "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{api}"},
                                stderr=subprocess.PIPE)
    log = function.stderr.read().decode()
    _, _, usage = os.wait4(function.pid, 0)
    return [json.loads(line) for line in log.splitlines()], usage.ru_maxrss


def cold_start_ms(scratch: Path, env: dict[str, str]) -> float:
    """From exec to the first GET /next: the median of some starts, by the program of ./build.sh bench start."""
    cases = scratch / "cases"
    cases.write_text("\t".join(["push_send", *(f"{k}={v}" for k, v in env.items()), str(BOOTSTRAP)]) + "\n")
    done = subprocess.run([ROOT / "build/meson/tests/bench/start_timer", str(STARTS), cases], capture_output=True,
                          text=True, check=True)
    return statistics.median(float(line.split("\t")[1]) for line in done.stdout.splitlines()) / 1000


def table(header: list[str], rows: list[list[str]]) -> None:
    widths = [max(len(str(row[i])) for row in [header, *rows]) for i in range(len(header))]
    for row in [header, ["-" * w for w in widths], *rows]:
        print("  " + "  ".join(str(cell).ljust(w) for cell, w in zip(row, widths)).rstrip())


class Checks:
    def __init__(self):
        self.failed = []

    def expect(self, what: str, seen, wanted) -> None:
        if seen != wanted:
            self.failed.append(f"{what}: expected {wanted}, seen {seen}")


def show_pushes(log: list[dict], checks: Checks) -> None:
    owners = {n: owner for n, (owner, _) in enumerate(DEVICES, 1)}
    pushes = [r for r in log if r["message"] == "push"]
    print("\nWhat became of each push\n")
    table(["message", "device", "of user", "verdict", "latency"],
          [[r["id"], r["deviceId"], owners.get(r["deviceId"], ""), r["verdict"], f"{r['latencyUs'] / 1000:.1f} ms"]
           for r in sorted(pushes, key=lambda r: (r["id"], r["deviceId"]))])
    for record in log:
        if record["message"] == "message refused":
            print(f"\n  {record['messageId']} was refused: {record['errorMessage']}")
    checks.expect("verdicts", {(r["id"], r["deviceId"]): r["verdict"] for r in pushes}, EXPECTED_VERDICTS)
    checks.expect("refusals", [r["errorMessage"] for r in log if r["message"] == "message refused"],
                  ["Records[1].body.to.users[0]: must be a string, is a whole number"])


def show_database(checks: Checks) -> None:
    rows = psql("select device_id, user_id, status, coalesce(inactive_reason, ''), version from narae_push.device "
                "order by device_id")
    print("\nThe device registry afterwards\n")
    table(["device", "of user", "status", "reason", "version"], rows)
    checks.expect("inactive devices", [r[0] for r in rows if r[2] == "inactive"], ["3"])


def show_reply(lambda_journal: list[dict], checks: Checks) -> None:
    answer = next(r for r in lambda_journal if r["path"].endswith("/response"))
    print(f"\nThe reply to SQS: only the malformed message comes back\n\n  {answer['body']}")
    checks.expect("reply", json.loads(answer["body"]), {"batchItemFailures": [{"itemIdentifier": "sqs-broken"}]})


def check_journal(fcm_journal: list[dict], checks: Checks) -> None:
    sends = [r for r in fcm_journal if r["path"].endswith("messages:send")]
    checks.expect("sends at FCM", sorted(r["target"] for r in sends), sorted(d for _, d in DEVICES))
    checks.expect("tokens issued", sum(r["verdict"] == "token" for r in fcm_journal), 1)


def show_figures(lambda_journal: list[dict], cold_ms: float, rss_kib: int, report: Path) -> None:
    answer = next(r for r in lambda_journal if r["path"].endswith("/response"))
    first = next(r for r in lambda_journal if r["path"].endswith("/next"))
    duration_ms = (answer["came_us"] - first["replied_us"]) / 1000
    figures = {"cold_start_ms": round(cold_ms, 2), "duration_ms": round(duration_ms, 2),
               "peak_memory_mib": round(rss_kib / 1024, 1)}
    print("\nFigures (./build.sh bench measures with care)\n")
    table([f"cold start, median of {STARTS}", "first event, connections and token included", "peak memory"],
          [[f"{figures['cold_start_ms']} ms", f"{figures['duration_ms']} ms", f"{figures['peak_memory_mib']} MiB"]])
    report.write_text(json.dumps({"verb": "demo", **figures}, indent=1) + "\n")


def journal(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def main() -> int:
    checks = Checks()
    psql("insert into narae_push.device (user_id, kind, platform, registration, registration_hash) values " +
         ",".join(f"('{user}', 'token', 'android', '{r}', sha256('{r}'))" for user, r in DEVICES))
    with tempfile.TemporaryDirectory(prefix="narae-demo-") as scratch:
        parts = Parts(Path(scratch))
        try:
            fcm, account = start_fcm(parts)
            env = environment(fcm, account)
            log, rss_kib = run_function(start_lambda(parts), env)
            cold_ms = cold_start_ms(parts.scratch, env)
        finally:
            parts.stop()
        lambda_journal, fcm_journal = journal(Path(scratch, "lambda.jsonl")), journal(Path(scratch, "fcm.jsonl"))
    print("One SQS event of three messages went through the packaged bootstrap, libraries and push_send.so,\n"
          "against PostgreSQL and FCM over HTTP/2 and TLS.")
    show_pushes(log, checks)
    show_database(checks)
    show_reply(lambda_journal, checks)
    check_journal(fcm_journal, checks)
    show_figures(lambda_journal, cold_ms, rss_kib, ROOT / "build/report/demo.json")
    for failure in checks.failed:
        print(f"\nNOT AS EXPECTED: {failure}", file=sys.stderr)
    print("\nEverything came out as expected." if not checks.failed else "")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())
