"""search_report.py PEERS SCRATCH RUNS EVENTS: run by search.sh. Senders take their turns; medians and goals to the screen and
build/report/bench-search.json."""

import json
import os
import platform
import random
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

import search_input

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "meson" / "tests"
PER_EVENT = 500             # records in one event: what one PutRecords takes without packing
GOAL_EVENTS_PER_CPU_S = 120_000
GOAL_PEAK_KIB = 32 * 1024
LARGEST_EVENT_BYTES = 6_291_556
N_LARGEST = 5_700          # searches in it
KEY = '{"id":"bench","key":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}'
US = "search_log"
PROGRAM = BUILD / "bench" / "search_feed"


class Stream:
    """The stand-in that counts, for one turn."""

    def __enter__(self):
        self._process = subprocess.Popen([BUILD / "standins" / "kinesis" / "kinesis_standin"], stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, text=True)
        self.endpoint = f"http://127.0.0.1:{int(self._process.stdout.readline())}"
        return self

    def __exit__(self, *_):
        self._process.stdin.close()
        self.requests, self.records, self.connections = map(int, self._process.stdout.readline().split())
        self._process.wait()


def fresh(program: Path, scratch: Path) -> Path:
    """A copy of its own: a file's pages stay where they are in memory, and how these share the processor's caches is worth 5 % to one
    program or the other, as long as the file is cached."""
    copy = scratch / f"{program.parent.name}-{program.name}"
    copy.unlink(missing_ok=True)
    shutil.copy(program, copy)
    return copy


def senders(peers: Path, scratch: Path) -> dict:
    return {
        US: [fresh(PROGRAM, scratch)],
        "aws-sdk-rust": [fresh(peers / "rust" / "forward", scratch)],
        "aws-sdk-go-v2": [fresh(peers / "go" / "forward", scratch)],
        "aws-sdk-js-v3": ["node", peers / "node" / "forward.mjs"],
        "boto3": [peers / "boto3" / "venv" / "bin" / "python", peers / "boto3" / "forward.py"],
    }


def environment(endpoint: str) -> dict:
    return {
        "PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"),
        "AWS_REGION": "ap-northeast-2", "AWS_DEFAULT_REGION": "ap-northeast-2", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "example", "AWS_ENDPOINT_URL": endpoint, "AWS_EC2_METADATA_DISABLED": "true",
        "NARAE_SEARCH_STREAM": "searches", "NARAE_SEARCH_PSEUDONYM_KEY": "env:KEY", "KEY": KEY,
        "AWS_LAMBDA_LOG_FORMAT": "JSON",
    }


def turn(argv: list, feed: Path) -> dict:
    """Through a shell that stays: peak memory is counted from the fork on, and ours is larger than a shell's."""
    with Stream() as stream:
        done = subprocess.run(["sh", "-c", '"$@"; exit $?', "sh", *argv, feed], env=environment(stream.endpoint), capture_output=True, text=True)
    assert done.returncode == 0, f"{argv[0]} failed: {done.stderr[-2000:]}"
    return json.loads(done.stdout.splitlines()[-1]) | {"requests": stream.requests, "records": stream.records,
                                                       "connections": stream.connections}


def measure(peers: Path, scratch: Path, feed: Path, runs: int, n_events: int) -> dict:
    samples = {name: [] for name in senders(peers, scratch)}
    for _ in range(runs):
        for name, argv in senders(peers, scratch).items():
            sample = turn(argv, feed)
            assert sample["sent"] == n_events, (name, sample)
            samples[name].append(sample)
    return samples


def row(samples: list[dict], n_events: int) -> dict:
    per_event = [s["work_cpu_us"] / n_events for s in samples]
    return {
        "us_per_event": round(statistics.median(per_event), 2), "us_min": round(min(per_event), 2), "us_max": round(max(per_event), 2),
        "events_per_cpu_s": round(1e6 / statistics.median(per_event)),
        "setup_cpu_ms": round(statistics.median(s["setup_cpu_us"] for s in samples) / 1000, 1),
        "peak_kib": max(s["peak_kib"] for s in samples),
        "requests": samples[0]["requests"], "records": samples[0]["records"], "connections": samples[0]["connections"],
    }


def peak_of_largest(scratch: Path) -> int:
    """The largest event that Lambda hands over; tests/e2e looks at the same in the real bootstrap."""
    event = scratch / "largest.jsonl"
    event.write_text(search_input.sqs_event(0, N_LARGEST, random.Random(1)) + "\n")
    assert LARGEST_EVENT_BYTES - 400_000 < event.stat().st_size <= LARGEST_EVENT_BYTES, event.stat().st_size
    return turn([PROGRAM], event)["peak_kib"]


def goals(rows: dict, peak_kib: int) -> list[tuple[str, bool]]:
    ours = rows[US]["events_per_cpu_s"]
    best = max(r["events_per_cpu_s"] for name, r in rows.items() if name != US)
    return [
        (f"ahead of every SDK that only forwards: {ours:,} against {best:,} events per CPU-second", ours > best),
        (f"over {GOAL_EVENTS_PER_CPU_S:,} events per CPU-second: {ours:,}", ours > GOAL_EVENTS_PER_CPU_S),
        (f"peak memory under {GOAL_PEAK_KIB:,} KiB with an event of 6 MB: {peak_kib:,} KiB", peak_kib < GOAL_PEAK_KIB),
    ]


def main(peers: Path, scratch: Path, runs: int, n_events: int) -> None:
    rng = random.Random(1)
    feed = scratch / "feed.jsonl"
    feed.write_text("".join(search_input.sqs_event(first, PER_EVENT, rng) + "\n" for first in range(0, n_events, PER_EVENT)))
    rows = {name: row(samples, n_events) for name, samples in measure(peers, scratch, feed, runs, n_events).items()}
    peak = peak_of_largest(scratch)
    print(f"{n_events:,} search events in SQS events of {PER_EVENT}; medians of {runs} turns (least to most)\n")
    print(f"{'':16} {'us/event':>22} {'events/CPU-s':>13} {'set-up ms':>10} {'peak MiB':>9} {'requests':>9} {'records':>8}")
    for name, r in rows.items():
        span = f"{r['us_per_event']} ({r['us_min']} to {r['us_max']})"
        print(f"{name:16} {span:>22} {r['events_per_cpu_s']:>13,} {r['setup_cpu_ms']:>10} {r['peak_kib'] / 1024:>9.1f} "
              f"{r['requests']:>9} {r['records']:>8}")
    print()
    results = goals(rows, peak)
    for text, is_met in results:
        print(f"{'met    ' if is_met else 'NOT MET'} {text}")
    report = ROOT / "build" / "report" / "bench-search.json"
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text(json.dumps({
        "verb": "bench search", "machine": f"{platform.machine()}, {os.cpu_count()} CPUs", "events": n_events, "turns": runs,
        "senders": rows, "peak_kib_6mb": peak, "goals": [{"goal": text, "met": met} for text, met in results]}, indent=1) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
