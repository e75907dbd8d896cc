"""aurora_snapshot on the scripted RDS: what a run makes, keeps, deletes, shares and copies."""

import json
import time

import pytest

from harness import rds as world
from harness.rds import add_nights, metrics, name_of, own_tags, policy, scheduled


def ids(rds, region: str = "us-east-1") -> set[str]:
    return set(rds.region(region).snapshots)


def test_each_cluster_gets_the_snapshot_of_the_slot_with_our_tags_and_its_own(rds, snapshot):
    region = rds.region()
    region.add_cluster("orders", tags={"team": "orders & co", "aws:cloudformation:stack-id": "x", "narae:hold": "true"})
    region.add_cluster("users")
    region.add_cluster("graph", engine="neptune")
    event = scheduled()
    slot = event["scheduled_time"]

    reply = snapshot(policy()).invoke(event).json()

    suffix = slot.replace("-", "").replace(":", "").lower().replace("00z", "z")
    assert ids(rds) == {f"narae-orders-{suffix}", f"narae-users-{suffix}"}
    assert region.snapshots[f"narae-orders-{suffix}"]["tags"] == {
        "narae:managed-by": "aurora_snapshot", "narae:policy": "nightly", "narae:slot": slot,
        "narae:resource": "cluster-ORDERS", "narae:version": "0.1.0", "team": "orders & co"}
    assert [(c["cluster"], c["result"]) for c in reply["clusters"]] == [("orders", "created"), ("users", "created")]


def test_the_same_event_twice_makes_one_snapshot_and_changes_nothing(rds, snapshot):
    orders = rds.region().add_cluster("orders")
    add_nights(rds.region(), orders, range(1, 15))
    rds.ready_after_s = 600
    emulator, event = snapshot(policy(max_delete_per_cluster=100)), scheduled()

    first = emulator.invoke(event).json()
    before = ids(rds)
    second = emulator.invoke(event).json()

    assert first["totals"]["created"] == 1 and first["totals"]["deleted"] == 7
    assert second["totals"]["created"] == 0 and second["totals"]["existed"] == 1 and second["totals"]["deleted"] == 0
    assert ids(rds) == before
    assert rds.count("CreateDBClusterSnapshot") == 1


def test_two_runs_at_once_meet_at_the_name(rds, snapshot):
    """The listing came before the other run's create: the name is taken, and what has it is looked at."""
    orders = rds.region().add_cluster("orders")
    emulator, event = snapshot(policy()), scheduled()
    made = world.unix_of(event["scheduled_time"])
    rds.hidden = {name_of("orders", made)}
    rds.region().add_snapshot(name_of("orders", made), "orders", tags=own_tags(orders, made))

    reply = emulator.invoke(event).json()

    assert reply["clusters"][0]["result"] == "existed"


def test_a_name_that_belongs_to_somebody_else_is_a_failure_and_no_success(rds, snapshot):
    orders = rds.region().add_cluster("orders")
    event = scheduled()
    made = world.unix_of(event["scheduled_time"])
    rds.region().add_snapshot(name_of("orders", made), "orders", tags=own_tags(orders, made, policy_id="weekly"))
    emulator = snapshot(policy())

    reply = emulator.invoke(event).json()

    assert reply["clusters"][0]["result"] == "failed"
    assert reply["clusters"][0]["why"] == "the name belongs to another snapshot; policies on one cluster need different prefixes"
    emulator.wait_for_log()
    assert [c["message"] for c in emulator.complaints()] == ["no snapshot made"]


def test_a_failed_snapshot_in_the_way_gets_a_neighbour(rds, snapshot):
    orders = rds.region().add_cluster("orders")
    event = scheduled()
    made = world.unix_of(event["scheduled_time"])
    rds.region().add_snapshot(name_of("orders", made), "orders", tags=own_tags(orders, made), status="failed")

    reply = snapshot(policy()).invoke(event).json()

    assert reply["clusters"][0] == {**reply["clusters"][0], "result": "created", "snapshot": name_of("orders", made) + "-r2"}
    assert reply["totals"]["failedSnapshots"] == 1


