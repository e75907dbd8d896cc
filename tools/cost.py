"""cost.py: what a month costs. Quantities of docs/cost.json times its prices, as the tables of docs/cost.md.

    python3 tools/cost.py [FIGURES.json]     prints them, for figures of your own
    python3 tools/cost.py --write            puts them into docs/cost.md
"""

import json
import math
import re
import sys
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from types import SimpleNamespace

DOCS = Path(__file__).resolve().parent.parent / "docs"
GB = 1024 ** 3
KB = 1024
RECORD_STEP = 5 * KB        # of Firehose


def rounded(number, places: str) -> Decimal:
    return Decimal(str(number)).quantize(Decimal(places), ROUND_HALF_UP)


def shown(number: Decimal) -> str:
    text = f"{number:,.3f}".rstrip("0").rstrip(".")
    return text or "0"


def volumes(f: dict, team: dict) -> SimpleNamespace:
    """What happens in a month, and how long the functions take for it."""
    v = SimpleNamespace(**f["user"], **f["measured"], **f["assumed"], **f["template"], **f["lambda_service"], **team)
    v.hours, v.days = f["hours"], f["hours"] / 24
    v.messages = v.users * v.pushes_a_day * v.days
    v.sends = v.messages * v.devices
    v.device_messages = v.users * v.device_messages_a_month
    v.searches = v.users * v.searches_a_day * v.days
    v.events = v.searches * v.events_a_search
    v.push_runs = v.messages / v.push_batch
    v.event_runs = v.events / v.event_batch
    v.scheduled_runs = v.runs_a_day * v.days
    share = f["lambda"]["mb_of_a_vcpu"] / f["lambda"]["memory_mb"]
    v.gb = f["lambda"]["memory_mb"] / KB
    v.push_ms = math.ceil(v.push_wait_ms + v.push_cpu_us * v.push_batch * v.devices * share / 1000)
    v.query_ms = math.ceil(v.query_wait_ms + v.search_ms * share)
    v.event_ms = math.ceil(v.event_wait_ms + v.event_cpu_us * v.event_batch * share / 1000)
    v.start_ms = math.ceil(v.push_setup_cpu_ms * share)
    v.polls = v.pollers * v.polls_a_minute * 60 * v.hours * v.queues_with_pollers
    rows = min(v.event_batch, v.rows_in_5000_bytes)
    v.records = v.events / rows
    v.kinesis_gb = v.records * math.ceil(rows * v.row_bytes / KB) * KB / GB
    v.firehose_gb = v.records * RECORD_STEP / GB
    v.firehose_alone_gb = v.events * RECORD_STEP / GB
    v.rows_gb = v.events * v.row_bytes / GB
    v.scanned_gb = max(10 / KB, v.rows_gb / v.gzip_ratio * v.view_days / v.days) * v.athena_queries_a_day * v.days
    v.log_gb = (v.push_runs * v.push_log_bytes + v.device_messages * v.devices_log_bytes + v.searches * v.query_log_bytes +
                v.event_runs * v.event_log_bytes) / GB
    v.metric_months = sum(m["series"] * len(m["names"]) * m["hours_a_day"] / 24 for m in f["metrics"])
    v.fcm_out_gb = v.sends * v.fcm_out_bytes / GB
    v.aws_gb = v.searches * v.query_aws_bytes / GB
    v.nat_gb = v.fcm_out_gb + v.sends * v.fcm_in_bytes / GB + v.aws_gb
    v.database_gb = (v.sends * v.database_bytes_a_send + v.searches * v.database_bytes_a_search) / GB
    v.storage_gb = (v.sends * v.ledger_bytes * 30 / v.days + v.users * v.devices * v.device_bytes +
                    v.users * (v.person_bytes + v.person_index_bytes)) / GB
    v.runs = v.push_runs + v.device_messages + v.searches + v.event_runs + v.scheduled_runs
    v.traces = min(v.runs, v.hours * 3600) + 0.05 * max(0, v.runs - v.hours * 3600)
    v.gb_seconds = v.gb / 1000 * (v.push_runs * v.push_ms + v.device_messages * v.devices_wait_ms + v.searches * v.query_ms +
                                  v.event_runs * v.event_ms + v.scheduled_runs * v.scheduled_ms + v.starts * v.start_ms)
    v.sent_to_queues = v.messages + v.device_messages + v.events
    v.receives = v.push_runs + v.device_messages + v.event_runs * math.ceil(v.event_batch / 10)
    return v


