"""aurora_snapshot when RDS, the network or the account is not as it should be."""

import json
import time

import pytest

from harness import rds as world
from harness.rds import add_nights, name_of, policy, scheduled

RETRIED = {"errorType": "Function.TryAgain", "errorMessage": "1 of 1 clusters have no snapshot for this slot yet"}


def errors(emulator) -> list[str]:
    emulator.wait_for_log()
    return [c["message"] for c in emulator.complaints()]


@pytest.fixture
def orders(rds):
    return rds.region().add_cluster("orders")


def test_pages_are_followed_to_the_last(rds, snapshot, orders):
    region = rds.region()
    for n in range(150):
        region.add_cluster(f"other-{n:03}")
    ours = add_nights(region, orders, [n / 24 for n in range(24, 24 + 230)])
    rds.quota = 1000

    reply = snapshot(policy(clusters={"ids": ["orders"]}, keep={"last": 200}, max_delete_per_cluster=100)).invoke(scheduled()).json()

    assert reply["totals"]["managed"] == 230 and reply["totals"]["deleted"] == 30
    assert set(ours) & set(region.snapshots) == set(ours[:200])
    assert rds.count("DescribeDBClusters") == 2 and rds.count("DescribeDBClusterSnapshots") == 3
    assert reply["apiCalls"] == 2 + 3 + 1 + 30


@pytest.mark.parametrize("do", ["internal", "unavailable", "proxy", "json", "cut", "reset", "denied"])
def test_a_page_that_fails_means_no_deletion_and_the_snapshot_is_made_all_the_same(rds, snapshot, orders, do):
    ours = add_nights(rds.region(), orders, [n / 24 for n in range(24, 24 + 230)])
    rds.quota = 1000
    rds.fault("DescribeDBClusterSnapshots", do, times=9, skip=2)
    emulator = snapshot(policy(keep={"last": 2}))

    reply = emulator.invoke(scheduled()).json()

    assert reply["clusters"][0]["result"] == "created"
    assert set(ours) <= set(rds.region().snapshots) and rds.count("DeleteDBClusterSnapshot") == 0
    assert reply["listing"] != "whole" and reply["totals"]["deleted"] == 0
    assert errors(emulator) == ["snapshots could not be listed: nothing is deleted"]
    assert not [m for m in world.metrics(emulator.text()) if "HoursSinceLastGoodSnapshot" in m], "what is not known is not said"


@pytest.mark.parametrize("do", ["throttle", "internal", "unavailable", "reset"])
def test_what_passes_is_tried_again(rds, snapshot, orders, do):
    rds.fault("DescribeDBClusters", do, times=2)
    emulator = snapshot(policy())

    reply = emulator.invoke(scheduled()).json()

    assert reply["clusters"][0]["result"] == "created"
    assert reply["throttled"] == (2 if do == "throttle" else 0)
    assert errors(emulator) == []


def test_throttling_that_does_not_end_asks_lambda_for_a_retry_which_then_works(rds, snapshot, orders):
    rds.fault("CreateDBClusterSnapshot", "throttle", times=6)
    emulator, event = snapshot(policy()), scheduled()

    first = emulator.invoke(event).json()
    assert {key: first[key] for key in RETRIED} == RETRIED
    reply = emulator.invoke(event).json()

    assert reply["clusters"][0]["result"] == "created"


@pytest.mark.parametrize("do", ["done-then-reset", "internal", "proxy", "cut", "reset"])
def test_a_create_without_an_answer_is_looked_after_and_never_doubled(rds, snapshot, orders, do):
    rds.fault("CreateDBClusterSnapshot", do)
    event = scheduled()

    reply = snapshot(policy()).invoke(event).json()

    was_done = do in ("done-then-reset", "cut")
    assert reply["clusters"][0]["result"] == ("existed" if was_done else "created")
    assert set(rds.region().snapshots) == {name_of("orders", world.unix_of(event["scheduled_time"]))}
    assert rds.count("CreateDBClusterSnapshot") == (1 if was_done else 2)
    assert rds.count("DescribeDBClusterSnapshots") == 2, "one look before it is sent again"


