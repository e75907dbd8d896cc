"""A sandbox that lives long: what it holds after a thousand events and after a hundred thousand."""

from harness import lambda_api
from harness.report import report

GROWTH_MAX_KB = 64  # 16 pages: what the allocator may still rearrange; a leak of one byte an event would be 97 KiB

LOOK = {"event": "look"}
EVENT = {"event": {"id": "c0ffee-42", "text": "x" * 250}, "quiet": True}


def test_a_hundred_thousand_events_leave_nothing_behind(tmp_path):
    # The first look pays for looking; the requests in between stay out of the journal.
    script = {"steps": [LOOK, {**EVENT, "times": 998}, LOOK, {**EVENT, "times": 98_999}, LOOK]}

    done = lambda_api.run("usage", script, tmp_path)

    assert done.journal[-2]["path"].endswith("-000000100000/response")  # request ids are counted
    _, after_1_000, after_100_000 = done.answers()
    report("100,000 events: growth of resident memory after the first 1,000", after_100_000["rss_kb"] - after_1_000["rss_kb"], "KiB")
    report("100,000 events: resident memory", after_100_000["rss_kb"], "KiB")
    report("100,000 events: time of one, both sides", round(done.seconds / 100_000 * 1e6, 1), "us")
    assert after_100_000["rss_kb"] - after_1_000["rss_kb"] <= GROWTH_MAX_KB
    assert after_100_000["fds"] == after_1_000["fds"]
    assert [entry["connection"] for entry in done.journal] == [1] * len(done.journal)
    assert done.log.count("\n") == 1, done.log  # "no more events", when the script was over


def test_large_events_and_failures_leave_nothing_behind(tmp_path):
    large = {"event_bytes": 6_000_000, "quiet": True}
    lost = {"event": 1, "quiet": True, "response": {"cut": 0, "then": "reset"}}
    script = {"steps": [LOOK, {**large, "times": 5}, *[lost] * 5, LOOK, {**large, "times": 50}, *[lost] * 200, LOOK]}

    done = lambda_api.run("usage", script, tmp_path)

    _, before, after = done.answers()
    report("large events and lost connections: growth of resident memory", after["rss_kb"] - before["rss_kb"], "KiB")
    assert after["rss_kb"] - before["rss_kb"] <= GROWTH_MAX_KB
    assert after["fds"] == before["fds"]


def test_the_largest_event_and_reply_take_no_more_than_they_must(tmp_path):
    """The event, and the copy of it that is the reply; a peer's best is 20.8 MiB (docs/failures.md)."""
    largest = {"event_bytes": 6_291_556, "quiet": True}

    done = lambda_api.run("usage", {"steps": [LOOK, largest, LOOK]}, tmp_path)

    _, after = done.answers()
    report("6 MiB in and out: peak resident memory", round(after["peak_kb"] / 1024, 1), "MiB")
    assert after["peak_kb"] / 1024 < 20.8
    assert after["rss_kb"] / 1024 < 4  # given back
