"""What AWS asks of IAM when somebody calls its APIs: actions and resources behind each call of our functions and Lambda's pollers.

Is:      one row for each call, in a table; a call that is not in it is an error. What another service does on the caller's behalf (KMS)
         is in it as well.
Beware:  AWS asks for the action of single calls for batches, too, and RDS for every resource that a call names.
Source:  Service Authorization Reference, which test_policy.py compares with; "Permissions to use user-generated KMS keys" (Kinesis
         Developer Guide), "Secret encryption and decryption" (Secrets Manager User Guide), "AWS KMS key management" (Aurora User Guide).
"""

import dataclasses
import json
import urllib.parse
from collections.abc import Callable

from harness.policy import Ask

ACCOUNT = "123456789012"  # moto's


@dataclasses.dataclass(frozen=True)
class Call:
    service: str
    region: str
    operation: str
    members: dict

    def arn(self, rest: str) -> str:
        return f"arn:aws:{self.service}:{self.region}:{ACCOUNT}:{rest}"


def parse(service: str, region: str, target: str | None, body: bytes) -> Call:
    """target: the header X-Amz-Target of JSON services; the others have a form."""
    if target:
        return Call(service, region, target.split(".")[-1], json.loads(body))
    form = dict(urllib.parse.parse_qsl(body.decode(), keep_blank_values=True))
    return Call(service, region, form.pop("Action"), form)


# --- SQS


def _queue(action: str) -> Callable:
    def ask(call: Call, facts) -> list[Ask]:
        name = call.members["QueueUrl"].rsplit("/", 1)[-1]
        return [Ask(f"sqs:{action}", call.arn(name))]

    return ask


# --- Secrets Manager, Kinesis


def _secret_value(call: Call, facts) -> list[Ask]:
    arn = call.members["SecretId"]
    key = facts.secret_key(arn)
    return [Ask("secretsmanager:GetSecretValue", arn)] + ([Ask("kms:Decrypt", key)] if key else [])


def _put_records(call: Call, facts) -> list[Ask]:
    arn = call.members.get("StreamARN") or call.arn(f"stream/{call.members['StreamName']}")
    key = facts.stream_key(arn)
    return [Ask("kinesis:PutRecords", arn)] + ([Ask("kms:GenerateDataKey", key)] if key else [])


# --- RDS


def _describe_clusters(call: Call, facts) -> list[Ask]:
    return [Ask("rds:DescribeDBClusters", call.arn(f"cluster:{call.members.get('DBClusterIdentifier', '*')}"))]


def _describe_snapshots(call: Call, facts) -> list[Ask]:
    """The reference names both types and calls none of them required: to have both is enough whatever RDS looks at."""
    cluster = call.members.get("DBClusterIdentifier", "*")
    snapshot = call.members.get("DBClusterSnapshotIdentifier", "*")
    return [Ask("rds:DescribeDBClusterSnapshots", call.arn(f"cluster:{cluster}")),
            Ask("rds:DescribeDBClusterSnapshots", call.arn(f"cluster-snapshot:{snapshot}"))]


def _tagging(call: Call, arn: str) -> list[Ask]:
    """Tags in a call that makes something are asked for as if they were put on it afterwards."""
    return [Ask("rds:AddTagsToResource", arn)] if "Tags.Tag.1.Key" in call.members else []


def _create_snapshot(call: Call, facts) -> list[Ask]:
    snapshot = call.arn(f"cluster-snapshot:{call.members['DBClusterSnapshotIdentifier']}")
    return [Ask("rds:CreateDBClusterSnapshot", call.arn(f"cluster:{call.members['DBClusterIdentifier']}")),
            Ask("rds:CreateDBClusterSnapshot", snapshot), *_tagging(call, snapshot)]


def _copy_snapshot(call: Call, facts) -> list[Ask]:
    source = call.members["SourceDBClusterSnapshotIdentifier"]
    target = call.arn(f"cluster-snapshot:{call.members['TargetDBClusterSnapshotIdentifier']}")
    keys = [facts.snapshot(source)["KmsKeyId"], call.members["KmsKeyId"]] if "KmsKeyId" in call.members else []
    for_rds = {"kms:GrantIsForAWSResource": "true"}
    return [Ask("rds:CopyDBClusterSnapshot", source), Ask("rds:CopyDBClusterSnapshot", target), *_tagging(call, target),
            *(Ask("kms:DescribeKey", key) for key in keys), *(Ask("kms:CreateGrant", key, for_rds) for key in keys)]


def _own_snapshot(action: str) -> Callable:
    def ask(call: Call, facts) -> list[Ask]:
        arn = call.arn(f"cluster-snapshot:{call.members['DBClusterSnapshotIdentifier']}")
        tags = {tag["Key"]: tag["Value"] for tag in facts.snapshot(arn).get("TagList", [])}
        return [Ask(f"rds:{action}", arn, {f"aws:ResourceTag/{key}": value for key, value in tags.items()})]

    return ask


CALLS = {
    "sqs:ReceiveMessage": _queue("ReceiveMessage"),
    "sqs:DeleteMessageBatch": _queue("DeleteMessage"),
    "sqs:GetQueueAttributes": _queue("GetQueueAttributes"),
    "sqs:ChangeMessageVisibilityBatch": _queue("ChangeMessageVisibility"),
    "sqs:SendMessage": _queue("SendMessage"),
    "secretsmanager:GetSecretValue": _secret_value,
    "kinesis:PutRecords": _put_records,
    "rds:DescribeDBClusters": _describe_clusters,
    "rds:DescribeDBClusterSnapshots": _describe_snapshots,
    "rds:DescribeDBClusterSnapshotAttributes": _own_snapshot("DescribeDBClusterSnapshotAttributes"),
    "rds:CreateDBClusterSnapshot": _create_snapshot,
    "rds:CopyDBClusterSnapshot": _copy_snapshot,
    "rds:DeleteDBClusterSnapshot": _own_snapshot("DeleteDBClusterSnapshot"),
    "rds:ModifyDBClusterSnapshotAttribute": _own_snapshot("ModifyDBClusterSnapshotAttribute"),
}


def asks(call: Call, facts) -> list[Ask]:
    """facts: what AWS knows of its own resources, as iam_gate.Facts."""
    name = f"{call.service}:{call.operation}"
    if name not in CALLS:
        raise ValueError(f"{name}: nobody has said in api_calls.py what it asks of IAM")
    return CALLS[name](call, facts)
