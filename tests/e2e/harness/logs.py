"""The function's own log records, out of whatever else the emulator wrote."""

import json


def records(text: str) -> list[dict]:
    """Every JSON record with a level, in order."""
    found = []
    for line in text.splitlines():
        start = line.find("{")
        if start < 0:
            continue
        try:
            record = json.loads(line[start:])
        except ValueError:
            continue
        if isinstance(record, dict) and "level" in record:
            found.append(record)
    return found


def namespaces(text: str) -> set[str]:
    """Those that metrics were written for."""
    return {directive["Namespace"] for record in records(text) for directive in record.get("_aws", {}).get("CloudWatchMetrics", [])}


def complaints(text: str) -> list[dict]:
    """What an operator is called for: WARN and above."""
    return [record for record in records(text) if record["level"] in ("WARN", "ERROR", "FATAL")]