def test_prunes_what_is_ours_by_the_rules_and_nothing_else(rds, snapshot):
    region = rds.region()
    orders = region.add_cluster("orders")
    ours = add_nights(region, orders, range(1, 13))
    long_ago = time.time() - 300 * world.DAY_S
    foreign = {
        "before-migration": {},
        "narae-orders-20200101t0000z": {},
        "narae-orders-20200102t0000z": own_tags(orders, long_ago, policy_id="weekly"),
        "narae-orders-20200103t0000z": own_tags({"resource_id": "cluster-OLD"}, long_ago),
        "a-persons-own-name": own_tags(orders, long_ago),
    }
    for id, tags in foreign.items():
        region.add_snapshot(id, "orders", created="2020-01-01T00:00:00Z", tags=tags)
    region.add_snapshot("rds:orders-2020", "orders", type="automated", tags=own_tags(orders, long_ago))
    held = ours[10]
    region.snapshots[held]["tags"]["narae:hold-until"] = "2999-01-01"

    reply = snapshot(policy(max_delete_per_cluster=100)).invoke(scheduled()).json()

    kept = set(ours[:7]) | {held} | set(foreign) | {"rds:orders-2020"}
    assert ids(rds) - {c["snapshot"] for c in reply["clusters"]} == kept
    assert reply["totals"]["deleted"] == 4
    assert reply["strangelyNamed"] == 2 and reply["unclaimed"] == 1


def test_dry_run_is_the_default_and_says_what_it_would_delete(rds, snapshot):
    orders = rds.region().add_cluster("orders")
    ours = add_nights(rds.region(), orders, range(1, 11))
    default = {"id": "nightly", "clusters": {"ids": ["*"]}, "keep": {"daily": 7}}
    emulator = snapshot(json.dumps(default))

    reply = emulator.invoke(scheduled()).json()

    assert set(ours) <= ids(rds) and rds.count("DeleteDBClusterSnapshot") == 0
    assert reply["totals"]["deletesWithheld"] == 3 and reply["totals"]["created"] == 1
    assert {s["fate"] for s in reply["groups"][0]["snapshots"]} == {"would be deleted"}


def test_plan_gives_a_reason_for_each_snapshot_and_changes_nothing(rds, snapshot):
    orders = rds.region().add_cluster("orders")
    ours = add_nights(rds.region(), orders, range(1, 11))
    emulator = snapshot(policy(keep={"daily": 3, "weekly": 1}, max_delete_per_cluster=4, min_keep=1))

    reply = emulator.invoke(scheduled("plan")).json()

    assert [s["id"] for s in reply["groups"][0]["snapshots"]] == ours
    assert [s["why"] for s in reply["groups"][0]["snapshots"]] == [
        "daily #1, weekly #1", "daily #2", "daily #3"] + ["over the deletions of one run"] * 3 + ["no rule keeps it"] * 4
    assert {call["action"] for call in rds.calls} == {"DescribeDBClusters", "DescribeDBClusterSnapshots"}


def test_when_creation_has_stopped_deletion_stops(rds, snapshot):
    orders = rds.region().add_cluster("orders")
    add_nights(rds.region(), orders, range(3, 20))
    rds.fault("CreateDBClusterSnapshot", "denied", times=99)

    reply = snapshot(policy()).invoke(scheduled()).json()

    assert reply["clusters"][0]["result"] == "failed"
    assert reply["totals"]["deleted"] == 0 and rds.count("DeleteDBClusterSnapshot") == 0


def test_several_policies_do_not_touch_each_other(rds, snapshot):
    region = rds.region()
    orders = region.add_cluster("orders")
    nightly = add_nights(region, orders, range(1, 11))
    for week in range(10):
        made = time.time() - (week * 7 + 0.5) * world.DAY_S
        region.add_snapshot(name_of("orders", made, "wk"), "orders", created=world.slot_text(made),
                            tags=own_tags(orders, made, policy_id="weekly"))
    weekly = {id for id in ids(rds) if id.startswith("wk-")}
    both = {"policies": [{**world.NIGHTLY, "keep": {"last": 5}, "max_delete_per_cluster": 100},
                         {**world.NIGHTLY, "id": "weekly", "prefix": "wk", "keep": {"last": 8}}]}
    emulator = snapshot(json.dumps(both))

    emulator.invoke(scheduled(policy="nightly"))
    assert weekly <= ids(rds) and set(nightly) & ids(rds) == set(nightly[:5])
    reply = emulator.invoke(scheduled(policy="weekly")).json()

    assert len(weekly & ids(rds)) == 8 and set(nightly) & ids(rds) == set(nightly[:5])
    assert [c["policy"] for c in reply["clusters"]] == ["weekly"]