# (what, how many, price, quantity)
FUNCTIONS = [
    ("push_send, invocations", "users x pushes a day x days / batch", "lambda-request", lambda v: v.push_runs),
    ("push_send, time", "invocations x ms x {gb} GB", "lambda-arm64", lambda v: v.push_runs * v.push_ms / 1000 * v.gb),
    ("push_devices, invocations", "users x device messages, one each", "lambda-request", lambda v: v.device_messages),
    ("push_devices, time", "the same", "lambda-arm64", lambda v: v.device_messages * v.devices_wait_ms / 1000 * v.gb),
    ("search_query, invocations", "users x searches a day x days", "lambda-request", lambda v: v.searches),
    ("search_query, time", "the same", "lambda-arm64", lambda v: v.searches * v.query_ms / 1000 * v.gb),
    ("search_log, invocations", "searches x events a search / batch", "lambda-request", lambda v: v.event_runs),
    ("search_log, time", "the same", "lambda-arm64", lambda v: v.event_runs * v.event_ms / 1000 * v.gb),
    ("push_prune and aurora_snapshot, invocations", "{runs_a_day} a day", "lambda-request", lambda v: v.scheduled_runs),
    ("push_prune and aurora_snapshot, time", "the same", "lambda-arm64", lambda v: v.scheduled_runs * v.scheduled_ms / 1000 * v.gb),
    ("starts of sandboxes, time", "starts x ms x {gb} GB", "lambda-arm64", lambda v: v.starts * v.start_ms / 1000 * v.gb),
    ("EventBridge Scheduler", "{runs_a_day} a day", "scheduler", lambda v: v.scheduled_runs),
    ("SQS, sent", "one request for each message and event", "sqs-request", lambda v: v.sent_to_queues),
    ("SQS, received and deleted", "two for each batch of up to 10", "sqs-request", lambda v: 2 * v.receives),
    ("SQS, received in vain", "{queues_with_pollers} queues x {pollers} pollers x {polls_a_minute} a minute", "sqs-request", lambda v: v.polls),
    ("sent to FCM over the internet", "sends x {fcm_out_bytes} bytes", "data-out", lambda v: v.fcm_out_gb),
]
LAKE = [
    ("Kinesis, on-demand stream", "hours", "kinesis-stream", lambda v: v.hours),
    ("Kinesis, written", "records, each rounded up to 1 KB", "kinesis-in", lambda v: v.kinesis_gb),
    ("Kinesis, read by Firehose", "bytes of rows", "kinesis-out", lambda v: v.rows_gb),
    ("Firehose", "records, each rounded up to 5 KB", "firehose", lambda v: v.firehose_gb),
    ("S3, stored", "{raw_days} days of rows, 1/{gzip_ratio} by gzip", "s3-storage", lambda v: v.rows_gb / v.gzip_ratio * v.raw_days / v.days),
    ("S3, written", "an object each {buffer_seconds} s", "s3-put", lambda v: v.hours * 3600 / v.buffer_seconds),
    ("Athena", "{athena_queries_a_day} queries a day over {view_days} days of rows, at least 10 MB each", "athena", lambda v: v.scanned_gb),
    ("KMS, the lake's key", "{keys}", "kms-key", lambda v: v.keys),
    ("KMS, requests", "{kinesis_shards} shards x 12 an hour, written and read", "kms-request", lambda v: v.kinesis_shards * 12 * 2 * v.hours),
]
WATCHING = [
    ("CloudWatch, log written", "bytes a line x invocations", "log-in", lambda v: v.log_gb),
    ("CloudWatch, log kept", "{log_days} days of it", "log-storage", lambda v: v.log_gb * v.log_days / v.days),
    ("CloudWatch, our metrics", "series, by the hours a day that they are written", "metric", lambda v: v.metric_months),
    ("CloudWatch, alarms", "metrics that alarms look at", "alarm", lambda v: v.alarm_metrics),
    ("CloudWatch, dashboards", "as the templates have them", "dashboard", lambda v: v.dashboards),
    ("X-Ray, traces", "invocations, at most one a second and 5 % of more", "trace", lambda v: v.traces),
    ("Secrets Manager, secrets", "database, FCM, cursors, pseudonyms", "secret", lambda v: v.secrets),
    ("Secrets Manager, calls", "sandboxes x 2 secrets x 12 an hour", "secret-call", lambda v: v.sandboxes * 2 * 12 * v.hours),
]
FREE = [
    ("Lambda, invocations", "lambda-request", lambda v: v.runs),
    ("Lambda, time", "lambda-arm64", lambda v: v.gb_seconds),
    ("SQS", "sqs-request", lambda v: v.sent_to_queues + 2 * v.receives + v.polls),
    ("EventBridge Scheduler", "scheduler", lambda v: v.scheduled_runs),
    ("to the internet", "data-out", lambda v: v.fcm_out_gb),
    ("KMS, requests", "kms-request", lambda v: v.kinesis_shards * 12 * 2 * v.hours),
    ("CloudWatch, log", "log-in", lambda v: v.log_gb),
    ("CloudWatch, our metrics", "metric", lambda v: v.metric_months),
    ("CloudWatch, alarms", "alarm", lambda v: v.alarm_metrics),
    ("CloudWatch, dashboards", "dashboard", lambda v: v.dashboards),
    ("X-Ray, traces", "trace", lambda v: v.traces),
]
NAT_ONE = [
    ("NAT gateway", "1 x hours", "nat", lambda v: v.hours),
    ("its public address", "1 x hours", "address", lambda v: v.hours),
    ("through it", "FCM both ways, searches' events to SQS", "nat-data", lambda v: v.nat_gb),
    ("between zones", "half of that and of the database's, billed both ways", "between-zones", lambda v: v.nat_gb + v.database_gb),
]
NAT_EACH = [
    ("NAT gateways", "2 x hours", "nat", lambda v: 2 * v.hours),
    ("their public addresses", "2 x hours", "address", lambda v: 2 * v.hours),
    ("through them", "as above", "nat-data", lambda v: v.nat_gb),
    ("between zones", "half of the database's, billed both ways", "between-zones", lambda v: v.database_gb),
]
ENDPOINTS = [
    ("endpoints secretsmanager and sqs", "2 x 2 zones x hours", "endpoint", lambda v: 4 * v.hours),
    ("through them", "searches' events to SQS", "endpoint-data", lambda v: v.aws_gb),
    ("between zones", "half of the database's, billed both ways", "between-zones",
     lambda v: v.searches * v.database_bytes_a_search / GB),
]
BASTION = [
    ("bastion, t4g.nano", "hours", "bastion", lambda v: v.hours),
    ("its disk", "8 GB", "gp3", lambda v: 8),
    ("endpoints ssm and ssmmessages, without NAT gateways only", "2 x 2 zones x hours", "endpoint", lambda v: 4 * v.hours),
]
DATABASE = [
    ("Aurora Serverless v2, writer", "capacity units, on average, x hours", "acu", lambda v: v.acu * v.hours),
    ("Aurora Serverless v2, reader", "the same", "acu", lambda v: v.acu * v.hours),
    ("storage", "ledger of 30 days, devices, people", "aurora-storage", lambda v: v.storage_gb),
    ("reads and writes of storage", "{ios_a_send} a send, {ios_a_search} a search", "aurora-io",
     lambda v: v.sends * v.ios_a_send + v.searches * v.ios_a_search),
    ("snapshots", "{snapshots_kept} kept, of which {backup_days} are free, x storage", "snapshot", lambda v: (v.snapshots_kept - v.backup_days) * v.storage_gb),
]
OPTIONS = [
    ("x86_64 instead of arm64: all time of functions, in place of the lines above", "GB-seconds", "lambda-x86_64", lambda v: v.gb_seconds),
    ("the same on arm64, to compare", "GB-seconds", "lambda-arm64", lambda v: v.gb_seconds),
    ("StreamMode PROVISIONED, one shard, instead of the on-demand stream", "hours", "kinesis-shard", lambda v: v.hours),
    ("Firehose without packing: each event a record, in place of its line", "events x 5 KB", "firehose", lambda v: v.firehose_alone_gb),
    ("what packing saves of that", "the difference", "firehose", lambda v: v.firehose_alone_gb - v.firehose_gb),
    ("Format parquet: conversion", "what Firehose bills", "firehose-parquet", lambda v: v.firehose_gb),
    ("Format parquet: Athena, in place of its line", "1/{parquet_scan_ratio} is scanned", "athena",
     lambda v: max(v.scanned_gb / v.parquet_scan_ratio, 10 / KB * v.athena_queries_a_day * v.days)),
    ("pushes sent by SendMessageBatch of 10: what it saves", "nine tenths of the requests", "sqs-request", lambda v: 0.9 * v.messages),
]
TABLES = {"functions": FUNCTIONS, "lake": LAKE, "watching": WATCHING, "nat-one": NAT_ONE, "nat-each": NAT_EACH,
          "endpoints": ENDPOINTS, "bastion": BASTION, "database": DATABASE, "options": OPTIONS}
