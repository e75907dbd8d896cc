"""tools/report_page.py: the page of demo and load says what was kept, escaped, and needs no other file."""

import copy
import html.parser
import json
import subprocess
import sys

import pytest

from harness import paths

TOOLS = paths.ROOT / "tools"
sys.path.insert(0, str(TOOLS))

import report_charts  # noqa: E402
import report_page  # noqa: E402

NASTY = "<script>alert('&\"')</script>"
ESCAPED = "&lt;script&gt;alert(&#x27;&amp;&quot;&#x27;)&lt;/script&gt;"
VOID = {"meta", "rect", "path"}
KEPT = {
    "push": {"failed": [], "header": ["message", "to", "verdict", "ms"], "trail": [["mention-1", "phone-of-17", "sent", 43.8]],
             "figures": {"cold_start_ms": 1.5, "first_event_ms": 20.25, "next_event_ms": 0.75, "peak_memory_mib": 6.5}},
    "snapshot": {"failed": [], "keep": "2 daily", "zone": "Asia/Seoul", "kept": [["2026-12-31", "Y"], ["2027-01-02", "d"]],
                 "figures": {"nights": 9, "created": 9, "deleted": 7, "left": 2, "calls": 1428, "seconds": 0.5}},
    "search": {"failed": [], "headline": "Many searches.", "top": [["강아지 사료", 1200, 30, 0.0], ["없는 것", 300, 12, 100.0]],
               "zero": [["없는 것", 300, 12]], "samples": [["phone", "분실 010-1234-0000", "분실 <phone>"]], "planted": 9, "leaked": 0,
               "days": [["2026-11-26", 12, 3, 25.0]],
               "figures": {"searches_per_second": 900, "search_p50_ms": 1.5, "search_p99_ms": 4.5, "events_per_second": 9000,
                           "billed_alone_over_packed": 9.5}},
}

SERIES = {"due": [3, 6, 0], "arrived": [3, 2, 4], "refused": [0, 0, 0], "p50_ms": [2.5, None, 8.0], "p95_ms": [40.0, None, 80.0],
          "p99_ms": [40.0, None, 800.0], "sandboxes": [1, 2, 2], "busy": [1, 2, 1], "cold_starts": [1, 1, 0], "throttled": [0, 0, 0],
          "backlog": [1, 4, 0], "backlog_age_s": [0.2, 1.4, 0.0]}
KEPT_LOAD = {"failed": [], "rate": 40, "machine": "a machine", "load_average_before": 0.25, "scenarios": [{
    "name": "worst_day", "title": "The worst day", "seconds": 3, "phases": [{"name": "steady", "from_s": 0, "to_s": 2}],
    "incidents": [{"title": "PostgreSQL is away", "from_s": 0.5, "to_s": 1.5}], "sender_late_ms": {"p50": 0.5, "p99": 1.25, "max": 3.0},
    "fcm_answers": {"accepted": 9, "unavailable": 1200},
    "flows": [{"name": "push_send", "title": "Pushes", "unit": "pushes", "arrives": "FCM has it", "series": SERIES,
               "account": {"units_due": 9, "units_arrived": 9, "units_lost": 0, "units_doubled": 0, "throttled": 0, "failed": 0},
               "figures": {"p50_ms": 2.5, "p99_ms": 800.0, "max_ms": 800.0, "busiest_second": 4, "cold_starts": 2,
                           "cold_start_p50_ms": 3.5, "deaths": 0}}]}]}


class Page(html.parser.HTMLParser):
    """Texts and tags; every element must end where it may."""

    def __init__(self, document: str):
        super().__init__()
        self.open, self.tags, self.texts = [], [], []
        self.feed(document)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, text):
        self.texts.append(text)

    def classed(self, name: str) -> int:
        return sum(name in (attributes.get("class") or "").split() for _, attributes in self.tags)


def page(kept: dict) -> tuple[str, Page]:
    document = report_page.document(kept, report_page.STYLE.read_text())
    return document, Page(document)


