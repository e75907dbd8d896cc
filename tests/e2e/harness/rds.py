"""The scripted RDS (tests/standins/rds) in the test's own process, and snapshots as aurora_snapshot would have made them."""

import json
import sys
import time

from harness import paths

sys.path.insert(0, str(paths.ROOT / "tests" / "standins" / "rds"))

from rds import Rds, unix as unix_of  # noqa: E402, F401

NIGHTLY = {"id": "nightly", "clusters": {"ids": ["*"]}, "keep": {"daily": 7}, "dry_run": False}
DAY_S = 24 * 3600


def policy(**changed) -> str:
    return json.dumps({**NIGHTLY, **changed})


def slot_text(unix_s: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:00Z", time.gmtime(unix_s))


def name_of(cluster: str, unix_s: float, prefix: str = "narae") -> str:
    return f"{prefix}-{cluster}-{time.strftime('%Y%m%dt%H%Mz', time.gmtime(unix_s))}"


def own_tags(cluster: dict, unix_s: float, policy_id: str = "nightly", **more) -> dict:
    return {"narae:managed-by": "aurora_snapshot", "narae:policy": policy_id, "narae:slot": slot_text(unix_s),
            "narae:resource": cluster["resource_id"], **more}


def add_nights(region, cluster: dict, nights, tags: dict | None = None, **more) -> list[str]:
    """A snapshot for each of so many nights ago; their ids, in the same order."""
    now = time.time()
    ids = []
    for night in nights:
        made = now - night * DAY_S
        region.add_snapshot(name_of(cluster["id"], made), cluster["id"], created=slot_text(made),
                            tags=own_tags(cluster, made, **(tags or {})), **more)
        ids.append(name_of(cluster["id"], made))
    return ids


def scheduled(mode: str = "snapshot", ago_s: float = 0, **more) -> dict:
    """What EventBridge Scheduler sends with the input that template.yaml gives it."""
    return {"mode": mode, "scheduled_time": slot_text(time.time() - ago_s), **more}


def metrics(log: str) -> list[dict]:
    """Every EMF line of a log."""
    return [json.loads(line[line.index("{"):]) for line in log.splitlines() if '"_aws"' in line]