WITHOUT_TOTAL = {"options"}


def line(f: dict, what: str, how: str, price: str, quantities: list[float]) -> tuple[list[str], list[Decimal]]:
    """Amounts are those of the quantities that are shown, so that a reader's own multiplication gives the same."""
    p = f["prices"][price]
    counts = [rounded(q / p["per"], "0.001") for q in quantities]
    amounts = [rounded(count * Decimal(str(p["usd"])), "0.01") for count in counts]
    pairs = [cell for count, amount in zip(counts, amounts) for cell in (shown(count), f"{amount:,}")]
    return [what, how, f"{p['usd']} / {p['unit']}", *pairs], amounts


def sums(rows: list[list[Decimal]]) -> list[Decimal]:
    return [sum(column) for column in zip(*rows)]


def markdown(header: list[str], rows: list[list[str]]) -> str:
    return "\n".join("| " + " | ".join(row) + " |" for row in [header, ["---"] * len(header), *rows])


def header(f: dict) -> list[str]:
    return ["", "how many", "USD", *(cell for team in f["teams"] for cell in (f"{team['users']:,} users", "USD a month"))]


def totals(what: str, amounts: list[Decimal]) -> list[str]:
    return [what, "", "", *(cell for amount in amounts for cell in ("", f"**{amount:,}**"))]


