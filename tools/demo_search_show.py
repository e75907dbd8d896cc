"""demo_search_show.py: the week of searches as a person reads it, in the terminal and for the report."""

import demo_crowd as crowd
from demo_parts import keep_result, padded, table

ROWS = 10        # of each chart
BAR_COLUMNS = 40
EIGHTHS = " ▏▎▍▌▋▊▉"
BILLED_STEP_BYTES = 5 * 1024  # Firehose rounds every record up to it
QUERY_COLUMNS = 24


def bar(value: float, largest: float) -> str:
    eighths = round(8 * BAR_COLUMNS * value / largest)
    return "█" * (eighths // 8) + EIGHTHS[eighths % 8].strip()


def chart(rows: list[tuple]) -> None:
    """(label, value, note)"""
    for label, value, note in rows:
        print(f"  {padded(label, QUERY_COLUMNS)} {value:>6,} {padded(bar(value, rows[0][1]), BAR_COLUMNS)} {note}".rstrip())


def samples(story) -> list[tuple[str, str, str]]:
    """One of each kind: what was typed, what the lake has."""
    stored = {row["query_id"]: row["user_query"] for row in story.rows if "query_id" in row and "user_query" in row}
    chosen = {}
    for search, answer in story.asked.answers:
        if search.planted:
            chosen.setdefault(search.planted.kind, (search.planted.kind, search.request["q"], stored.get(answer["query_id"], "-")))
    return [chosen[kind] for kind in crowd.PLACEHOLDERS if kind in chosen]


def billed_bytes(sizes: list[int]) -> int:
    return sum(-(-size // BILLED_STEP_BYTES) * BILLED_STEP_BYTES for size in sizes)


def figures(story) -> dict:
    packed = [len(record.encode()) for record in story.records]
    alone = [len(row.encode()) for record in story.records for row in record.split("\n")]
    _, _, p50, p95, p99 = story.lake["latency"][-1]
    return {"asked": len(story.asked.answers), "searches_per_second": round(len(story.asked.answers) / story.asked.seconds),
            "search_p50_ms": round(p50, 2), "search_p95_ms": round(p95, 2), "search_p99_ms": round(p99, 2),
            "events": len(story.rows), "events_per_second": round(len(story.rows) / story.logged_s),
            "records": len(packed), "billed_alone_over_packed": round(billed_bytes(alone) / billed_bytes(packed), 1),
            "clicks": len(story.clicks)}


def headline(story) -> str:
    week, f = story.week, figures(story)
    return (f"{len(week.all):,} searches. {f['asked']:,} of today went through search_query, over {crowd.PEOPLE:,} nicknames and "
            f"{crowd.POSTS:,} posts;\n{len(week.before):,} of the {crowd.DAYS} days before are an app's own search events, and {f['clicks']:,} "
            f"clicks are too. {sum(not s.is_kept for s in week.all)} were of people\nwho opted out: not one of these is in the lake. "
            "One batch of messages came twice: the lake counts it once.")


def show_charts(lake: dict) -> None:
    print("What people searched for most (the lake's named query top-queries)\n")
    chart([(query, n, f"{people:,} people") for query, n, people, _ in lake["top-queries"][:ROWS]])
    print("\nWhat they searched for and did not find (zero-result-queries)\n")
    chart([(query, n, "") for query, n, _ in lake["zero-result-queries"][:ROWS]])


def show_privacy(story) -> None:
    print("\nWhat became of personal data: typed, and in the lake\n")
    table(["kind", "typed", "stored"], [list(sample) for sample in samples(story)])
    print(f"\n  Planted secrets that came through: {len(story.leaks)} of {len(story.planted)}")


def show_lake(lake: dict) -> None:
    print("\nDay by day (zero-result-rate), and what trended yesterday (trending)\n")
    table(["day", "searches", "found nothing", "%"], lake["zero-result-rate"])
    print()
    table(["query", "searches", "people", "times its usual share"], lake["trending"][:3])
    (_, _, clicked, percent, position), = lake["click-through"][-1:]
    print(f"\n  {clicked:,} of today's searches led to a click ({percent} %), on result {position} on average (click-through).")


def show_figures(story) -> None:
    f = figures(story)
    print("\nFigures (./build.sh bench search and bench search_query measure with care)\n")
    table(["search_query", "p50", "p99", "search_log, into moto", "packed into", "billed by Firehose"],
          [[f"{f['searches_per_second']:,} searches/s", f"{f['search_p50_ms']} ms", f"{f['search_p99_ms']} ms",
            f"{f['events_per_second']:,} events/s", f"{f['records']:,} records",
            f"1/{f['billed_alone_over_packed']} of a record for each"]])


def show(story) -> None:
    print(f"\nA week at the search box: {headline(story)}\n")
    show_charts(story.lake)
    show_privacy(story)
    show_lake(story.lake)
    show_figures(story)


def keep(story, checks) -> None:
    keep_result("search", {
        "headline": headline(story).replace("\n", " "),
        "top": [list(row) for row in story.lake["top-queries"][:ROWS]],
        "zero": [list(row) for row in story.lake["zero-result-queries"][:ROWS]],
        "samples": [list(sample) for sample in samples(story)],
        "days": [[str(day), *rest] for day, *rest in story.lake["zero-result-rate"]],
        "planted": len(story.planted), "leaked": len(story.leaks), "figures": figures(story)}, checks.failed)