def test_a_busy_cluster_is_tried_twice_and_then_left_to_lambdas_retry(rds, snapshot, orders):
    rds.fault("CreateDBClusterSnapshot", "busy")
    rds.fault("CreateDBClusterSnapshot", "busy", skip=1)  # users' call comes between the two
    rds.region().add_cluster("users")
    emulator, event = snapshot(policy()), scheduled()

    first = emulator.invoke(event).json()
    assert first["errorType"] == "Function.TryAgain"
    assert first["errorMessage"] == "1 of 2 clusters have no snapshot for this slot yet"
    reply = emulator.invoke(event).json()

    assert [c["result"] for c in reply["clusters"]] == ["created", "existed"]


def test_a_manual_call_is_never_answered_with_an_error_that_lambda_would_repeat(rds, snapshot, orders):
    rds.fault("CreateDBClusterSnapshot", "busy", times=9)

    reply = snapshot(policy()).invoke({}).json()

    assert reply["isManual"] and reply["clusters"][0]["result"] == "busy"


def test_what_a_person_must_mend_is_reported_once_and_not_retried(rds, snapshot, orders):
    rds.region().add_cluster("users")
    rds.fault("CreateDBClusterSnapshot", "key")
    emulator = snapshot(policy())

    reply = emulator.invoke(scheduled()).json()

    assert [c["result"] for c in reply["clusters"]] == ["failed", "created"]
    assert reply["clusters"][0]["why"].startswith("CreateDBClusterSnapshot: 400 KMSKeyNotAccessibleFault: The specified KMS key")
    assert errors(emulator) == ["no snapshot made"]


def test_a_full_quota_is_met_by_pruning_and_one_more_try(rds, snapshot, orders):
    ours = add_nights(rds.region(), orders, range(1, 11))
    rds.quota = 10
    emulator = snapshot(policy(), {"NARAE_SNAPSHOT_QUOTA": "10"})

    reply = emulator.invoke(scheduled()).json()

    assert reply["clusters"][0]["result"] == "created"
    assert set(ours) & set(rds.region().snapshots) == set(ours[:7])


def test_a_full_quota_relaxes_no_rule(rds, snapshot, orders):
    add_nights(rds.region(), orders, range(3, 13))
    rds.quota = 10
    emulator = snapshot(policy(), {"NARAE_SNAPSHOT_QUOTA": "10"})

    reply = emulator.invoke(scheduled()).json()

    assert reply["clusters"][0]["result"] == "quota" and reply["totals"]["deleted"] == 0, "the newest good one is stale"
    assert reply["quota"]["used"] == 10
    assert errors(emulator) == ["no snapshot made"]


def test_the_limit_of_copies_under_way_is_not_the_quota(rds, snapshot, orders):
    add_nights(rds.region(), orders, [1])
    rds.fault("CopyDBClusterSnapshot", "copies")
    emulator = snapshot(policy(copy={"region": "us-west-2", "keep": {"last": 3}}))

    reply = emulator.invoke(scheduled("copy")).json()

    assert reply["groups"][0]["copy"] == "waits"
    assert errors(emulator) == []


def test_no_sixth_copy_is_begun(rds, snapshot):
    for n in range(8):
        cluster = rds.region().add_cluster(f"c{n}")
        add_nights(rds.region(), cluster, [1])
    rds.ready_after_s = 600

    reply = snapshot(policy(copy={"region": "us-west-2", "keep": {"last": 3}})).invoke(scheduled("copy")).json()

    assert [g["copy"] for g in reply["groups"]] == ["done"] * 5 + ["waits"] * 3
    assert rds.count("CopyDBClusterSnapshot") == 5


def test_a_clock_that_is_wrong_deletes_nothing(rds, snapshot, orders):
    ours = add_nights(rds.region(), orders, range(1, 13))
    rds.control({"now": time.time() - 400})
    emulator = snapshot(policy())

    reply = emulator.invoke(scheduled()).json()

    assert reply["isClockRight"] is False and set(ours) <= set(rds.region().snapshots)
    assert errors(emulator) == ["the clocks here and at AWS differ, or AWS's is not known: nothing is deleted"]


def test_a_delete_that_fails_is_no_failure_of_the_snapshot(rds, snapshot, orders):
    add_nights(rds.region(), orders, range(1, 11))
    rds.fault("DeleteDBClusterSnapshot", "denied")
    rds.fault("DeleteDBClusterSnapshot", "snapshot-busy")
    emulator = snapshot(policy())

    reply = emulator.invoke(scheduled()).json()

    assert reply["clusters"][0]["result"] == "created"
    assert (reply["totals"]["deleted"], reply["totals"]["deletesFailed"]) == (1, 1)
    assert [s["fate"] for s in reply["groups"][0]["snapshots"]] == ["not deleted", "delete later", "deleted"]
    assert errors(emulator) == ["snapshot not deleted"]


