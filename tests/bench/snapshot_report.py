"""snapshot_report.py RUNS: aurora_snapshot and boto3 over the same 100 clusters x 60 snapshots; medians to the screen and to build/report."""
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import figures

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = Path(os.environ["NARAE_PACKAGE"])
CLUSTERS, NIGHTS, KEEP = 100, 60, 59
GOAL_CPU, GOAL_MEMORY = 10, 4  # times less than boto3
POLICY = {"id": "nightly", "clusters": {"ids": ["*"]}, "keep": {"last": KEEP}, "min_keep": 1, "dry_run": False}


def text_of(unix_s: float, form: str = "%Y-%m-%dT%H:%M:00Z") -> str:
    return time.strftime(form, time.gmtime(unix_s))


def world() -> dict:
    now = time.time()
    clusters = [{"id": f"c{n:03}", "tags": {"team": f"team {n % 7}", "env": "production"}} for n in range(CLUSTERS)]
    snapshots = [{"id": f"narae-{c['id']}-{text_of(now - night * 86400, '%Y%m%dt%H%Mz')}", "cluster": c["id"],
                  "created": text_of(now - night * 86400),
                  "tags": {"narae:managed-by": "aurora_snapshot", "narae:policy": "nightly", "narae:version": "0.1.0",
                           "narae:slot": text_of(now - night * 86400), "narae:resource": f"cluster-{c['id'].upper()}", **c["tags"]}}
                 for night in range(NIGHTS, 0, -1) for c in clusters]
    return {"clusters": clusters, "snapshots": snapshots, "quota": 100000, "ready_after_s": 600}


class Rds:
    """The scripted RDS in a process of its own, so that its CPU is nobody's."""

    def __init__(self, scratch: Path):
        port, script = scratch / "port", scratch / "script.json"
        port.unlink(missing_ok=True)
        script.write_text(json.dumps(world()))
        self.process = subprocess.Popen([sys.executable, ROOT / "tests/standins/rds/rds.py", "--port-file", port, "--script", script])
        end = time.monotonic() + 20
        while not port.exists():
            assert time.monotonic() < end and self.process.poll() is None, "the scripted RDS does not start"
            time.sleep(0.01)
        self.endpoint = f"http://127.0.0.1:{port.read_text()}"

    def counts(self) -> dict:
        with urllib.request.urlopen(f"{self.endpoint}/_state", timeout=20) as reply:
            calls = json.load(reply)["calls"]
        return {action: sum(c["action"] == action for c in calls) for action in sorted({c["action"] for c in calls})}

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()


# A process begins with the peak memory of the one that it was forked from: the launcher must be smaller than what it measures.
LAUNCHER = """import os, sys
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(pid, 0)
print(os.waitstatus_to_exitcode(status), int((usage.ru_utime + usage.ru_stime) * 1000), usage.ru_maxrss, file=sys.stderr)"""


def measure(argv: list, env: dict, output) -> dict:
    """A whole process: wall, CPU, peak memory."""
    began = time.monotonic()
    done = subprocess.run([sys.executable, "-S", "-I", "-c", LAUNCHER, *(str(a) for a in argv)], env=env, stdout=output,
                          stderr=subprocess.PIPE, text=True)
    wall_ms = (time.monotonic() - began) * 1000
    code, cpu_ms, peak_kb = done.stderr.splitlines()[-1].split()
    assert code == "0", f"{argv[0]} failed: {done.stderr[-800:]}"
    return {"wall_ms": wall_ms, "cpu_ms": int(cpu_ms), "peak_kb": int(peak_kb)}


def run(name: str, scratch: Path) -> tuple[dict, dict]:
    rds, slot = Rds(scratch), text_of(time.time())
    (scratch / "event.json").write_text(json.dumps({"scheduled_time": slot}))
    env = {"PATH": os.environ["PATH"], "AWS_ENDPOINT_URL_RDS": rds.endpoint, "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1",
           "AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench", "NARAE_SNAPSHOT_POLICY": json.dumps(POLICY),
           "AWS_LAMBDA_LOG_FORMAT": "JSON", "LAMBDA_TASK_ROOT": str(PACKAGE / "functions/aurora_snapshot")}
    argv = {"narae": [PACKAGE / "layer/bootstrap", "--invoke", "aurora_snapshot.handler", scratch / "event.json"],
            "boto3": [sys.executable, ROOT / "tests/bench/peers/snapshot_boto3.py", slot, KEEP]}[name]
    try:
        with (scratch / f"{name}.out").open("w") as output:
            return measure(argv, env, output), rds.counts()
    finally:
        rds.stop()


def main() -> int:
    runs = int(sys.argv[1])
    samples = {"narae": [], "boto3": []}
    calls = {}
    with tempfile.TemporaryDirectory() as scratch:
        for _ in range(runs):
            for name, of_name in samples.items():
                sample, calls[name] = run(name, Path(scratch))
                of_name.append(sample)
    result = {name: figures.medians({key: [s[key] for s in of_name] for key in of_name[0]}) for name, of_name in samples.items()}
    print(f"{'':8}{'wall ms':>10}{'CPU ms':>10}{'peak MB':>10}{'calls':>8}")
    for name, f in result.items():
        print(f"{name:8}{f['wall_ms']:10,}{f['cpu_ms']:10,}{f['peak_kb'] / 1024:10.1f}{sum(calls[name].values()):8,}")
    ratio = {"cpu": round(result["boto3"]["cpu_ms"] / result["narae"]["cpu_ms"], 1),
             "memory": round(result["boto3"]["peak_kb"] / result["narae"]["peak_kb"], 1)}
    pages = calls["narae"]["DescribeDBClusters"] + calls["narae"]["DescribeDBClusterSnapshots"]
    bound = CLUSTERS + pages + calls["narae"]["CreateDBClusterSnapshot"] + calls["narae"]["DeleteDBClusterSnapshot"]
    is_met = {"cpu": ratio["cpu"] >= GOAL_CPU, "memory": ratio["memory"] >= GOAL_MEMORY,
              "calls": sum(calls["narae"].values()) <= bound, "same calls": calls["narae"] == calls["boto3"]}
    print(f"boto3 takes {ratio['cpu']} times the CPU (goal {GOAL_CPU}) and {ratio['memory']} times the memory (goal {GOAL_MEMORY})")
    print(", ".join(f"{action} {n}" for action, n in calls["narae"].items()), f"(bound {bound})")
    figures.write("snapshot", {
        "what": f"one run, start included, over {CLUSTERS} clusters x {NIGHTS} snapshots on the scripted RDS",
        "unit": "ms (wall, CPU), KB (peak resident); medians of runs that took turns", "runs": runs, "calls": calls,
        "goal": f"CPU {GOAL_CPU} times and memory {GOAL_MEMORY} times less than boto3, at most {bound} calls",
        "ratio": ratio, "is_met": all(is_met.values()), "figures": result})
    missed = [what for what, met in is_met.items() if not met]
    if missed:
        print(f"MISSED: {', '.join(missed)}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