def everywhere(value):
    """The same result with NASTY in place of every text in it."""
    if isinstance(value, dict):
        return {key: everywhere(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [everywhere(inner) for inner in value]
    return NASTY if isinstance(value, str) else value


def test_page_says_what_was_kept():
    document, seen = page(KEPT)

    for text in "phone-of-17", "43.8", "1.5 ms", "1,428", "강아지 사료", "1,200", "분실 <phone>", "Planted secrets that came through: 0 of 9", "25.0":
        assert text in seen.texts, text
    assert seen.texts.count("Everything came out as expected.") == 3 and seen.classed("bad") == 0
    assert [a["width"] for tag, a in seen.tags if tag == "rect"] == ["100.00", "25.00", "100.00"]


def test_page_needs_no_other_file():
    document, seen = page(KEPT)

    assert not {tag for tag, _ in seen.tags} & {"script", "link", "img", "iframe", "object", "embed", "source"}
    assert not [a for _, a in seen.tags if {"src", "href", "srcset", "style"} & a.keys()]
    assert "url(" not in document and "@import" not in document and "http" not in document


def test_page_of_load_needs_no_other_file_and_draws_each_series():
    document, seen = page({"load": KEPT_LOAD})

    assert not {tag for tag, _ in seen.tags} & {"script", "link", "img", "iframe", "object", "embed", "source", "use"}
    assert "url(" not in document and "@import" not in document and "http" not in document
    assert seen.classed("lines") == 5 and seen.texts.count("PostgreSQL is away") == 5
    for text in "Throughput, pushes a second", "Latency until FCM has it, ms, by the second in which it was due", "9", "800.0", "2 (3.5 ms)", (
            "The sender was behind its schedule by 1.25 ms (p99), 3 ms at most. FCM's answers to sends: accepted 9, unavailable 1,200."):
        assert text in seen.texts, text


def test_a_second_with_nothing_to_say_breaks_the_line():
    drawn = report_charts.lines("t", "ms", [report_charts.Line("p50", [1.0, None, 4.0, 4.0])], [], [])
    path = next(a["d"] for tag, a in Page(drawn).tags if a.get("class") == "line-0" and "h.1" in a["d"])
    assert path.count("M") == 2 and path.count("L") == 1


@pytest.mark.parametrize("values, is_log, ticks", [
    ([0, 1], False, ["0", "1"]), ([0, 40], False, ["0", "10", "20", "30", "40"]), ([0.1, 0.6], False, ["0", "0.2", "0.4", "0.6"]),
    ([2.5, 1_300.0], True, ["1", "10", "100", "1,000", "10,000"]), ([5.0], True, ["1", "10"]), ([None, None], True, ["0", "1"]),
    ([0, 120_000], False, ["0", "50,000", "100,000", "150,000"])])
def test_axis_has_round_numbers_that_reach_over_the_highest(values, is_log, ticks):
    drawn = report_charts.lines("t", "", [report_charts.Line("a", values)], [], [], is_log)
    assert [t for t in Page(drawn).texts if t.replace(",", "").replace(".", "").isdigit()] == ticks


@pytest.mark.parametrize("part", ["push", "search"])
def test_what_comes_from_outside_is_escaped(part):
    document, seen = page({part: everywhere(KEPT[part]) | {"failed": [NASTY]}})

    assert NASTY not in document and ESCAPED in document
    assert "script" not in {tag for tag, _ in seen.tags}
    assert NASTY in seen.texts


def test_snapshot_texts_and_marks_are_escaped():
    kept = KEPT["snapshot"] | {"keep": NASTY, "zone": NASTY, "kept": [["2026-12-31", NASTY]], "failed": [NASTY]}
    document, _ = page({"snapshot": kept})

    assert NASTY not in document and document.count(ESCAPED) == 5  # twice in the paragraph, a mark and its title, a failure


def test_texts_of_load_are_escaped():
    kept = everywhere(KEPT_LOAD) | {"failed": [NASTY], "scenarios": [everywhere(KEPT_LOAD["scenarios"][0])]}
    document, seen = page({"load": kept})

    assert NASTY not in document and ESCAPED in document and "script" not in {tag for tag, _ in seen.tags}


def test_calendar_has_each_month_from_first_to_last():
    _, seen = page({"snapshot": KEPT["snapshot"]})

    assert [t for t in seen.texts if t in ("Nov 2026", "Dec 2026", "Jan 2027", "Feb 2027")] == ["Dec 2026", "Jan 2027"]
    assert seen.classed("kept") == 2


def test_failures_and_leaks_stand_out():
    kept = copy.deepcopy(KEPT)
    kept["push"]["failed"] = ["trail: expected 1, seen 2"]
    kept["search"]["leaked"] = 1
    _, seen = page(kept)

    assert "trail: expected 1, seen 2" in seen.texts and seen.classed("bad") == 2


def test_a_part_that_kept_nothing_is_said(tmp_path):
    (tmp_path / "demo-push.json").write_text(json.dumps(KEPT["push"]))

    subprocess.run([sys.executable, TOOLS / "report_page.py", tmp_path], check=True, capture_output=True)

    seen = Page((tmp_path / "index.html").read_text())
    assert seen.texts.count("This part did not come to its end: its output says why.") == 2 and "phone-of-17" in seen.texts
