"""schedule.py: when requests are due, and what the day is like. Pure: the same seed gives the same moments.

Is:     a Poisson process (arrivals that know nothing of each other, as people's) whose rate follows phases.
Source: thinning, Lewis and Shedler 1979."""

import random
from dataclasses import dataclass
from itertools import accumulate


@dataclass(frozen=True)
class Phase:
    name: str
    share: float  # of the whole time
    begin: float  # the rate, in multiples of the steady one; it goes in a straight line
    end: float


EVENING = [Phase("ramp", 0.2, 0.1, 1), Phase("steady", 0.25, 1, 1), Phase("spike", 0.15, 10, 10), Phase("recovery", 0.4, 1, 1)]
EVEN = [Phase("ramp", 0.1, 0.1, 1), Phase("steady", 0.9, 1, 1)]


def spans(phases: list[Phase], seconds: float) -> list[tuple[Phase, float, float]]:
    """Each phase with its first and last moment, s."""
    ends = list(accumulate(phase.share * seconds for phase in phases))
    return list(zip(phases, [0.0, *ends], ends))


def rate_at(phases: list[Phase], seconds: float, at_s: float) -> float:
    """In multiples of the steady rate; nothing before the beginning and from the end on."""
    for phase, first, last in spans(phases, seconds):
        if first <= at_s < last:
            return phase.begin + (phase.end - phase.begin) * (at_s - first) / (last - first)
    return 0.0


def arrivals(phases: list[Phase], seconds: float, per_second: float, seed: int) -> list[float]:
    """Moments in seconds, in their order."""
    rng, at_s, made = random.Random(seed), 0.0, []
    highest = max(max(phase.begin, phase.end) for phase in phases)
    while True:
        at_s += rng.expovariate(highest * per_second)
        if at_s >= seconds:
            return made
        if rng.random() * highest < rate_at(phases, seconds, at_s):
            made.append(at_s)
