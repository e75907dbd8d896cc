"""report_sections.py: what each part of the demo kept, as a section of the report."""

from report_html import bars, element, figures, paragraph, scrolled, table, text

MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
MARKS = {"Y": "last of its year", "M": "last of its month", "w": "last of its week", "d": "last of its day",
         "x": "goes at the next run"}
DAYS_MAX = 31


def push(kept: dict) -> str:
    f = kept["figures"]
    return (figures([("cold start", f"{f['cold_start_ms']} ms"), ("first event, connections and token included", f"{f['first_event_ms']} ms"),
                     ("the same event again", f"{f['next_event_ms']} ms"), ("peak memory", f"{f['peak_memory_mib']} MiB")]) +
            table("Every push, and what became of it", kept["header"], kept["trail"]))


def snapshot(kept: dict) -> str:
    f = kept["figures"]
    return (paragraph(f"A year of nightly snapshots of one cluster; keep {kept['keep']}; days of {kept['zone']}.") +
            figures([("nights", text(f["nights"])), ("made", text(f["created"])), ("deleted", text(f["deleted"])),
                     ("left", text(f["left"])), ("calls to RDS", text(f["calls"])), ("took", f"{f['seconds']:.2f} s")]) +
            _calendar(dict(kept["kept"])) +
            paragraph("; ".join(f"{mark}: {meaning}" for mark, meaning in MARKS.items()), class_="soft"))


def _calendar(marks: dict[str, str]) -> str:
    """A row for each month from the first to the last that keeps something."""
    head = element("tr", "<td></td>", *(element("th", text(day), scope="col") for day in range(1, DAYS_MAX + 1)))
    rows = (element("tr", element("th", f"{MONTHS[month - 1]} {year}", scope="row"),
                    *(_day(marks.get(f"{year}-{month:02}-{day:02}")) for day in range(1, DAYS_MAX + 1)))
            for year, month in _months(sorted(marks)))
    return scrolled("Snapshots that are left, by day", element(
        "table", element("caption", "Snapshots that are left, by day"), element("thead", head), element("tbody", *rows), class_="calendar"))


def _months(days: list[str]) -> list[tuple[int, int]]:
    if not days:
        return []
    (first_year, first), (last_year, last) = ((int(day[:4]), int(day[5:7])) for day in (days[0], days[-1]))
    return [(n // 12, n % 12 + 1) for n in range(12 * first_year + first - 1, 12 * last_year + last)]


def _day(mark: str | None) -> str:
    if mark is None:
        return '<td class="soft">·</td>'
    return element("td", text(mark), class_="kept", title=MARKS.get(mark, mark))


def search(kept: dict) -> str:
    f = kept["figures"]
    leaked = paragraph(f"Planted secrets that came through: {kept['leaked']:,} of {kept['planted']:,}",
                       class_="bad" if kept["leaked"] else "good")
    return (paragraph(kept["headline"]) +
            bars("What people searched for most", [(row[0], row[1]) for row in kept["top"]], ("query", "searches")) +
            bars("What they searched for and did not find", [(row[0], row[1]) for row in kept["zero"]],
                 ("query", "searches without a result"), class_="zero") +
            element("h3", "Personal data") + leaked +
            table("One of each kind, as typed and as stored", ["kind", "typed", "stored"], kept["samples"]) +
            element("h3", "Day by day") +
            table("Searches without a result", ["day", "searches", "found nothing", "%"], kept["days"]) +
            figures([("search_query", f"{f['searches_per_second']:,} searches/s"), ("p50", f"{f['search_p50_ms']} ms"),
                     ("p99", f"{f['search_p99_ms']} ms"), ("search_log, into moto", f"{f['events_per_second']:,} events/s"),
                     ("Firehose bills", f"1/{f['billed_alone_over_packed']} of a record for each")]))
