"""docs/failures.md names a test for each thing that it claims: they exist."""

import json
import re

import pytest

from harness import paths

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
