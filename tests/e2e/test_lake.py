"""stacks/lake*.yaml: templates that hold together, and queries that give the expected rows on a fixed data set."""

import json
import os
import re
import subprocess
import sys
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlglot

from harness import lake, paths

BIN = Path(sys.executable).parent
NOW = datetime(2026, 11, 26, 3, 0, tzinfo=timezone.utc)  # noon in Seoul
TODAY = date(2026, 11, 26)
STACKS = ["lake", "lake_queries", "lake_dashboard"]


def day(n: int) -> date:
    """n days before today."""
    return TODAY - timedelta(days=n)


class Rows:
    """Search events in order; each gets an id, and arrives two seconds after it happened."""

    def __init__(self):
        self.made = []

    def add(self, at: datetime, kind: str = "search", **members) -> dict:
        row = {"schema_version": 1, "event_id": f"e{len(self.made)}", "event_type": kind, "timestamp": stamp(at),
               "received_at": stamp(at + timedelta(seconds=2)), "hash_key_id": "k1"} | members
        self.made.append(row)
        return row

    def searches(self, days_ago: int, query: str, people: list[str], **members) -> None:
        """One search for each, ten minutes apart, from ten o'clock in Seoul."""
        start = datetime(TODAY.year, TODAY.month, TODAY.day, 1, tzinfo=timezone.utc) - timedelta(days=days_ago)
        for i, person in enumerate(people):
            self.add(start + timedelta(minutes=10 * i), query_norm=query, user_hash=person, session_id=f"{query}-{person}",
                     query_id=f"q{len(self.made)}", result_count=5, took_ms=4.0, page=1, **members)


def stamp(at: datetime) -> str:
    return at.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:23] + "Z"


@pytest.fixture
def rows() -> Rows:
    return Rows()


@pytest.fixture
def athena():
    return lake.Lake(NOW)


def crowd(n: int) -> list[str]:
    return [f"p{i}" for i in range(n)]


# --- the templates


@pytest.mark.parametrize("name", STACKS)
def test_cfn_lint_has_nothing_to_say(name, tmp_path):
    done = subprocess.run([BIN / "cfn-lint", "--include-checks", "I", "--template", lake.STACKS / f"{name}.yaml"],
                          env={"PATH": f"{BIN}:{os.environ['PATH']}", "HOME": str(tmp_path)}, capture_output=True, text=True,
                          timeout=120)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("name", STACKS)
def test_no_stack_owns_a_function(name):
    assert not [r for r in lake.stack(name)["Resources"].values() if "Function" in r["Type"]]


def test_nested_stacks_get_parameters_that_they_have():
    for resource in lake.stack("lake")["Resources"].values():
        if resource["Type"] == "AWS::CloudFormation::Stack":
            nested = lake.stack(Path(resource["Properties"]["TemplateURL"]).stem)
            needed = {n for n, p in nested["Parameters"].items() if "Default" not in p}
            given = set(resource["Properties"]["Parameters"])
            assert needed <= given <= set(nested["Parameters"])


def test_table_has_the_members_of_a_record_in_their_order():
    schema = json.loads((paths.ROOT / "functions/search/schema/search-record.schema.json").read_text())
    kinds = {"integer": "bigint", "number": "double", "string": "string", "array": "array<string>"}
    wanted = [(name, "bigint" if name == "schema_version" else kinds[p.get("type", "string")])
              for name, p in schema["properties"].items()]

    assert [(c["Name"], c["Type"]) for c in lake.record_columns()] == [*wanted, ("datehour", "string")]


def test_folders_and_projection_agree():
    resources = lake.stack("lake")["Resources"]
    table = resources["RecordTable"]["Properties"]["TableInput"]["Parameters"]
    prefix = resources["Delivery"]["Properties"]["ExtendedS3DestinationConfiguration"]["Prefix"]

    assert table["projection.datehour.format"] in prefix
    assert table["storage.location.template"] == {"Fn::Sub": "s3://${LakeBucket}/search/${!datehour}"}
    assert table["projection.datehour.range"] == {"Fn::Sub": "${LakeStart},NOW"}
    assert (table["projection.datehour.interval"], table["projection.datehour.interval.unit"]) == ("1", "HOURS")


