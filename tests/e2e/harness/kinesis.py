"""Streams: one in moto, to look at what arrived; and the stand-in that only counts, for what measures the function."""

import json
import subprocess

from harness.paths import ROOT

PROGRAM = ROOT / "build" / "meson" / "tests" / "standins" / "kinesis" / "kinesis_standin"


class Stream:
    """A stream in moto, and the rows that are in it."""

    def __init__(self, aws, name: str = "searches"):
        self.aws, self.name = aws, name
        self.client = aws.client("kinesis")
        self.client.create_stream(StreamName=name, ShardCount=4)
        self.arn = self.client.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"]

    def records(self) -> list[dict]:
        self.aws.unlock()
        found = []
        for shard in self.client.list_shards(StreamName=self.name)["Shards"]:
            at = self.client.get_shard_iterator(StreamName=self.name, ShardId=shard["ShardId"],
                                                ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
            found += self.client.get_records(ShardIterator=at, Limit=10000)["Records"]
        return found

    def rows(self) -> list[dict]:
        return [json.loads(line) for record in self.records() for line in record["Data"].decode().split("\n")]


class CountingStream:
    def __init__(self):
        assert PROGRAM.is_file(), f"{PROGRAM} is missing: run ./build.sh build"
        self._process = subprocess.Popen([PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.endpoint = f"http://127.0.0.1:{int(self._process.stdout.readline())}"

    def stop(self) -> dict:
        """What came: requests, records, connections."""
        self._process.stdin.close()
        figures = self._process.stdout.readline().split()
        self._process.wait(timeout=10)
        return dict(zip(("requests", "records", "connections"), map(int, figures), strict=True))
