"""The functions' settings, read from the tables that the functions themselves read them by."""

import re
from typing import NamedTuple

from harness.paths import ROOT


class Number(NamedTuple):
    least: int
    most: int
    default: int


class Choice(NamedTuple):
    words: frozenset
    default: str


def _sources() -> str:
    return "\n".join(file.read_text() for file in sorted((ROOT / "functions").rglob("*.[ch]")))


def _value(expression: str, text: str) -> int:
    """A constant expression of C, with the enumerators and defines that it names."""
    expression = re.sub(r"\(\w+\)(?=\w)", "", expression)  # casts
    while names := re.findall(r"[A-Z]\w+", expression):
        found = re.search(rf"(?:#define {names[0]}|\b{names[0]} =) (\w+)", text)
        expression = expression.replace(names[0], f"({found[1]})")
    return eval(expression, {"__builtins__": {}})  # our own sources


def numbers() -> dict[str, Number]:
    text = _sources()
    rows = re.findall(r'\{"(NARAE_\w+)", "[^"]*",\s*([^,"]+),\s*([^,"]+),\s*([^,"}]+)\}', text)
    return {name: Number(*(_value(one, text) for one in rest)) for name, *rest in rows}


def choices() -> dict[str, Choice]:
    """Settings of a few words: the form that the error message shows names them all."""
    rows = re.findall(r'\{"(NARAE_\w+)",\s*"((?:[^"\\]|\\.)*)",\s*"(\w+)",\s*\d+\}', _sources())
    return {name: Choice(frozenset(re.findall(r"[a-z0-9]+", form.replace(" or ", " "))), default) for name, form, default in rows}


def in_readme() -> dict[str, list[str]]:
    """README's tables: variable -> its cells behind the name. `A_X`, `_Y` in one cell are A_X and A_Y."""
    found = {}
    for line in (ROOT / "README.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        names = re.findall(r"`(\w+)`", cells[0]) if line.startswith("| `NARAE_") else []
        for name in names:
            found[name if name.startswith("NARAE_") else names[0].rsplit("_", 1)[0] + name] = cells[1:]
    return found
