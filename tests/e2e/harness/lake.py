"""stacks/lake*.yaml: their SQL as Athena would get it, and DuckDB in Athena's place."""

import functools
import json
import re
import tempfile
from datetime import datetime, timedelta

import duckdb
import sqlglot
from samtranslator.yaml_helper import yaml_parse
from sqlglot import exp

from harness.paths import ROOT

STACKS = ROOT / "stacks"
PARAMETERS = {"Database": "lake", "RecordTable": "record", "TimeZone": "Asia/Seoul", "ViewDays": "35", "MinimumPeople": "3"}

# What DuckDB spells otherwise and sqlglot does not translate.
MACROS = ["create macro at_timezone(moment, zone) as timezone(zone, moment)"]


@functools.cache
def stack(name: str) -> dict:
    return yaml_parse((STACKS / f"{name}.yaml").read_text())


def substituted(text, parameters: dict) -> str:
    """A plain string or an Fn::Sub, with ${Name} replaced as CloudFormation would."""
    template = text["Fn::Sub"] if isinstance(text, dict) else text
    return re.sub(r"\$\{(!?)(\w+)\}", lambda m: f"${{{m[2]}}}" if m[1] else parameters[m[2]], template)


def views(parameters: dict) -> dict[str, dict]:
    """name -> what Athena reads of it: originalSql and columns. In the order in which they build on one another."""
    found = {}
    for resource in stack("lake_queries")["Resources"].values():
        if resource["Type"] == "AWS::Glue::Table":
            table = resource["Properties"]["TableInput"]
            head, encoded, tail = table["ViewOriginalText"]["Fn::Join"][1]
            assert (head, tail) == ("/* Presto View: ", " */")
            found[table["Name"]] = json.loads(substituted(encoded["Fn::Base64"], parameters)) | {"glue": table}
    return found


def queries(parameters: dict) -> dict[str, str]:
    """name -> SQL of every named query."""
    return {r["Properties"]["Name"]: substituted(r["Properties"]["QueryString"], parameters)
            for r in stack("lake_queries")["Resources"].values() if r["Type"] == "AWS::Athena::NamedQuery"}


def record_columns() -> list[dict]:
    """The declared columns of the table, the partition's at the end."""
    table = stack("lake")["Resources"]["RecordTable"]["Properties"]["TableInput"]
    return table["StorageDescriptor"]["Columns"] + table["PartitionKeys"]


class Lake:
    """The table and the views in DuckDB, at a fixed moment. Rows are dictionaries as search_log writes them."""

    TYPES = {"string": "varchar", "bigint": "bigint", "double": "double", "array<string>": "varchar[]"}

    def __init__(self, now: datetime, parameters: dict | None = None):
        self.now = now
        self.parameters = PARAMETERS | (parameters or {})
        self.db = duckdb.connect()
        self.db.execute("set timezone = 'UTC'")
        for macro in MACROS:
            self.db.execute(macro)
        columns = ", ".join(f'"{c["Name"]}" {self.TYPES[c["Type"]]}' for c in record_columns())
        self.db.execute(f"create table record ({columns})")
        for name, view in views(self.parameters).items():
            self.db.execute(f"create view {name} as {self.translate(view['originalSql'])}")

    def translate(self, sql: str) -> str:
        """Athena's SQL as DuckDB's, with now standing still."""
        def stand_still(node):
            if isinstance(node, exp.CurrentTimestamp):
                return sqlglot.parse_one(f"timestamptz '{self.now.isoformat()}'", dialect="duckdb")
            return node

        (tree,) = sqlglot.parse(sql, dialect="athena")
        return tree.transform(stand_still).sql("duckdb")

    def add(self, rows: list[dict]) -> None:
        """As Firehose does it: JSON lines, by the table's columns. One by one would take minutes for thousands."""
        types = {c["Name"]: self.TYPES[c["Type"]] for c in record_columns()}
        with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as lines:
            lines.writelines(json.dumps({"datehour": datehour(row["received_at"])} | row) + "\n" for row in rows)
            lines.flush()
            self.db.execute("insert into record by name select * from read_json(?, format = 'newline_delimited', columns = ?)",
                            [lines.name, types])

    def ask(self, sql: str) -> list[tuple]:
        return self.db.execute(self.translate(sql)).fetchall()

    def named(self, name: str) -> list[tuple]:
        return self.ask(queries(self.parameters)[name])

    def columns(self, view: str) -> list[tuple[str, str]]:
        return [(r[0], r[1].lower()) for r in self.db.execute(f"describe {view}").fetchall()]


def datehour(received_at: str) -> str:
    """The folder in which Firehose puts what arrives at that moment: the stack's prefix, in its zone."""
    s3 = stack("lake")["Resources"]["Delivery"]["Properties"]["ExtendedS3DestinationConfiguration"]
    assert (s3["Prefix"], s3["CustomTimeZone"]) == ("search/!{timestamp:yyyy/MM/dd/HH}/", "UTC")
    return datetime.fromisoformat(received_at).strftime("%Y/%m/%d/%H")


def projected(first: str, now: datetime) -> set[str]:
    """Every hour that partition projection will look at: from its start to NOW."""
    at = datetime.strptime(f"{first}+0000", "%Y/%m/%d/%H%z")
    hours = set()
    while at <= now:
        hours.add(at.strftime("%Y/%m/%d/%H"))
        at += timedelta(hours=1)
    return hours
