"""account.py: what became of every request of a scenario, and how that looks second by second. Pure but for its input.

Lost is what was taken and has not arrived; an answer that says no (throttled, failed) is no loss: whoever asked knows."""

import math
from itertools import chain

import schedule
import series
from scenario import Due, Seen


def result(seen: Seen) -> dict:
    """A scenario as build/report/load.json has it."""
    seconds = math.ceil(max(seen.seconds, seen.lasted_s))
    return {"name": seen.scenario.name, "title": seen.scenario.title, "seconds": seconds, "scheduled_s": seen.seconds,
            "phases": [{"name": phase.name, "from_s": round(first, 2), "to_s": round(last, 2)}
                       for phase, first, last in schedule.spans(seen.scenario.phases, seen.seconds)],
            "incidents": seen.incidents, "sender_late_ms": sender_late_ms(seen.due), "searches_reported": seen.stage.n_reported,
            "fcm_answers": dict(sorted(seen.fcm_answers.items())),
            "flows": [_flow(seen, name, seconds) for name in seen.scenario.flows]}


def sender_late_ms(due: list[Due]) -> dict[str, float]:
    """How far the sender was behind the schedule: it counts as latency, and is none of the functions'."""
    late = [1000 * (d.sent_s - d.at_s) for d in due if d.sent_s is not None]
    return {name: round(series.quantile(late, q), 2) for name, q in (("p50", 0.5), ("p99", 0.99), ("max", 1))} if late else {}


def _flow(seen: Seen, name: str, seconds: int) -> dict:
    due = [d for d in seen.due if d.flow.name == name]
    flow, pool = due[0].flow, seen.stage.pools[name]
    units = [(d, moments) for d in due for moments in seen.arrived.get(d.mark, {}).values()]
    took = [(d.at_s, min(moments) - d.at_s) for d, moments in units]
    return {"name": name, "title": flow.title, "unit": flow.unit, "arrives": flow.arrives,
            "account": _account(seen, name, due, units), "figures": _figures(took, units, pool),
            "series": {
                "due": [n * flow.per_request for n in series.counts((d.at_s for d in due), seconds)],
                "arrived": series.counts((min(moments) for _, moments in units), seconds),
                "refused": series.counts((d.ended_s for d in due if not d.is_taken and d.ended_s is not None), seconds),
                **series.latencies(took, seconds), **_sandboxes(seen, name, seconds), **_backlog(seen, name, seconds)}}


def _account(seen: Seen, name: str, due: list[Due], units: list) -> dict:
    """Of requests but for what is named in units."""
    per_request, queue = due[0].flow.per_request, seen.stage.queues.get(name)
    taken = {d.mark for d in due if d.is_taken}
    n_throttled = sum(d.code == 429 for d in due)
    n_failed = sum(d.code != 429 and not d.is_taken and d.ended_s is not None for d in due)
    return {"due": len(due), "taken": len(taken), "throttled": n_throttled, "failed": n_failed,
            "unaccounted": len(due) - len(taken) - n_throttled - n_failed,
            "units_due": per_request * len(due), "units_expected": per_request * len(taken), "units_arrived": sum(d.mark in taken for d, _ in units),
            "units_lost": per_request * len(taken) - sum(d.mark in taken for d, _ in units),
            "units_doubled": sum(len(moments) > 1 for _, moments in units),
            "dead_letters": len(queue.dead) if queue else 0, "left": queue.left() if queue else 0}


def _figures(took: list[tuple[float, float]], units: list, pool) -> dict:
    seconds_taken = [s for _, s in took]
    moments = sorted(min(moments) for _, moments in units)
    cold = [s for _, s in pool.cold_starts]
    busiest = max(series.counts(moments, math.ceil(moments[-1]) + 1)) if moments else 0
    ms = {name: None if not took else round(1000 * series.quantile(seconds_taken, q), 2) for name, q in series.QUANTILES.items()}
    return {**ms, "max_ms": round(1000 * max(seconds_taken), 2) if took else None, "busiest_second": busiest,
            "cold_starts": len(cold), "cold_start_p50_ms": round(1000 * series.quantile(cold, 0.5), 2) if cold else None,
            "deaths": len(pool.deaths)}


def _sandboxes(seen: Seen, name: str, seconds: int) -> dict:
    pool = seen.stage.pools[name]
    return {"sandboxes": series.levels(_since(seen, pool.alive), seconds), "busy": series.levels(_since(seen, pool.busy), seconds),
            "cold_starts": series.counts((at - seen.began for at, _ in pool.cold_starts), seconds),
            "throttled": series.counts((at - seen.began for at in pool.throttles), seconds)}


def _backlog(seen: Seen, name: str, seconds: int) -> dict:
    """Of what comes through a queue."""
    if name not in seen.stage.queues:
        return {}
    samples = seen.stage.backlog[name]
    return {"backlog": series.highest(((at - seen.began, n) for at, n, _ in samples), seconds),
            "backlog_age_s": series.highest(((at - seen.began, round(age, 2)) for at, _, age in samples), seconds)}


def _since(seen: Seen, changes: list[tuple[float, int]]) -> list[tuple[float, int]]:
    return [(at - seen.began, step) for at, step in changes if at <= seen.began + seen.lasted_s]


GOALS = {"unaccounted": "requests without any answer", "units_lost": "lost", "units_doubled": "arrived twice", "dead_letters": "dead letters",
         "left": "messages left on the queue"}
MAY_COME_TWICE = {"search_log"}  # its promise is at least once: the lake counts each event once


def failures(results: list[dict]) -> list[str]:
    """What must be zero, and is not."""
    return [f"{scenario['name']}, {flow['name']}: {words}: {flow['account'][name]:,}, must be 0"
            for scenario, flow in chain.from_iterable(((s, f) for f in s["flows"]) for s in results)
            for name, words in GOALS.items()
            if flow["account"][name] and not (name == "units_doubled" and flow["name"] in MAY_COME_TWICE)]
