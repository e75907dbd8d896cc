"""docs/cost.md adds up: each amount is its quantity times its price, and what it counts is what templates and sources have."""

import json
import re
import subprocess
import sys
from decimal import ROUND_HALF_UP, Decimal

import pytest

from harness import paths

PAGE = paths.ROOT / "docs" / "cost.md"
FIGURES = json.loads((PAGE.parent / "cost.json").read_text())
TEMPLATES = [paths.TEMPLATE, *sorted((paths.ROOT / "stacks").glob("*.yaml"))]
TEAMS = len(FIGURES["teams"])
SECRETS_OF_THE_USER = 2     # of the database and of FCM: parameters


def number(text: str) -> Decimal:
    return Decimal(text.strip("* ").replace(",", ""))


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


def tables() -> dict[str, list[list[str]]]:
    """Rows of each table of the page, without its header."""
    found = re.findall(r"<!-- cost: ([\w-]+) -->\n(.*?)<!-- end -->", PAGE.read_text(), re.DOTALL)
    return {name: [[cell.strip() for cell in line[1:-1].split("|")] for line in text.splitlines() if line.startswith("|")][2:] for name, text in found}


def priced() -> list[tuple[str, list[str]]]:
    """(table, row) of each row that has a price and an amount for each team."""
    return [(name, row) for name, rows in tables().items() for row in rows if len(row) == 3 + 2 * TEAMS and row[2]]


def totals() -> dict[str, list[Decimal]]:
    return {name: [number(cell) for cell in row[4::2]] for name, rows in tables().items() for row in rows if row[0] == "total"}


def in_templates(pattern: str) -> int:
    return sum(len(re.findall(pattern, file.read_text(), re.MULTILINE)) for file in TEMPLATES)


def default(parameter: str, file=paths.TEMPLATE) -> str:
    return re.search(rf"^  {parameter}:\n(?:    .*\n)*?    Default: (.*)$", file.read_text(), re.MULTILINE)[1].strip("'")


def test_there_is_something_to_add_up():
    assert len(priced()) >= 50 and len(totals()) >= 9


@pytest.mark.parametrize("table, row", priced(), ids=[f"{table}: {row[0]}" for table, row in priced()])
def test_line_is_quantity_times_price(table, row):
    usd = number(row[2].split(" / ")[0])

    for quantity, amount in zip(row[3::2], row[4::2]):
        assert cents(number(quantity) * usd) == number(amount), f"{quantity} x {usd} is not {amount}"


@pytest.mark.parametrize("table, row", priced(), ids=[f"{table}: {row[0]}" for table, row in priced()])
def test_price_of_a_line_is_in_the_table_of_prices(table, row):
    usd, unit = row[2].split(" / ", 1)

    assert (number(usd), unit) in [(number(price[1]), price[2]) for price in tables()["prices"]]


@pytest.mark.parametrize("table", totals())
def test_total_is_the_sum_of_its_lines(table):
    lines = [row for name, row in priced() if name == table]

    assert totals()[table] == [sum(number(row[4 + 2 * i]) for row in lines) for i in range(TEAMS)]


def test_summary_is_the_sum_of_the_totals():
    rows = [[number(cell) for cell in row[1:]] for row in tables()["summary"]]
    total = totals()
    parts = [total["functions"], total["lake"], total["watching"], [-amount for amount in total["free"]], total["nat-one"], total["database"]]

    assert rows[:-2] == parts
    assert rows[-2] == [sum(column) for column in zip(*parts)]
    assert rows[-1] == [cents(amount * 1000 / team["users"]) for amount, team in zip(rows[-2], FIGURES["teams"])]


def sums() -> list[tuple[str, str]]:
    """(left, right) of each sum in the text, such as `5.83 x 1769 / 256 = 40.3`."""
    return re.findall(r"`([0-9. x/+()-]+) = ([0-9.]+)`", PAGE.read_text())


@pytest.mark.parametrize("left, right", sums(), ids=[left for left, _ in sums()])
def test_sum_in_the_text_adds_up(left, right):
    result = eval(left.replace("x", "*"), {"__builtins__": {}})  # digits and operators: sums() lets nothing else through

    assert Decimal(str(result)).quantize(Decimal(right), ROUND_HALF_UP) == Decimal(right)


def test_quantities_that_the_text_works_out_are_those_of_the_tables():
    """The tool is right about them, whatever it and the page agree on."""
    worked = [right for left, right in sums() if left.lstrip("(").startswith("100000 x")]
    quantities = [row[5] for _, row in priced()]

    assert len(worked) >= 8 and set(worked) <= set(quantities)


def test_figures_of_sums_in_the_text_are_those_of_the_tables():
    known = set(re.findall(r"[0-9]+\.[0-9]+", "\n".join(line for line in PAGE.read_text().splitlines() if line.startswith("|"))))
    known |= set(re.findall(r"[0-9]+\.[0-9]+", json.dumps(FIGURES))) | {right for _, right in sums()}
    used = {Decimal(figure) for left, _ in sums() for figure in re.findall(r"[0-9]+\.[0-9]+", left)}

    assert used <= {Decimal(figure) for figure in known}


def test_tables_are_what_the_tool_makes_of_the_figures():
    sys.path.insert(0, str(paths.ROOT / "tools"))
    import cost

    assert cost.written(PAGE.read_text(), cost.blocks(FIGURES)) == PAGE.read_text(), "run: python3 tools/cost.py --write"


