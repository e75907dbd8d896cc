"""load.py: the functions under open-loop load; series to build/report/load.json, a summary to the screen. Run by tools/load.sh.

Exit 1 if anything was lost, doubled or left without an answer. Traffic goes to this machine's loopback alone, and ends by itself."""

import argparse
import asyncio
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[0] / "e2e"), str(HERE.parents[0] / "bench")]

import account  # noqa: E402
import figures  # noqa: E402
from scenario import SCENARIOS, Run  # noqa: E402
from world import World  # noqa: E402

DEVICES = 2_000
COLUMNS = ["scenario", "function", "due", "arrived", "lost", "throttled", "failed", "p50 ms", "p99 ms", "max ms", "busiest second",
           "cold starts"]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./build.sh load")
    parser.add_argument("--seconds", type=float, default=75, help="of all schedules together; messages that wait come on top")
    parser.add_argument("--rate", type=float, default=40, help="searches, and push messages, a second in a steady moment")
    parser.add_argument("--people", type=int, default=20_000, help="who can be searched for")
    parser.add_argument("--report", type=Path, default=Path("build/report"), help="folder of load.json")
    parser.add_argument("--attack", type=Path, required=True, help="the sender, built")
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help="only these: " + ", ".join(s.name for s in SCENARIOS))
    return parser.parse_args()


async def run_all(scratch: Path, options: argparse.Namespace) -> list[dict]:
    world = World(scratch, options.people, DEVICES)
    run, results = Run(world, scratch, options.attack), []
    chosen = [s for s in SCENARIOS if s.name in options.scenarios] or SCENARIOS
    share_s = options.seconds / sum(scenario.weight for scenario in chosen)
    try:
        for number, scenario in enumerate(chosen):
            print(f"{scenario.title} ...", flush=True)
            results.append(account.result(await run.run(scenario, share_s * scenario.weight, options.rate, number)))
    finally:
        world.stop()
    return results


def rows(results: list[dict]) -> list[list]:
    return [[scenario["name"], flow["name"], a["units_due"], a["units_arrived"], a["units_lost"], a["throttled"], a["failed"],
             f["p50_ms"], f["p99_ms"], f["max_ms"], f["busiest_second"], f["cold_starts"]]
            for scenario in results for flow in scenario["flows"] for a, f in [(flow["account"], flow["figures"])]]


def show(results: list[dict], failed: list[str]) -> None:
    table = [COLUMNS, *([f"{cell:,}" if isinstance(cell, (int, float)) else str(cell) for cell in row] for row in rows(results))]
    widths = [max(len(row[i]) for row in table) for i in range(len(COLUMNS))]
    for row in table:
        print("  ".join(cell.ljust(width) if i < 2 else cell.rjust(width) for i, (cell, width) in enumerate(zip(row, widths))).rstrip())
    for failure in failed:
        print(f"MISSED {failure}")


def main() -> int:
    options = arguments()
    load_before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="narae-load-") as scratch:
        results = asyncio.run(run_all(Path(scratch), options))
        failed = account.failures(results)
        options.report.mkdir(parents=True, exist_ok=True)
        if failed:
            shutil.copytree(scratch, options.report / "load", dirs_exist_ok=True)
            print(f"what is needed to explain it: {options.report / 'load'}")
    (options.report / "load.json").write_text(json.dumps({
        "verb": "load", "machine": figures.machine(), "load_average_before": round(load_before, 2), "seconds": options.seconds,
        "rate": options.rate, "failed": failed, "scenarios": results}, ensure_ascii=False, indent=1) + "\n")
    show(results, failed)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
