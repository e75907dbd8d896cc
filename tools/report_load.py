"""report_load.py: what ./build.sh load saw, as a section of the report."""

from report_charts import Band, Line, lines
from report_html import element, figures, paragraph, table, text

HEADER = ["function", "what", "due", "arrived", "lost", "twice", "throttled", "failed", "p50 ms", "p99 ms", "longest ms"]
MS = ("p50_ms", "p99_ms", "max_ms")


def load(kept: dict) -> str:
    about = (f"{kept['rate']:g} searches, and push messages, a second in a steady moment; open loop: what is due is sent whatever became "
             f"of what was sent before, and latency counts from when it was due. {kept['machine']}; load average before: "
             f"{kept['load_average_before']}.")
    return paragraph(about, class_="soft") + "".join(_scenario(scenario) for scenario in kept["scenarios"])


def _scenario(scenario: dict) -> str:
    late, answers = scenario["sender_late_ms"], scenario["fcm_answers"]
    fcm = f" FCM's answers to sends: {', '.join(f'{name} {n:,}' for name, n in answers.items())}." if answers else ""
    return (element("h3", text(scenario["title"])) + table("What became of it", HEADER, [_row(flow) for flow in scenario["flows"]]) +
            paragraph(f"The sender was behind its schedule by {late['p99']:g} ms (p99), {late['max']:g} ms at most.{fcm}", class_="soft") +
            "".join(_flow(flow, scenario) for flow in scenario["flows"]))


def _row(flow: dict) -> list:
    account, seen = flow["account"], flow["figures"]
    return [flow["name"], flow["unit"], account["units_due"], account["units_arrived"], account["units_lost"], account["units_doubled"],
            account["throttled"], account["failed"], *("-" if seen[name] is None else seen[name] for name in MS)]


def _flow(flow: dict, scenario: dict) -> str:
    incidents = [Band(band["title"], band["from_s"], band["to_s"]) for band in scenario["incidents"]]
    phases = [] if incidents else [Band(band["name"], band["from_s"], band["to_s"]) for band in scenario["phases"]]
    drawn = (lines(title, unit, [Line(label, flow["series"][name]) for name, label in some], incidents, phases, is_log)
             for title, unit, some, is_log in _charts(flow))
    heading = element("h4", text(flow["title"])) if len(scenario["flows"]) > 1 else ""
    return heading + element("div", *drawn, class_="charts") + figures(_facts(flow))


def _facts(flow: dict) -> list[tuple[str, str]]:
    seen = flow["figures"]
    cold = f"{seen['cold_starts']} ({seen['cold_start_p50_ms']:g} ms)" if seen["cold_starts"] else "none"
    return [("busiest second", f"{seen['busiest_second']:,} {flow['unit']}"), ("cold starts (median)", cold),
            ("sandboxes at most", text(max(flow["series"]["sandboxes"])))]


def _charts(flow: dict) -> list[tuple]:
    """Title, unit, (series, its name) each, and whether by magnitude."""
    refused = [("refused", "refused")] if any(flow["series"]["refused"]) else []
    made = [("Throughput", f"{flow['unit']} a second", [("due", "due"), ("arrived", "arrived"), *refused], False),
            (f"Latency until {flow['arrives']}", "ms, by the second in which it was due",
             [("p50_ms", "p50"), ("p95_ms", "p95"), ("p99_ms", "p99")], True),
            ("Sandboxes", "at once", [("sandboxes", "alive"), ("busy", "busy"), ("cold_starts", "cold starts")], False)]
    if "backlog_age_s" in flow["series"]:
        made += [("Messages on the queue", "in invocations, too", [("backlog", "messages")], False),
                 ("Age of the oldest of them", "s", [("backlog_age_s", "age")], False)]
    return made