def test_tool_prints_the_tables_of_other_figures(tmp_path):
    own = tmp_path / "own.json"
    own.write_text(json.dumps(FIGURES | {"teams": [FIGURES["teams"][0] | {"users": 12345}]}))

    done = subprocess.run([sys.executable, paths.ROOT / "tools" / "cost.py", own], capture_output=True, text=True, check=True)

    assert "| USD a month | 12,345 users |" in done.stdout


@pytest.mark.parametrize("price", FIGURES["prices"])
def test_price_names_its_page_and_where_it_was_seen(price):
    p = FIGURES["prices"][price]

    assert p["usd"] > 0 and re.fullmatch(r"https://aws\.amazon\.com/[a-z0-9/-]+/pricing/([a-z-]+/)?", p["page"])
    assert p["seen"] is None or p["seen"] == "public source text" or p["seen"].startswith("https://")


# --- what is counted

def names_in(source: str) -> set[str]:
    """Names of metrics: where one is built, and in tables of names by outcome."""
    emitted = re.findall(r'\{"(\w+)",\s*NR_METRIC_(?!DIM)', source) + re.findall(r'\bcount\("(\w+)"', source)
    tabled = re.findall(r'\[(?:FCM|DEVICE)_\w+\] = "(\w+)"', source)
    return {*emitted, *tabled}


def test_files_that_emit_metrics_are_counted():
    emitting = {str(file.relative_to(paths.ROOT)) for file in (paths.ROOT / "functions").rglob("*.c") if "nr_metric_emit(" in file.read_text()}

    assert emitting == {entry["file"] for entry in FIGURES["metrics"]}


@pytest.mark.parametrize("file", sorted({entry["file"] for entry in FIGURES["metrics"]}))
def test_metrics_of_a_file_are_counted(file):
    counted = [name for entry in FIGURES["metrics"] if entry["file"] == file for name in entry["names"]]

    assert sorted(counted) == sorted(names_in((paths.ROOT / file).read_text()))


def test_series_by_reason_are_those_of_the_schema():
    schema = (paths.ROOT / "functions" / "push" / "schema.sql").read_text()
    reasons = re.search(r"inactive_reason in \(([^)]*)\)", schema)[1].count("'") // 2
    platforms = re.search(r"platform in \(([^)]*)\)", schema)[1].count("'") // 2
    series = {entry["names"][0]: entry["series"] for entry in FIGURES["metrics"]}

    assert (series["DevicesActive"], series["DevicesLost"]) == (platforms, platforms * reasons)


def policy() -> dict:
    return json.loads(default("SnapshotPolicy"))


COUNTS = {
    "queues_with_pollers": lambda: in_templates(r"^          Type: SQS$"),
    "secrets": lambda: in_templates(r"Type: AWS::SecretsManager::Secret$") - in_database_stacks() + SECRETS_OF_THE_USER,
    "keys": lambda: in_templates(r"Type: AWS::KMS::Key$"),
    "alarm_metrics": lambda: in_templates(r"Type: AWS::CloudWatch::Alarm$") - in_templates(r"^      Metrics:$") + in_templates(r"MetricStat:"),
    "dashboards": lambda: in_templates(r"Type: AWS::CloudWatch::Dashboard$"),
    "log_days": lambda: int(default("LogRetentionDays")),
    "raw_days": lambda: int(default("RawDays", paths.ROOT / "stacks" / "lake.yaml")),
    "view_days": lambda: int(default("ViewDays", paths.ROOT / "stacks" / "lake.yaml")),
    "buffer_seconds": lambda: int(default("BufferSeconds", paths.ROOT / "stacks" / "lake.yaml")),
    "snapshots_kept": lambda: sum(policy()["keep"].values()),
    "runs_a_day": lambda: sum(runs_a_day(of) for of in schedules()),
}
NOT_IN_TEMPLATES = {"backup_days"}      # of the cluster, which may be yours


def in_database_stacks() -> int:
    """Secrets that only a database of ours brings."""
    return sum(len(re.findall(r"Type: AWS::SecretsManager::Secret$", file.read_text(), re.MULTILINE)) for file in TEMPLATES if file.stem.startswith("database"))


def schedules() -> list[str]:
    """Expressions of the schedules, defaults in place of parameters."""
    found = re.findall(r"ScheduleExpression: (.*)", paths.TEMPLATE.read_text())
    return [default(expression[5:]) if expression.startswith("!Ref ") else expression.strip("'") for expression in found]


def runs_a_day(expression: str) -> int:
    rate = re.fullmatch(r"rate\((\d+) (minute|hour)s?\)", expression)
    if rate:
        return {"minute": 24 * 60, "hour": 24}[rate[2]] // int(rate[1])
    assert re.fullmatch(r"cron\(\d+ \d+ \* \* \? \*\)", expression), f"{expression}: how often is that?"
    return 1


def test_every_count_is_compared():
    assert set(COUNTS) | NOT_IN_TEMPLATES == set(FIGURES["template"])


@pytest.mark.parametrize("count", COUNTS)
def test_count_is_that_of_the_templates(count):
    assert FIGURES["template"][count] == COUNTS[count](), f"change template.{count} in docs/cost.json, then run: python3 tools/cost.py --write"


def test_memory_is_that_of_the_functions():
    assert set(re.findall(r"MemorySize: (\d+)", paths.TEMPLATE.read_text())) == {str(FIGURES["lambda"]["memory_mb"])}
