"""scenario.py: one piece of a day: what is due, what goes wrong meanwhile, and what can be seen of it afterwards."""

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import schedule
from flows import FLOWS, Flow
from stage import Stage
from world import World

LEAD_S = 0.5        # for the sender to read its schedule
DRAIN_MAX_S = 90    # FCM's floors and a message's visibility, several times


@dataclass(frozen=True)
class Mishap:
    title: str
    at: float                                           # share of the scenario's time
    happen: Callable[[World, float], Awaitable[None]]
    lasts_s: float                                      # at most; less in a short run


@dataclass(frozen=True)
class Scenario:
    name: str
    title: str
    phases: list[schedule.Phase]
    flows: dict[str, float]                             # name, and how much of the steady rate
    weight: int = 1                                     # of the whole time
    mishaps: tuple[Mishap, ...] = ()


SCENARIOS = [*(Scenario(flow.name, flow.title, schedule.EVENING, {flow.name: 1}) for flow in FLOWS.values()),
             Scenario("worst_day", "The worst day: everything at once, and what it needs goes away", schedule.EVEN,
                      dict.fromkeys(FLOWS, 0.5), 2, (
                          Mishap("PostgreSQL is away", 0.25, World.database_away, 2),
                          Mishap("FCM answers 503", 0.55, World.fcm_overloaded, 5)))]


@dataclass
class Due:
    """One request, and what became of it; moments count from the scenario's beginning, s."""
    flow: Flow
    mark: str
    at_s: float
    sent_s: float | None = None
    ended_s: float | None = None
    code: int = 0
    error: str = ""

    @property
    def is_taken(self) -> bool:
        return 200 <= self.code < 300


@dataclass
class Seen:
    """All that was seen of a scenario; moments as in Due."""
    scenario: Scenario
    seconds: float             # of the schedule
    due: list[Due]
    lasted_s: float = 0        # until everything was done
    arrived: dict[str, dict[str, list[float]]] = field(default_factory=dict)  # by mark and, of a push, registration: when
    incidents: list[dict] = field(default_factory=list)
    fcm_answers: Counter = field(default_factory=Counter)  # to sends, by verdict
    left: int = 0
    stage: Stage | None = None
    began: float = 0           # monotonic, s


def plan(scenario: Scenario, seconds: float, rate: float, number: int) -> list[Due]:
    """The requests of a scenario, in the order in which they are due. The same arguments, the same plan."""
    made = []
    for name, share in scenario.flows.items():
        moments = schedule.arrivals(scenario.phases, seconds, rate * share * FLOWS[name].per_rate, number)
        made += [Due(FLOWS[name], f"load-{name}-{number}-{n:06}", at_s) for n, at_s in enumerate(moments)]
    return sorted(made, key=lambda due: due.at_s)


class Run:
    def __init__(self, world: World, scratch: Path, attack: Path):
        self._world, self._scratch, self._attack = world, scratch, attack

    async def run(self, scenario: Scenario, seconds: float, rate: float, number: int) -> Seen:
        scratch = self._scratch / scenario.name
        scratch.mkdir()
        self._world.fcm.control("reset")
        seen = Seen(scenario, seconds, plan(scenario, seconds, rate, number))
        seen.stage = await Stage(self._world, scratch).start()
        try:
            self._write(seen, number, scratch / "schedule.jsonl")
            seen.began = time.monotonic() + LEAD_S
            await asyncio.gather(self._send(seen, scratch), *(self._happen(seen, mishap) for mishap in scenario.mishaps))
            await self._drain(seen)
        finally:
            await seen.stage.stop()
        self._collect(seen)
        return seen

    def _write(self, seen: Seen, seed: int, file: Path) -> None:
        rng = random.Random(seed)
        with file.open("w") as out:
            for due in seen.due:
                request = due.flow.request(due.mark, rng, seen.stage.addresses)
                out.write(json.dumps({"due_us": round(1e6 * due.at_s), **request}, ensure_ascii=False) + "\n")

    async def _send(self, seen: Seen, scratch: Path) -> None:
        start_unix_ms = round(1000 * (time.time() + seen.began - time.monotonic()))
        with (scratch / "answers.jsonl").open("wb") as out:
            sender = await asyncio.create_subprocess_exec(self._attack, scratch / "schedule.jsonl", str(start_unix_ms), stdout=out)
            assert await sender.wait() == 0, "the sender failed"
        for line in (scratch / "answers.jsonl").read_text().splitlines():
            answer = json.loads(line)
            due = seen.due[answer["n"]]
            due.sent_s, due.ended_s = answer["sent_us"] / 1e6, answer["ended_us"] / 1e6
            due.code, due.error = answer["code"], answer["error"]

    async def _happen(self, seen: Seen, mishap: Mishap) -> None:
        at_s = mishap.at * seen.seconds
        await asyncio.sleep(seen.began + at_s - time.monotonic())
        incident = {"title": mishap.title, "from_s": round(at_s, 2)}
        seen.incidents.append(incident)
        await mishap.happen(self._world, min(mishap.lasts_s, seen.seconds / 5))
        incident["to_s"] = round(time.monotonic() - seen.began, 2)

    async def _drain(self, seen: Seen) -> None:
        end = time.monotonic() + DRAIN_MAX_S
        while (left := seen.stage.left()) and time.monotonic() < end:
            await asyncio.sleep(0.05)
        seen.left, seen.lasted_s = left, time.monotonic() - seen.began

    def _collect(self, seen: Seen) -> None:
        for mark, moments in seen.stage.arrived.items():
            seen.arrived[mark] = {"": [at - seen.began for at in moments]}
        for due in seen.due:
            if due.flow.name == "search_query" and due.is_taken:
                seen.arrived[due.mark] = {"": [due.ended_s]}
        for send in self._world.fcm.sends():
            seen.fcm_answers[send["verdict"]] += 1
            if send["verdict"] == "accepted":
                mark = send["body"]["message"]["apns"]["headers"]["apns-collapse-id"]
                moments = seen.arrived.setdefault(mark, {}).setdefault(send["target"], [])
                moments.append(send["mono_us"] / 1e6 - seen.began)
