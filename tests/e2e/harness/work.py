"""The main job of each function, in a sandbox of harness/world.py: what is done, and what is to come of it."""

import json

from harness import paths, push, rds
from harness.iam_facts import REGION
from harness.process import wait_until
from harness.world import AWAY, PARTNER, Sandbox


def push_send(sandbox: Sandbox):
    """One message is sent; the other one's device must wait for as long as FCM says."""
    sandbox.database.add_devices([("17", "reg-17"), ("18", "reg-18")])
    sandbox.fcm.script("reg-18", {"verdict": "quota_bare", "retry_after_s": 120})
    n_done = sandbox.poll("PushQueue", [push.body("now", {"users": ["17"]}), push.body("later", {"users": ["18"]})])
    return n_done, sorted(sandbox.fcm.targets())


def push_devices(sandbox: Sandbox):
    """One message is done; the malformed one is to come back at once."""
    n_done = sandbox.poll("DevicesQueue", ["{not json", json.dumps({
        "action": "register", "kind": "token", "registration": "reg-17", "platform": "android", "user": "17", "topics": ["news"]})])
    return n_done, sandbox.database.rows("select topic, state from narae_push.topic")


def push_prune(sandbox: Sandbox):
    sandbox.database.add_devices([("17", "reg-17")])
    sandbox.database.run("insert into narae_push.topic (device_id, topic, state, is_wanted) values (1, 'news', 'wanted', true)")
    return sandbox.invoke({}).get("isComplete"), sandbox.database.rows("select state from narae_push.topic")


def search_query(sandbox: Sandbox):
    sandbox.database.run((paths.ROOT / "functions" / "search" / "schema.sql").read_text())
    sandbox.database.run("insert into narae_search.person (user_id, nickname) values ('1', '김철수')")
    found = [result["id"] for result in sandbox.invoke({"q": "김철"}).get("results", [])]
    reports, gate = sandbox.queue("SearchQueue"), sandbox.account.gate
    wait_until(lambda: reports.left() or gate.refused, "the search's event")  # the function waits for its answer for 300 ms only
    return found, reports.left()


def search_log(sandbox: Sandbox):
    """One message is stored; the malformed one is to come back at once."""
    n_done = sandbox.poll("SearchQueue", ["{not json", json.dumps({"user_query": "강아지", "session_id": "s-1"})])
    return n_done, n_records(sandbox.account.client("kinesis"), sandbox.stack.value("Lake", "Outputs.StreamName"))


def n_records(kinesis, stream: str) -> int:
    n = 0
    for shard in kinesis.list_shards(StreamName=stream)["Shards"]:
        at = kinesis.get_shard_iterator(StreamName=stream, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
        n += len(kinesis.get_records(ShardIterator=at, Limit=10000)["Records"])
    return n


def aurora_snapshot(sandbox: Sandbox):
    """Three slots of an encrypted cluster: each makes a snapshot, shares and copies the one before, and the third deletes the first."""
    home, away = (sandbox.account.client("rds", region) for region in (REGION, AWAY))
    begin_anew(home, away, sandbox.world.home_key)
    replies = [sandbox.invoke(rds.scheduled(ago_s=hours * 3600)) for hours in (3, 2, 1)]
    totals = [reply.get("totals", {}) for reply in replies]
    return ([(t.get("created"), t.get("deleted")) for t in totals], len(snapshots(home)), len(snapshots(away)),
            [account for id in snapshots(home) for account in shared_with(home, id)])


def begin_anew(home, away, key: str) -> None:
    for client in home, away:
        for id in snapshots(client):
            client.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier=id)
    if not home.describe_db_clusters()["DBClusters"]:
        home.create_db_cluster(DBClusterIdentifier="orders", Engine="aurora-postgresql", MasterUsername="root",
                               MasterUserPassword="not-a-secret", StorageEncrypted=True, KmsKeyId=key)


def snapshots(client) -> list[str]:
    found = client.describe_db_cluster_snapshots(SnapshotType="manual")["DBClusterSnapshots"]
    return [snapshot["DBClusterSnapshotIdentifier"] for snapshot in found]


def shared_with(client, id: str) -> list[str]:
    answer = client.describe_db_cluster_snapshot_attributes(DBClusterSnapshotIdentifier=id)["DBClusterSnapshotAttributesResult"]
    return [account for attribute in answer["DBClusterSnapshotAttributes"] for account in attribute["AttributeValues"]]


# By the function's name in template.yaml: the job, and its result when all is well.
WORK = {
    "PushSend": (push_send, (1, ["reg-17", "reg-18"])),
    "PushDevices": (push_devices, (1, [("news", "active")])),
    "PushPrune": (push_prune, (True, [("active",)])),
    "SearchQuery": (search_query, (["1"], 1)),
    "SearchLog": (search_log, (1, 1)),
    "AuroraSnapshot": (aurora_snapshot, ([(1, 0), (1, 0), (1, 1)], 2, 2, [PARTNER])),
}