def test_clusters_that_cannot_be_listed_are_an_error_of_the_invocation(rds, snapshot, orders):
    rds.fault("DescribeDBClusters", "denied", times=9)

    answer = snapshot(policy()).invoke(scheduled()).json()

    assert answer["errorType"] == "Function.Denied"
    assert answer["errorMessage"] == "DescribeDBClusters: 403 AccessDenied: not authorized to perform: rds (request id fault)"


def test_the_invocation_ends_before_its_deadline(rds, snapshot, orders):
    rds.fault("CreateDBClusterSnapshot", "throttle", times=99)
    started = time.monotonic()

    answer = snapshot(policy(), timeout_s=8).invoke(scheduled()).json()

    assert answer["errorType"] == "Function.TryAgain" and time.monotonic() - started < 8


SETTING = "NARAE_SNAPSHOT_POLICY"


@pytest.mark.parametrize("text, message", [
    ('{"id": "nightly"}', f"{SETTING}.clusters: missing; must be an object"),
    (json.dumps({**world.NIGHTLY, "share": {"accounts": ["all"]}}), f"{SETTING}.share.accounts[0]: would make every snapshot public"),
    ('{', f"{SETTING}: not JSON: line 1, column 1: string or '}}' expected near end of file"),
    ("", f"{SETTING}: not set; accepted: a JSON document, or a secret reference to one"),
])
def test_a_wrong_policy_is_an_init_error_that_names_the_member(rds, snapshot, text, message):
    answer = snapshot(text).invoke({})

    assert answer.json()["errorMessage"] == f"aurora_snapshot init: {message}"


def test_a_policy_may_lie_behind_a_secret_reference(rds, snapshot, orders):
    reply = snapshot("env:THE_POLICY", {"THE_POLICY": policy(id="from-a-secret")}).invoke(scheduled()).json()

    assert reply["clusters"][0]["policy"] == "from-a-secret"


@pytest.mark.parametrize("event, message", [
    ({"mode": "delete"}, "mode: must be snapshot, copy, check, plan or verify"),
    ({"scheduled_time": "<aws.scheduler.scheduled-time>"},
     "scheduled_time: is a keyword that nobody replaced; only EventBridge Scheduler's own input knows it"),
    ({"policy": "weekly"}, 'policy: there is no "weekly" in NARAE_SNAPSHOT_POLICY'),
    ([], "event: must be an object"),
])
def test_a_malformed_trigger_is_refused_with_its_member_named(rds, snapshot, orders, event, message):
    assert snapshot(policy()).invoke(event).json()["errorMessage"] == message
    assert rds.region().snapshots == {}


def test_a_policy_that_will_not_fit_the_quota_is_warned_about_before_it_does_not(rds, snapshot, orders):
    rds.region().add_snapshot("before-migration", "orders")
    emulator = snapshot(policy(keep={"daily": 9}), {"NARAE_SNAPSHOT_QUOTA": "9"})

    reply = emulator.invoke(scheduled("plan")).json()

    assert reply["quota"] == {"used": 1, "max": 9, "forecast": 9}
    assert errors(emulator) == ["the policies will keep more snapshots than the quota allows"]


def test_what_is_the_newest_must_be_known_before_it_is_shared_copied_or_restored(rds, snapshot, orders):
    add_nights(rds.region(), orders, [n / 24 for n in range(24, 24 + 130)])
    rds.quota = 1000
    rds.fault("DescribeDBClusterSnapshots", "denied", skip=1)
    emulator = snapshot(policy(share={"accounts": ["111122223333"]}))

    emulator.invoke(scheduled("copy"))
    answer = emulator.invoke({"mode": "verify"}).json()

    assert rds.count("ModifyDBClusterSnapshotAttribute") == 0
    assert "drills" in answer, "the second listing went well"
    rds.fault("DescribeDBClusterSnapshots", "denied", skip=1)
    assert emulator.invoke({"mode": "verify"}).json()["errorType"] == "Function.Denied"
