"""demo_search.py: a week of searches, from the search box to the lake; run by tools/demo.sh beside a temporary PostgreSQL.

search_query answers today's from PostgreSQL and reports each to a queue; those of the days before an app has reported itself.
search_log scrubs and packs what is in the queue into moto's Kinesis, which checks every signature; the lake's named queries run on
what arrived, in DuckDB. Needs the Python tools of tests/e2e. Exit 0 only if everything came out as expected."""

import base64
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

import demo_crowd as crowd
from demo_parts import DATABASE, PACKAGE, PKI, ROOT, Checks, Parts, Run
from demo_queue import Queue
from demo_search_show import keep, show

sys.path.insert(0, str(ROOT / "tests/e2e"))
sys.path.insert(0, str(ROOT / "tests/bench"))

import search_input  # noqa: E402
from harness.aws import Aws  # noqa: E402
from harness.kinesis import Stream  # noqa: E402
from harness.lake import Lake, queries  # noqa: E402

SEARCHES = 10_000
TODAY = 1_500  # of them through search_query: PostgreSQL's part of each is milliseconds, and a demo has seconds
CLICKS = 0.4   # of the searches that found something
BATCH = 1_000  # messages of one invocation: as a queue with a long window gives them
PSEUDONYM_KEY = json.dumps({"id": "2026-11", "key": base64.b64encode(bytes(range(32))).decode()})
SCHEMA = ROOT / "functions/search/schema.sql"
ZONE = ZoneInfo("Asia/Seoul")  # whose days the lake counts


def fill_database() -> None:
    """Nicknames and posts; ids are what the search's hits name."""
    people = "".join(f"u{n}\t{name}\n" for n, name in enumerate(crowd.nicknames()))
    posts = "".join(f"{post}\t{title}\n" for post, title in crowd.posts())
    script = (f"set client_min_messages = warning;\n{SCHEMA.read_text()}\n"
              f"copy narae_search.person (user_id, nickname) from stdin;\n{people}\\.\n"
              f"copy narae_search.post (post_id, title) from stdin;\n{posts}\\.\nvacuum analyze;\n")
    subprocess.run(["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", DATABASE, "-f", "-"], input=script, text=True, check=True,
                   stdout=subprocess.DEVNULL)


def environment(function: str, more: dict) -> dict[str, str]:
    """What the template would set."""
    return {"_HANDLER": f"{function}.handler", "LAMBDA_TASK_ROOT": str(PACKAGE / "functions" / function),
            "AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": "INFO", "AWS_REGION": "us-east-1",
            "SSL_CERT_FILE": str(PKI / "ca.pem"), **more}


class Asked:
    """Searches through search_query, one after the other, and their answers."""

    def __init__(self, parts: Parts, queue: Queue, searches: list[crowd.Search]):
        env = environment("search_query", {
            "NARAE_DATABASE": "env:DEMO_DATABASE", "DEMO_DATABASE": DATABASE,
            "NARAE_SEARCH_CURSOR_KEY": "env:DEMO_CURSOR_KEY", "DEMO_CURSOR_KEY": "demo-" * 8,
            "NARAE_SEARCH_EVENTS_QUEUE": queue.url, "NARAE_SEARCH_EVENTS_TIMEOUT_MS": "5000",
            "AWS_ENDPOINT_URL_SQS": queue.endpoint, "AWS_ACCESS_KEY_ID": "demo", "AWS_SECRET_ACCESS_KEY": "demo"})
        began = time.monotonic()
        self.run = Run(parts, env, [search.request for search in searches])
        self.seconds = time.monotonic() - began
        self.answers = list(zip(searches, self.run.replies()))


def clicks(answers: list[tuple[crowd.Search, dict]], now: datetime) -> list[dict]:
    """What the app itself reports: somebody followed one of the first results."""
    rng = random.Random(crowd.SEED)
    made = []
    for search, answer in answers:
        if search.counts and answer["results"] and rng.random() < CLICKS:
            position = min(int(rng.expovariate(0.6)), len(answer["results"]) - 1)
            made.append({
                "action_name": "click", "timestamp": now.isoformat(timespec="milliseconds"), "query_id": answer["query_id"],
                "session_id": search.request["session_id"], "user_id": search.request["user_id"],
                "event_attributes": {"object": {"object_id": answer["results"][position]["id"]},
                                     "position": {"ordinal": position + 1}}})
    return made


def batches(bodies: list[str]) -> list[dict]:
    """SQS events; the first comes twice, as SQS may deliver it."""
    made = [{"Records": [search_input.message(body, first + i) for i, body in enumerate(bodies[first:first + BATCH])]}
            for first in range(0, len(bodies), BATCH)]
    return [*made, made[0]]


class Kinesis:
    """moto with a stream, a key and a role that may do what search_log's may."""

    def __init__(self, scratch: Path):
        self.aws = Aws(scratch / "aws")
        self.stream = Stream(self.aws)
        self.settings = {
            "NARAE_SEARCH_STREAM": self.stream.arn, "NARAE_SEARCH_PSEUDONYM_KEY": self.aws.secret("pseudonyms", PSEUDONYM_KEY),
            "AWS_ENDPOINT_URL": self.aws.endpoint, **self.aws.role_keys([
                {"Effect": "Allow", "Action": "kinesis:PutRecords", "Resource": "*"},
                {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "*"}])}
        self.aws.lock()