@pytest.mark.parametrize("moment", ["2026-11-25T14:59:59Z", "2026-11-25T15:00:00Z", "2026-11-25T23:59:59Z", "2026-11-26T00:00:00Z"])
def test_newest_folder_is_visible_at_midnight_in_seoul_and_in_utc(moment):
    now = datetime.fromisoformat(moment.replace("Z", "+00:00"))
    start = lake.stack("lake")["Parameters"]["LakeStart"]["Default"]

    assert lake.datehour(now.isoformat()) in lake.projected(start, now)


def test_what_could_not_be_stored_lies_outside_the_table():
    resources = lake.stack("lake")["Resources"]
    s3 = resources["Delivery"]["Properties"]["ExtendedS3DestinationConfiguration"]
    rules = {r["Id"]: r for r in resources["LakeBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]}

    assert s3["Prefix"].startswith("search/") and s3["ErrorOutputPrefix"].startswith("errors/")
    assert rules["errors"]["ExpirationInDays"] == rules["search"]["ExpirationInDays"] == {"Ref": "RawDays"}


def test_everything_is_encrypted_with_the_key_of_the_lake():
    resources = lake.stack("lake")["Resources"]
    key = {"Fn::GetAtt": ["LakeKey", "Arn"]}
    (rule,) = resources["LakeBucket"]["Properties"]["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    s3 = resources["Delivery"]["Properties"]["ExtendedS3DestinationConfiguration"]

    assert resources["SearchStream"]["Properties"]["StreamEncryption"]["KeyId"] == key
    assert rule["ServerSideEncryptionByDefault"]["KMSMasterKeyID"] == key
    assert s3["EncryptionConfiguration"]["KMSEncryptionConfig"]["AWSKMSKeyARN"] == key
    assert resources["Queries"]["Properties"]["Parameters"]["KeyArn"] == key


def test_conversion_has_the_buffer_that_it_needs():
    hints = lake.stack("lake")["Resources"]["Delivery"]["Properties"]["ExtendedS3DestinationConfiguration"]["BufferingHints"]

    assert hints["SizeInMBs"] >= 64


def test_crawler_owns_nothing_of_the_declared_table():
    crawler = lake.stack("lake")["Resources"]["Crawler"]

    assert crawler["Condition"] == "HasCrawler"
    assert crawler["Properties"]["TablePrefix"] == "discovered_"
    assert crawler["Properties"]["SchemaChangePolicy"] == {"UpdateBehavior": "LOG", "DeleteBehavior": "LOG"}


def test_no_role_reaches_beyond_the_lake():
    for name in ("DeliveryRole", "CrawlerRole"):
        for policy in lake.stack("lake")["Resources"][name]["Properties"]["Policies"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                assert statement["Resource"] != "*" and "*" not in str(statement["Action"]), statement["Sid"]


# --- the SQL


def all_sql() -> dict[str, str]:
    dashboard = lake.stack("lake_dashboard")["Resources"]["Searches"]["Properties"]["PhysicalTableMap"]["searches"]
    return {**{f"view {n}": v["originalSql"] for n, v in lake.views(lake.PARAMETERS).items()},
            **lake.queries(lake.PARAMETERS),
            "dashboard": lake.substituted(dashboard["CustomSql"]["SqlQuery"], lake.PARAMETERS)}


@pytest.mark.parametrize("name", all_sql())
def test_parses_as_athena_reads_it(name):
    (tree,) = sqlglot.parse(all_sql()[name], dialect="athena")

    assert isinstance(tree, sqlglot.exp.Query)
    assert not list(tree.find_all(sqlglot.exp.Command))


@pytest.mark.parametrize("name", lake.views(lake.PARAMETERS))
def test_views_declare_the_columns_that_they_have(name, athena):
    hive = {"string": "varchar", "array<string>": "varchar[]"}
    trino = {"timestamp(3)": "timestamp", "array(varchar)": "varchar[]"}
    view = lake.views(lake.PARAMETERS)[name]
    wanted = athena.columns(name)

    assert [(c["name"], trino.get(c["type"], c["type"])) for c in view["columns"]] == wanted
    assert [(c["Name"], hive.get(c["Type"], c["Type"])) for c in view["glue"]["StorageDescriptor"]["Columns"]] == wanted
    assert view["glue"]["Parameters"]["presto_view"] == "true"


def test_views_look_at_no_more_than_their_days():
    """The bound is on the partition's column and needs nothing but now, so that it prunes."""
    sql = lake.views(lake.PARAMETERS)["event"]["originalSql"]

    assert "where datehour >= date_format(current_timestamp - interval '35' day, '%Y/%m/%d/%H')" in sql


# --- what they answer


def test_an_event_counts_once_however_often_it_arrived(rows, athena):
    first = rows.add(NOW - timedelta(hours=2), query_norm="김치")
    rows.made.append(first | {"received_at": stamp(NOW - timedelta(minutes=59))})  # redelivered, an hour later
    rows.add(NOW - timedelta(hours=1), query_norm="김밥")
    athena.add(rows.made)

    assert athena.ask("select event_id, datehour from event order by 1") == [("e0", "2026/11/26/01"), ("e2", "2026/11/26/02")]
    assert athena.named("copies") == [("2026/11/26", 3, 1)]


def test_a_day_begins_at_midnight_in_seoul(rows, athena):
    rows.add(datetime(2026, 11, 25, 14, 59, 59, tzinfo=timezone.utc))
    rows.add(datetime(2026, 11, 25, 15, 0, 0, tzinfo=timezone.utc))
    athena.add(rows.made)

    assert athena.ask("select event_id, day from event order by 1") == [("e0", day(1)), ("e1", day(0))]


def test_what_is_older_than_the_views_look_is_left_out(rows, athena):
    rows.add(NOW - timedelta(days=34))
    rows.add(NOW - timedelta(days=36))
    athena.add(rows.made)

    assert athena.ask("select event_id from event") == [("e0",)]


def test_of_what_is_typed_letter_by_letter_the_last_counts(rows, athena):
    start = NOW - timedelta(hours=1)
    for ms, query in [(0, "ㄱ"), (700, "기"), (1400, "김"), (3399, "김ㅊ"), (5400, "김치")]:
        rows.add(start + timedelta(milliseconds=ms), query_norm=query, session_id="a", result_count=1)
    rows.add(start + timedelta(milliseconds=800), query_norm="b", session_id="b", result_count=1)
    rows.add(start + timedelta(milliseconds=900), query_norm="nobody", result_count=1)
    rows.add(start + timedelta(milliseconds=901), query_norm="nobody", result_count=1)
    athena.add(rows.made)

    assert athena.ask("select query_norm from search order by happened_at, query_norm") == [
        ("b",), ("nobody",), ("nobody",), ("김ㅊ",), ("김치",)]


def test_further_pages_failures_and_clicks_are_no_searches(rows, athena):
    rows.add(NOW, query_norm="a", page=2)
    rows.add(NOW, query_norm="b", page=1, error="deadline")
    rows.add(NOW, "click", query_id="q")
    rows.add(NOW, query_norm="c")
    athena.add(rows.made)

    assert athena.ask("select query_norm from search") == [("c",)]


def test_top_queries(rows, athena):
    rows.searches(1, "김치", crowd(4))
    rows.searches(2, "김치", crowd(2), hash_key_id="k0")
    rows.searches(1, "떡볶이", ["p1", "p1", "p2"])
    rows.searches(9, "old", crowd(9))
    rows.made[0]["result_count"] = 0
    athena.add(rows.made)

    assert athena.named("top-queries") == [("김치", 6, 4, 16.7), ("떡볶이", 3, 2, 0.0)]


def test_a_query_is_public_when_enough_different_people_asked_for_it(rows, athena):
    rows.searches(1, "known", crowd(3))
    rows.searches(1, "two people", ["p1", "p2", "p1", "p2"])
    rows.searches(1, "nobody known", [None, None, None, None])
    rows.searches(1, "key rotated", ["p1", "p2"])
    rows.searches(1, "key rotated", ["x1", "x2"], hash_key_id="k2")
    athena.add(rows.made)

    assert athena.named("public-queries") == [("known", 3, 3, 0.0)]
    assert athena.ask("select first_day, last_day from public_query") == [(day(1), day(1))]


def test_zero_results(rows, athena):
    rows.searches(2, "a", crowd(3))
    rows.searches(1, "b", crowd(4))
    rows.searches(1, "c", crowd(2))
    for row in rows.made[3:7] + rows.made[8:9]:
        row["result_count"] = 0
    rows.made[7]["result_count"] = None
    athena.add(rows.made)

    assert athena.named("zero-result-rate") == [(day(2), 3, 0, 0.0), (day(1), 5, 5, 100.0)]
    assert athena.named("zero-result-queries") == [("b", 4, 4), ("c", 1, 1)]


def test_click_through(rows, athena):
    rows.searches(1, "a", crowd(4))
    searched = NOW - timedelta(days=1)
    for query_id, position, seconds in [("q0", 3, 9), ("q0", 1, 12), ("q1", 2, 5), ("q-elsewhere", 1, 5)]:
        rows.add(searched + timedelta(seconds=seconds), "click", query_id=query_id, position=position)
    rows.add(searched, "click", position=1)
    athena.add(rows.made)

    assert athena.named("click-through") == [(day(1), 4, 2, 50.0, 2.5)]


def test_trending(rows, athena):
    for n in range(1, 9):
        rows.searches(n, "always", crowd(20))
    rows.searches(5, "rising", crowd(7))
    rows.searches(1, "rising", crowd(40))
    rows.searches(1, "new", crowd(20))
    rows.searches(1, "few", crowd(19))
    rows.searches(1, "one person", ["p1"] * 30)
    athena.add(rows.made)

    # rising: 40 of 129 yesterday; 7 of 27 on one day of the six others in the week before, spread over seven: 0.3101 / 0.037
    assert athena.named("trending") == [("new", 20, 20, None), ("rising", 40, 40, 8.4)]


def test_latency(rows, athena):
    rows.searches(1, "a", crowd(5))
    for row, ms in zip(rows.made, [1.0, 2.0, 3.0, 4.0, 100.0]):
        row["took_ms"] = ms
    athena.add(rows.made)

    ((at, searches, p50, p95, p99),) = athena.named("latency")
    assert (at, searches, p50) == (day(1), 5, 3.0)
    assert 4.0 < p95 <= p99 <= 100.0  # both engines interpolate, each in its own way


def test_personal_data(rows, athena):
    rows.add(NOW, query_norm="<phone>", pii_flags=["phone"])
    rows.add(NOW, query_norm="<phone> <email>", pii_flags=["phone", "email"])
    rows.add(NOW, query_norm="a", pii_flags=[])
    rows.add(NOW, query_norm="b")
    athena.add(rows.made)

    assert athena.named("personal-data") == [(day(0), "email", 1), (day(0), "phone", 2)]


def test_dashboard_counts_rare_queries_without_showing_them(rows, athena):
    rows.searches(1, "known", crowd(3))
    rows.searches(1, "my neighbour's name", ["p1"])
    rows.searches(1, "010 1234", ["p2"], error=None)
    athena.add(rows.made)

    sql = all_sql()["dashboard"].replace("lake.", "")
    assert sorted(athena.ask(sql)) == [(datetime(2026, 11, 25), "(rare)", 2, 0), (datetime(2026, 11, 25), "known", 3, 0)]


def test_every_query_has_been_asked():
    """A new named query needs its expected rows here."""
    asked = set(re.findall(r'named\("([a-z-]+)"\)', Path(__file__).read_text()))

    assert asked == set(lake.queries(lake.PARAMETERS))