def test_a_recreated_cluster_does_not_prune_its_predecessor(rds, snapshot):
    region = rds.region()
    old = {"id": "orders", "resource_id": "cluster-OLD"}
    region.add_cluster("orders", resource_id="cluster-NEW")
    before = add_nights(region, old, range(1, 20), resource_id="cluster-OLD")

    reply = snapshot(policy()).invoke(scheduled()).json()

    assert set(before) <= ids(rds)
    assert reply["totals"]["orphans"] == 1 and reply["totals"]["created"] == 1


def test_shares_and_copies_the_newest_good_one_and_prunes_copies_by_their_own_rules(rds, snapshot):
    home, away = rds.region(), rds.region("us-west-2")
    orders = home.add_cluster("orders", encrypted=True)
    ours = add_nights(home, orders, range(1, 4), encrypted=True)
    away.clusters.update(home.clusters)
    old_copies = add_nights(away, orders, range(2, 8), tags={"narae:copy-of": "us-east-1"})
    emulator = snapshot(policy(share={"accounts": ["111122223333", "444455556666"]},
                               copy={"region": "us-west-2", "kms_key": "arn:aws:kms:us-west-2:123456789012:key/k", "keep": {"last": 3}}))

    first = emulator.invoke(scheduled("copy")).json()
    second = emulator.invoke(scheduled("copy")).json()

    assert home.snapshots[ours[0]]["accounts"] == ["111122223333", "444455556666"]
    assert rds.count("ModifyDBClusterSnapshotAttribute") == 1 and rds.count("CopyDBClusterSnapshot") == 1
    copy = away.snapshots[ours[0]]
    assert copy["kms_key"].endswith("key/k") and copy["source"].endswith(ours[0])
    assert copy["tags"]["narae:slot"] == home.snapshots[ours[0]]["tags"]["narae:slot"]
    assert copy["tags"]["narae:copy-of"] == "us-east-1"
    assert (first["groups"][0]["share"], first["groups"][0]["copy"]) == ("done", "done")
    assert (second["groups"][0]["share"], second["groups"][0]["copy"]) == ("there before", "there before")
    assert set(away.snapshots) == {ours[0], *old_copies[:2]}
    assert set(ours) <= ids(rds), "copy mode deletes nothing at home"


def test_a_source_stays_until_its_copy_is_there(rds, snapshot):
    home, away = rds.region(), rds.region("us-west-2")
    orders = home.add_cluster("orders")
    away.clusters.update(home.clusters)
    ours = add_nights(home, orders, range(1, 8))
    add_nights(away, orders, [5], tags={"narae:copy-of": "us-east-1"})
    emulator = snapshot(policy(keep={"last": 1}, min_keep=1, max_delete_per_cluster=100,
                               copy={"region": "us-west-2", "keep": {"last": 9}}))

    emulator.invoke(scheduled())

    # Newer than the newest copy: waited for. As old or older: free to go.
    assert set(ours) & ids(rds) == set(ours[:4])


def test_an_encrypted_snapshot_needs_a_key_of_the_other_region(rds, snapshot):
    orders = rds.region().add_cluster("orders", encrypted=True)
    add_nights(rds.region(), orders, [1], encrypted=True)

    reply = snapshot(policy(copy={"region": "us-west-2", "keep": {"last": 9}})).invoke(scheduled("copy")).json()

    assert reply["groups"][0]["copy"] == "failed"
    assert reply["groups"][0]["copyWhy"] == "the snapshot is encrypted: copy.kms_key must name a key of the other Region"


