"""What a careful person writes with boto3: list, make a snapshot of each cluster with its tags, delete all but the newest KEEP of our own.

snapshot_boto3.py SLOT KEEP: the peer of aurora_snapshot in ./build.sh bench snapshot; the same calls, in the same order."""

import os
import sys

import boto3
from botocore.config import Config

OWN = {"narae:managed-by": "aurora_snapshot", "narae:policy": "nightly"}


def main(slot: str, keep: int) -> None:
    rds = boto3.client("rds", endpoint_url=os.environ["AWS_ENDPOINT_URL_RDS"],
                       config=Config(retries={"mode": "standard", "max_attempts": 3}))
    clusters = [c for page in rds.get_paginator("describe_db_clusters").paginate(PaginationConfig={"PageSize": 100})
                for c in page["DBClusters"] if c["Engine"].startswith("aurora")]
    groups: dict[str, list] = {}
    for page in rds.get_paginator("describe_db_cluster_snapshots").paginate(SnapshotType="manual",
                                                                             PaginationConfig={"PageSize": 100}):
        for snapshot in page["DBClusterSnapshots"]:
            tags = {t["Key"]: t["Value"] for t in snapshot["TagList"]}
            if OWN.items() <= tags.items() and tags.get("narae:resource") == snapshot["DbClusterResourceId"]:
                groups.setdefault(tags["narae:resource"], []).append(
                    (tags["narae:slot"], snapshot["DBClusterSnapshotIdentifier"], snapshot["Status"]))
    name = slot.replace("-", "").replace(":", "").lower().replace("00z", "z")
    for cluster in clusters:
        tags = {**{t["Key"]: t["Value"] for t in cluster["TagList"]}, **OWN, "narae:slot": slot,
                "narae:resource": cluster["DbClusterResourceId"]}
        rds.create_db_cluster_snapshot(DBClusterIdentifier=cluster["DBClusterIdentifier"],
                                       DBClusterSnapshotIdentifier=f"narae-{cluster['DBClusterIdentifier']}-{name}",
                                       Tags=[{"Key": k, "Value": v} for k, v in tags.items()])
    for snapshots in groups.values():
        for _, id, _ in sorted((s for s in snapshots if s[2] == "available"), reverse=True)[keep:]:
            rds.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier=id)


main(sys.argv[1], int(sys.argv[2]))
