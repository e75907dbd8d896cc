"""forward.py FILE: SQS events, one a line, to PutRecords by boto3."""

import json
import resource
import sys
import time


def cpu_us() -> int:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return int((usage.ru_utime + usage.ru_stime) * 1e6)


import boto3  # noqa: E402

client = boto3.client("kinesis")
lines = open(sys.argv[1], encoding="utf-8")
setup, began, sent = cpu_us(), time.monotonic(), 0
for line in lines:
    records = []
    for record in json.loads(line)["Records"]:
        body = record["body"]
        records.append({"Data": body.encode(), "PartitionKey": json.loads(body)["session_id"]})
    for at in range(0, len(records), 500):
        part = records[at:at + 500]
        reply = client.put_records(StreamName="searches", Records=part)
        sent += len(part) - reply["FailedRecordCount"]
print(json.dumps({"sent": sent, "setup_cpu_us": setup, "work_cpu_us": cpu_us() - setup,
                  "wall_ms": int((time.monotonic() - began) * 1000),
                  "peak_kib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}))