def test_a_public_snapshot_is_shouted_about(rds, snapshot):
    orders = rds.region().add_cluster("orders")
    (id,) = add_nights(rds.region(), orders, [1])
    rds.region().snapshots[id]["accounts"] = ["all"]

    reply = snapshot(policy(share={"accounts": ["111122223333"]})).invoke(scheduled("copy")).json()

    assert reply["groups"][0]["shareWhy"] == 'the snapshot is public: somebody shared it with "all"'


def test_check_reports_ages_stuck_and_failed_ones_as_metrics_and_makes_nothing(rds, snapshot):
    region = rds.region()
    orders = region.add_cluster("orders")
    region.add_cluster("users", created=world.slot_text(time.time() - 100 * 3600))
    add_nights(region, orders, [2])
    (stuck,) = add_nights(region, orders, [1], status="creating")
    region.snapshots[stuck]["ready_at"] = None
    add_nights(region, orders, [0.1], status="failed")
    emulator = snapshot(policy())

    emulator.invoke(scheduled("check"))
    emulator.wait_for_log()

    lines = metrics(emulator.text())
    (cluster,) = [m for m in lines if m.get("Cluster") == "orders"]
    (users,) = [m for m in lines if m.get("Cluster") == "users"]
    (whole,) = [m for m in lines if m.get("Policy") == "nightly" and "Cluster" not in m]
    (run,) = [m for m in lines if "Policy" not in m]
    assert 47.9 < cluster["HoursSinceLastGoodSnapshot"] < 48.2
    assert (cluster["StuckSnapshots"], cluster["FailedSnapshots"], cluster["ManagedSnapshots"]) == (1, 1, 3)
    assert 99.9 < users["HoursSinceLastGoodSnapshot"] < 100.2, "a cluster without a good one reports its own age"
    assert whole["HoursSinceLastGoodSnapshot"] == users["HoursSinceLastGoodSnapshot"], "the worst of them"
    assert (run["QuotaUsed"], run["QuotaMax"]) == (3, 100)
    assert rds.count("CreateDBClusterSnapshot") == 0


def test_verify_gives_the_commands_of_a_restore_drill(rds, snapshot):
    orders = rds.region().add_cluster("orders")
    ours = add_nights(rds.region(), orders, range(1, 4))
    rds.region().add_cluster("empty", engine="aurora-mysql")

    drills = snapshot(policy()).invoke({"mode": "verify"}).json()["drills"]

    assert drills[0]["snapshot"] == ours[0] and drills[0]["restoredAs"] == "drill-orders"
    assert drills[0]["commands"][0].startswith("aws rds restore-db-cluster-from-snapshot --db-cluster-identifier drill-orders "
                                               f"--snapshot-identifier {ours[0]} --engine aurora-postgresql ")
    assert drills[0]["commands"][-1] == "aws rds delete-db-cluster --db-cluster-identifier drill-orders --skip-final-snapshot"
    assert not [c for c in drills[0]["commands"] if " orders" in c], "no command names the live cluster"
    assert drills[1] == {"cluster": "empty", "snapshot": None, "commands": []}


@pytest.mark.parametrize("ago_s, message", [
    (7 * 3600, "event: was scheduled 7 h ago, more than max_event_age_hours (6)"),
    (-3600, "event: is scheduled for "),
])
def test_a_slot_that_is_over_or_to_come_is_refused(rds, snapshot, ago_s, message):
    rds.region().add_cluster("orders")

    answer = snapshot(policy()).invoke(scheduled(ago_s=ago_s)).json()

    assert answer["errorType"] == "Function.WrongTime" and answer["errorMessage"].startswith(message)
    assert rds.calls == []


def test_a_stopped_cluster_is_skipped_and_stops_nobody(rds, snapshot):
    rds.region().add_cluster("asleep", status="stopped")
    rds.region().add_cluster("orders")

    reply = snapshot(policy()).invoke(scheduled()).json()

    assert [(c["cluster"], c["result"]) for c in reply["clusters"]] == [("asleep", "skipped"), ("orders", "created")]
