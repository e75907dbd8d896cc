"""kinesis_stream.py: Kinesis as far as search_log speaks to it: PutRecords, taken whole; and when each row came.

Is not: tests/standins/kinesis, which counts records and knows no rows; nor moto, which checks signatures in the end-to-end tests."""

import base64
import json
import time
from collections.abc import Callable

from http_server import Reply, Request

JSON_TYPE = (("Content-Type", "application/x-amz-json-1.1"),)
STORED = {"SequenceNumber": "49590338271490256608559692538361571095921575989136588898", "ShardId": "shardId-000000000000"}


class Stream:
    def __init__(self, on_row: Callable[[str, float], None]):
        """on_row gets each row and the moment, monotonic, s."""
        self._on_row = on_row
        self.n_records = 0

    async def answer(self, request: Request) -> Reply:
        assert request.headers["x-amz-target"] == "Kinesis_20131202.PutRecords", request.headers
        records, now = json.loads(request.body)["Records"], time.monotonic()
        for record in records:
            for row in base64.b64decode(record["Data"]).decode().split("\n"):
                self._on_row(row, now)
        self.n_records += len(records)
        return Reply(200, json.dumps({"FailedRecordCount": 0, "Records": [STORED] * len(records)}).encode(), JSON_TYPE)