def table(f: dict, teams: list, lines: list, has_total: bool) -> tuple[str, list[Decimal]]:
    made = [line(f, what, how.format(**vars(teams[0])), price, [quantity(v) for v in teams]) for what, how, price, quantity in lines]
    total = sums([amounts for _, amounts in made])
    rows = [cells for cells, _ in made] + ([totals("total", total)] if has_total else [])
    return markdown(header(f), rows), total


def free_table(f: dict, teams: list) -> tuple[str, list[Decimal]]:
    lines = [(what, f"up to {f['free'][price]:,}", price, lambda v, of=of, most=f["free"][price]: min(of(v), most)) for what, price, of in FREE]
    return table(f, teams, lines, True)


def summary(f: dict, total: dict[str, list[Decimal]]) -> str:
    run = sums([total["functions"], total["lake"], total["watching"]])
    less = [-amount for amount in total["free"]]
    all_in = sums([run, less, total["nat-one"], total["database"]])
    per_1000 = [rounded(amount * 1000 / team["users"], "0.01") for amount, team in zip(all_in, f["teams"])]
    named = [("functions and queues", total["functions"]), ("lake", total["lake"]), ("logs, metrics, traces, alarms, secrets", total["watching"]),
             ("free of charge", less), ("network: one NAT gateway", total["nat-one"]), ("database: writer and reader", total["database"]),
             ("**total**", all_in), ("for 1,000 users", per_1000)]
    return markdown(["USD a month", *(f"{team['users']:,} users" for team in f["teams"])],
                    [[what, *(f"{amount:,}" for amount in amounts)] for what, amounts in named])


def prices(f: dict) -> str:
    def seen(p: dict) -> str:
        if p["seen"] is None:
            return "not confirmed"
        return f"[page]({p['seen']})" if p["seen"].startswith("https://") else p["seen"]

    return markdown(["price", "USD", "for one", "AWS's page", "seen at"],
                    [[name, str(p["usd"]), p["unit"], f"<{p['page']}>", seen(p)] for name, p in f["prices"].items()])


def durations(f: dict, teams: list) -> str:
    def row(what: str, field: str) -> list[str]:
        return [what, *(str(getattr(v, field)) for v in teams)]

    rows = [row("push_send, an invocation", "push_ms"), row("push_devices", "devices_wait_ms"), row("search_query", "query_ms"),
            row("search_log", "event_ms"), row("push_prune, aurora_snapshot", "scheduled_ms"), row("start of a sandbox", "start_ms"),
            row("messages in a batch of push_send", "push_batch"), row("events in a batch of search_log", "event_batch"),
            row("sandboxes at work, on average", "sandboxes"), row("starts of sandboxes a month", "starts"),
            row("Aurora capacity units, on average", "acu")]
    return markdown(["ms, or how many", *(f"{v.users:,} users" for v in teams)], rows)


def blocks(f: dict) -> dict[str, str]:
    """What stands between the marks of docs/cost.md, by name."""
    teams = [volumes(f, team) for team in f["teams"]]
    made = {name: table(f, teams, lines, name not in WITHOUT_TOTAL) for name, lines in TABLES.items()}
    made["free"] = free_table(f, teams)
    tables = {name: text for name, (text, _) in made.items()}
    return tables | {"summary": summary(f, {name: total for name, (_, total) in made.items()}), "prices": prices(f), "durations": durations(f, teams)}


def written(page: str, tables: dict[str, str]) -> str:
    for name, text in tables.items():
        page, n = re.subn(rf"(<!-- cost: {name} -->\n).*?(<!-- end -->)", lambda m, text=text: f"{m[1]}\n{text}\n\n{m[2]}", page, flags=re.DOTALL)
        assert n == 1, f"docs/cost.md has {n} places for the table \"{name}\""
    return page


def main(words: list[str]) -> None:
    own = [word for word in words if word != "--write"]
    tables = blocks(json.loads(Path(own[0] if own else DOCS / "cost.json").read_text()))
    if "--write" in words:
        page = DOCS / "cost.md"
        page.write_text(written(page.read_text(), tables))
    else:
        print("\n\n".join(f"{name}\n\n{text}" for name, text in tables.items()))


if __name__ == "__main__":
    main(sys.argv[1:])
