"""What documents claim: docs/failures.md names a test for each thing, links lead somewhere, SQL runs."""

import json
import re
from pathlib import Path

import pytest

from harness import paths, template

FAILURES = paths.ROOT / "docs" / "failures.md"
SCENARIOS = paths.ROOT / "tests" / "unit" / "runtime" / "scenarios"


def claims() -> list[tuple[str, str]]:
    """(case, test) of each row of the table."""
    rows = [line.strip("|").split(" | ") for line in FAILURES.read_text().splitlines() if line.startswith("| ")]
    return [(row[0].strip(), row[-1].strip()) for row in rows[1:]]


def has_scenario(name: str) -> bool:
    file, _, row = name.partition(": ")
    return row in [entry["name"] for entry in json.loads((SCENARIOS / f"{file}.json").read_text())]


def has_unit_test(name: str) -> bool:
    suite, _, test = name.partition("::")
    text = "".join(file.read_text() for file in (paths.ROOT / "tests" / "unit").rglob("*_test.c"))
    return re.search(rf"^Test\({suite}, {test}[,)]", text, re.MULTILINE) is not None


def has_e2e_test(name: str) -> bool:
    file, _, test = name.partition(": ")
    return f"\ndef {test}(" in (paths.ROOT / "tests" / "e2e" / file).read_text()


KINDS = {"scenario": has_scenario, "unit": has_unit_test, "e2e": has_e2e_test}


def test_there_are_claims():
    assert len(claims()) >= 20


@pytest.mark.parametrize("case, test", claims(), ids=[case for case, _ in claims()])
def test_claim_is_held_by_a_test_that_exists(case, test):
    kind, _, name = test.partition(" ")

    assert KINDS[kind](name), f"{case}: no {kind} test \"{name}\""


PAGES = sorted([*paths.ROOT.glob("*.md"), *(paths.ROOT / "docs").glob("*.md"), *(paths.ROOT / "tests" / "standins").rglob("*.md")])


def anchors(page: Path) -> set[str]:
    """Of its headings, as GitHub makes them."""
    headings = [line.lstrip("#").strip() for line in page.read_text().splitlines() if re.match("#+ ", line)]
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(paths.ROOT)) for page in PAGES])
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\((?!https?://)([^)]+)\)", page.read_text()):
        name, _, anchor = target.partition("#")
        there = (page.parent / name).resolve() if name else page
        assert there.exists(), f"{page.name}: {target}: no such file"
        assert not anchor or anchor in anchors(there), f"{page.name}: {target}: no such heading"


def test_files_that_the_map_names_are_there():
    """ARCHITECTURE.md says where things go; NAME and FUNCTION in a path are the reader's own."""
    named = re.findall(r"`((?:[\w.-]+/)+(?:[\w.-]+\.\w+)?)`", (paths.ROOT / "ARCHITECTURE.md").read_text())
    assert len(named) > 60

    assert [name for name in named if not re.search("NAME|FUNCTION", name) and not (paths.ROOT / name).exists()] == []


def statements(page: Path) -> list[str]:
    """SQL that a reader is to type: indented, up to its semicolon."""
    return re.findall(r"^    ((?:select|delete|update) [^;]*);", page.read_text(), re.MULTILINE)


def test_sql_for_operators_runs(database):
    found = [sql for page in PAGES for sql in statements(page)]
    assert len(found) >= 3

    for sql in found:
        database.run(sql + ";")


def alarms() -> set[str]:
    return {name for file in (paths.ROOT / "stacks").glob("*.yaml")
            for name in template.of_type(template.stack(f"stacks/{file.name}"), "AWS::CloudWatch::Alarm")}


def test_runbook_has_a_chapter_for_each_alarm_and_for_nothing_else():
    chapters = re.findall(r"^### (\w+)$", (paths.ROOT / "docs" / "runbook.md").read_text(), re.MULTILINE)
    assert len(alarms()) > 40

    assert sorted(chapters) == sorted(alarms())
