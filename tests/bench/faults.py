"""faults.py: the long fault run; its account to the screen and to build/report/bench-faults.json.

Exit 1 if a goal is missed; build/report/faults then has an account of each send that is lost or doubled without a death."""

import json
import os
import platform
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))

from harness import fault_evidence, paths  # noqa: E402
from harness.fault_run import Account, FaultRun, Plan  # noqa: E402

LONG = Plan(
    n_messages=1_000, n_devices=50, n_kills=20, n_restarts=2, n_repeated=50, batch=10, kill_within_s=0.1,
    # A tenth of the first 50,000 is throttled: 503 without and with Retry-After, 429. Without an end, some unlucky few would wait
    # for a quarter of an hour.
    mishaps=[{"share": 0.06, "verdict": "unavailable", "to": 50_000},
             {"share": 0.02, "verdict": "unavailable", "retry_after_s": 12, "to": 50_000},
             {"share": 0.02, "verdict": "quota_bare", "to": 50_000}, {"share": 0.001, "fault": "cut"}, {"share": 0.003, "fault": "reset"},
             {"share": 0.005, "fault": "refuse"}, {"share": 0.001, "fault": "goaway"}, {"share": 0.001, "fault": "goaway_before"}],
    # The default time limit of a request: on a busy machine a shorter one gives up on answers that only come late, and sends again.
    timeout_s=30, visibility_s=40, deadline_s=1_200)

EVIDENCE = paths.REPORT / "faults"


def goals_of(account: Account) -> list[dict]:
    """Every one of them is a count that must be zero, but for the doubles that cannot be avoided."""
    return [{"goal": goal, "seen": len(seen), "wanted": 0, "is_met": not seen} for goal, seen in [
        ("lost", account.lost), ("doubled although no process died between FCM's answer and the commit", account.unexplained),
        ("doubled without a collapse key", account.without_collapse_key), ("dead letters", account.dead_letters),
        ("not finished in the ledger", account.unfinished)]] + [
        {"goal": name, "seen": seen, "wanted": wanted, "is_met": seen == wanted} for name, seen, wanted in [
            ("messages left on the queue", account.n_left, 0), ("processes killed", account.n_kills, LONG.n_kills), ("database restarts", account.n_restarts, LONG.n_restarts)]]


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="narae-faults-") as scratch:
        run = FaultRun(Path(scratch), LONG)
        try:
            account = run.run()
            goals = goals_of(account)
            if not all(goal["is_met"] for goal in goals):
                fault_evidence.keep(run, account, EVIDENCE)
                print(f"what is needed to explain it: {EVIDENCE}")
        finally:
            run.stop()
    print(f"{account.n_sends:,} sends in {account.n_invocations:,} invocations, {account.took_s:.0f} s; FCM took "
          f"{account.n_accepted:,}: {len(account.doubled)} doubled by a death between its answer and the commit")
    print("FCM's answers: " + ", ".join(f"{name} {n:,}" for name, n in sorted(account.verdicts.items())))
    for goal in goals:
        print(f"{'met   ' if goal['is_met'] else 'MISSED'} {goal['goal']}: {goal['seen']}, goal {goal['wanted']}")
    counts = {name: len(value) if isinstance(value, list) else value for name, value in vars(account).items()}
    is_met = all(goal["is_met"] for goal in goals)
    paths.REPORT.mkdir(parents=True, exist_ok=True)
    (paths.REPORT / "bench-faults.json").write_text(json.dumps({
        "name": "faults", "what": "device sends over SQS (moto) while everything breaks, two sandboxes", "unit": "sends",
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Linux {platform.release()}", "is_met": is_met,
        "goals": goals, "figures": counts}, indent=2) + "\n")
    return 0 if is_met else 1


if __name__ == "__main__":
    sys.exit(main())