class Story:
    """Everything that happened, in its order."""

    def __init__(self, parts: Parts, kinesis: Future):
        now = datetime.now(ZONE)
        fill_database()
        self.week = crowd.Week(TODAY, SEARCHES - TODAY, now.replace(hour=0, minute=0, second=0, microsecond=0))
        queue = Queue()
        self.asked = Asked(parts, queue, self.week.today)
        queue.stop()
        self.reported = list(queue.bodies)
        self.clicks = clicks(self.asked.answers, datetime.now(ZONE))
        apps = [search.app_event(at) for at, search in self.week.before] + self.clicks
        self.batches = batches(self.reported + [json.dumps(event, ensure_ascii=False) for event in apps])
        self.log_and_look(parts, kinesis.result())
        lake = Lake(now, {"MinimumPeople": "10"})
        lake.add(self.rows)
        self.lake = {name: lake.named(name) for name in queries(lake.parameters)}

    def log_and_look(self, parts: Parts, kinesis: Kinesis) -> None:
        began = time.monotonic()
        self.logged = Run(parts, environment("search_log", kinesis.settings), self.batches)
        self.logged_s = time.monotonic() - began
        self.records = [record["Data"].decode() for record in kinesis.stream.records()]
        self.rows = [json.loads(line) for record in self.records for line in record.split("\n")]

    def log_lines(self) -> list[dict]:
        return [line for run in (self.asked.run, self.logged) for line in run.log]

    @cached_property
    def planted(self) -> list[crowd.Planted]:
        return [search.planted for search in self.week.all if search.planted]

    @cached_property
    def leaks(self) -> list[str]:
        """Planted secrets, as typed or by their digits, that are anywhere behind search_log: stream, log, answers of the lake."""
        seen = "\n".join([*self.records, *(json.dumps(line, ensure_ascii=False) for line in self.log_lines()), str(self.lake)])
        texts = "\n".join(row.get("query_norm", "") for row in self.rows)
        digits = "".join(c for c in texts if c.isdigit() or c == "\n")
        return [s.text for s in self.planted if s.text in seen or (s.digits and s.digits in digits)]


def complaints(story: Story) -> list[dict]:
    """But the end of the script, which the Runtime API's stand-in tells by a status 500."""
    return [line for line in story.log_lines()
            if line.get("level") in ("WARN", "ERROR", "FATAL") and line["errorType"] != "Runtime.NextRefused"]


def check(story: Story, checks: Checks) -> None:
    searches, lake = story.week.all, story.lake
    events = sum(search.is_kept for search in searches) + len(story.clicks)
    checks.expect("searches", len(searches), SEARCHES)
    checks.expect("answers", len(story.asked.answers), TODAY)
    checks.expect("events that search_query reported", len(story.reported), sum(s.is_kept for s in story.week.today))
    checks.expect("answers without a result", [s.phrase for s, answer in story.asked.answers
                                               if s.is_final and (answer["result_count"] > 0) != crowd.found(s.phrase)], [])
    checks.expect("messages that came back", [r["batchItemFailures"] for r in story.logged.replies()], [[]] * len(story.batches))
    checks.expect("different events in the stream", len({row["event_id"] for row in story.rows}), events)
    checks.expect("copies that the lake sees", sum(row[2] for row in lake["copies"]), BATCH)
    checks.expect("top-queries", lake["top-queries"], crowd.top_queries(searches))
    checks.expect("zero-result-queries", lake["zero-result-queries"], crowd.zero_result_queries(searches))
    checks.expect("zero-result-rate", sum(row[2] for row in lake["zero-result-rate"]),
                  sum(s.counts and not crowd.found(s.phrase) for s in searches))
    checks.expect("trending", [row[0] for row in lake["trending"][:1]], [crowd.TRENDING])
    checks.expect("clicks in click-through", sum(row[2] for row in lake["click-through"]), len(story.clicks))
    checks.expect("personal-data", kinds_counted(lake["personal-data"]), crowd.planted_by_kind(searches))
    checks.expect("planted secrets that came through", story.leaks, [])
    checks.expect("complaints of the functions", complaints(story), [])


def kinds_counted(rows: list[tuple]) -> dict[str, int]:
    """Of all days."""
    counted = Counter()
    for _, kind, n in rows:
        counted[kind] += n
    return dict(sorted(counted.items()))


def main() -> int:
    checks = Checks()
    with tempfile.TemporaryDirectory(prefix="narae-demo-") as scratch, ThreadPoolExecutor(1) as pool:
        parts = Parts(Path(scratch))
        kinesis = pool.submit(Kinesis, parts.scratch)  # moto takes seconds to start: beside the searches
        try:
            story = Story(parts, kinesis)
        finally:
            kinesis.result().aws.stop()
            parts.stop()
    check(story, checks)
    show(story)
    keep(story, checks)
    return checks.verdict()


if __name__ == "__main__":
    sys.exit(main())
