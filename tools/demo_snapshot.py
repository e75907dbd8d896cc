"""demo_snapshot.py: a year of nightly slots in about a second, and what is left of it; run by tools/demo.sh.

aurora_snapshot's own code runs on a scripted RDS; only the clocks are simulated. Standard library only."""

import json
import os
import subprocess
import sys
from datetime import date, timedelta

from demo_parts import ROOT, Checks, keep_result

sys.path.insert(0, str(ROOT / "tests/standins/rds"))

from rds import Rds  # noqa: E402

NIGHTS = 365
START = "2026-01-01T17:00:00Z"  # 02:00 in Seoul, from 2 January on
POLICY = {"id": "nightly", "clusters": {"ids": ["orders"]}, "zone": "Asia/Seoul", "dry_run": False,
          "keep": {"daily": 14, "weekly": 8, "monthly": 12, "yearly": 10}}
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
MARKS = [("yearly", "Y"), ("monthly", "M"), ("weekly", "w"), ("daily", "d")]  # the coarsest rule that keeps one


def run(rds: Rds) -> tuple[dict, dict]:
    """The sums of the year, and the plan of its last day."""
    env = {"PATH": os.environ["PATH"], "AWS_ENDPOINT_URL_RDS": rds.endpoint, "AWS_REGION": "ap-northeast-2", "AWS_ACCESS_KEY_ID": "demo",
           "AWS_SECRET_ACCESS_KEY": "demo", "NARAE_SNAPSHOT_POLICY": json.dumps(POLICY)}
    done = subprocess.run([ROOT / "build/meson/tests/bench/snapshot_year", START, str(NIGHTS)], env=env, capture_output=True,
                          text=True)
    if done.returncode != 0:
        sys.exit(f"demo: {done.stderr}")
    sums, plan = done.stdout.splitlines()
    return json.loads(sums), json.loads(plan)


def days(plan: dict) -> dict[tuple[int, int, int], str]:
    """(year, month, day) of the zone -> mark, for each snapshot that is there."""
    marks = {}
    for snapshot in plan["groups"][0]["snapshots"]:
        year, month, day = (int(part) for part in snapshot["slot"][:10].split("-"))
        next_day = date(year, month, day) + timedelta(days=1)
        mark = next((mark for rule, mark in MARKS if rule in snapshot["why"]), "x")
        marks[(next_day.year, next_day.month, next_day.day)] = mark
    return marks


def calendar(marks: dict) -> None:
    print("           " + "".join(f"{day:<2}" if day % 5 == 0 or day == 1 else "  " for day in range(1, 32)))
    for year, month in [(2026, m) for m in range(1, 13)] + [(2027, 1)]:
        row = "".join(marks.get((year, month, day), "·") + " " for day in range(1, 32))
        print(f"  {MONTHS[month - 1]} {year} {row.rstrip()}")


def main() -> int:
    checks = Checks()
    with Rds() as rds:
        rds.region("ap-northeast-2").add_cluster("orders")
        sums, plan = run(rds)
        left = len(rds.region("ap-northeast-2").snapshots)
    marks = days(plan)
    keep = ", ".join(f"{count} {period}" for period, count in POLICY["keep"].items())
    print(f"\nA year of nightly snapshots of one cluster; keep {keep}; days of {POLICY['zone']}\n")
    calendar(marks)
    print("\n  Y M w d  kept as the last of its year, month, week, day     x  goes at the next run     ·  gone")
    print(f"\n  {sums['nights']} nights in {sums['seconds']:.2f} s: {sums['created']} made, {sums['deleted']} deleted, {left} left; "
          f"{sums['calls']} calls to RDS")
    checks.expect("snapshots made", sums["created"], NIGHTS)
    checks.expect("snapshots left", [sums["created"] - sums["deleted"], len(marks)], [left, left])
    keep_result("snapshot", {"keep": keep, "zone": POLICY["zone"], "figures": {**sums, "left": left},
                             "kept": [[f"{y}-{m:02}-{d:02}", mark] for (y, m, d), mark in sorted(marks.items())]}, checks.failed)
    return checks.verdict()


if __name__ == "__main__":
    sys.exit(main())
