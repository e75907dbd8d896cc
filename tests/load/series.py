"""series.py: what happened, second by second. Pure. A second without anything to say has None."""

import math
from collections import deque
from collections.abc import Iterable

QUANTILES = {"p50_ms": 0.5, "p95_ms": 0.95, "p99_ms": 0.99}


def quantile(values: list[float], q: float) -> float | None:
    """The least value that q of all do not exceed (nearest rank)."""
    return sorted(values)[max(0, math.ceil(q * len(values)) - 1)] if values else None


def counts(moments: Iterable[float], seconds: int) -> list[int]:
    """What comes after the last second is in none: a series ends when its scenario does."""
    made = [0] * seconds
    for at_s in moments:
        if 0 <= at_s < seconds:
            made[int(at_s)] += 1
    return made


def latencies(pairs: Iterable[tuple[float, float]], seconds: int) -> dict[str, list[float | None]]:
    """(when it was due, s; how long it took from then on, s) each, by the second in which it was due."""
    by_second = [[] for _ in range(seconds)]
    for due_s, took_s in pairs:
        if 0 <= due_s < seconds:
            by_second[int(due_s)].append(took_s)
    return {name: [None if not some else round(1000 * quantile(some, q), 2) for some in by_second] for name, q in QUANTILES.items()}


def levels(changes: Iterable[tuple[float, int]], seconds: int) -> list[int]:
    """The highest level in each second, of something that goes up and down by steps from 0."""
    coming, level, made = deque(sorted(changes)), 0, []
    for second in range(seconds):
        top = level
        while coming and coming[0][0] < second + 1:
            level += coming.popleft()[1]
            top = max(top, level)
        made.append(top)
    return made


def highest(samples: Iterable[tuple[float, float]], seconds: int) -> list[float | None]:
    """(moment, value) each."""
    made = [None] * seconds
    for at_s, value in samples:
        if 0 <= at_s < seconds:
            made[int(at_s)] = value if made[int(at_s)] is None else max(made[int(at_s)], value)
    return made
