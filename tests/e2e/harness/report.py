"""Figures of a run: printed at its end, and kept in build/report/test.json as every verb keeps them."""

import json
import os
import platform

from harness.paths import REPORT

_figures: list[dict] = []


def report(name: str, value: float, unit: str) -> None:
    _figures.append({"name": name, "value": value, "unit": unit})


def finish() -> list[str]:
    """Write the file; returns the lines to print."""
    if not _figures:
        return []
    REPORT.mkdir(parents=True, exist_ok=True)
    document = {"verb": "test", "machine": f"{platform.machine()}, {os.cpu_count()} CPUs", "figures": _figures}
    (REPORT / "test.json").write_text(json.dumps(document, indent=1) + "\n")
    return [f"{f['name']}: {f['value']:,} {f['unit']}" for f in _figures]
