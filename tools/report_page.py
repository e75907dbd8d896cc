"""report_page.py FOLDER: FOLDER/index.html, made of what the parts of the demo kept as FOLDER/demo-*.json, and ./build.sh load as
FOLDER/load.json.

One file that needs no other: it can be sent by mail and read on a phone. Standard library only."""

import json
import sys
from pathlib import Path

from report_html import element, paragraph, text
from report_load import load
from report_sections import push, search, snapshot

STYLE = Path(__file__).with_suffix(".css")
# Each verb's parts: name, file, heading, what makes the section of what was kept.
VERBS = {"demo": [("push", "demo-push", "Pushes of an evening", push), ("snapshot", "demo-snapshot", "A year of snapshots", snapshot),
                  ("search", "demo-search", "A week of searches", search)],
         "load": [("load", "load", "Under load", load)]}


def verdict(kept: dict) -> str:
    if not kept["failed"]:
        return paragraph("Everything came out as expected.", class_="good")
    return paragraph("Not as expected:", class_="bad") + element("ul", *(element("li", text(line)) for line in kept["failed"]))


def section(name: str, title: str, body, kept: dict | None) -> str:
    heading = element("h2", text(title), id=name)
    if kept is None:
        return element("section", heading, paragraph("This part did not come to its end: its output says why.", class_="bad"))
    return element("section", heading, verdict(kept), body(kept))


def document(results: dict[str, dict | None], style: str) -> str:
    """`results`: what each part kept, by its name; None or absent = it kept nothing. A verb that kept nothing at all did not run."""
    ran = {verb: parts for verb, parts in VERBS.items() if any(results.get(name) for name, *_ in parts)}
    sections = "\n".join(section(name, title, body, results.get(name)) for parts in ran.values() for name, _, title, body in parts)
    made_by = " and ".join(f"./build.sh {verb}" for verb in ran)
    title = f"Narae: {' and '.join(ran)}"
    return (f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>{title}</title>\n'
            f"<style>\n{style}</style>\n</head>\n<body>\n<header>\n<h1>{title}</h1>\n"
            f'<p class="soft">Made by {made_by}, on real PostgreSQL and local stand-ins.</p>\n</header>\n'
            f"<main>\n{sections}\n</main>\n</body>\n</html>\n")


def main(folder: Path) -> None:
    files = {name: folder / f"{file}.json" for parts in VERBS.values() for name, file, *_ in parts}
    results = {name: json.loads(file.read_text()) for name, file in files.items() if file.is_file()}
    target = folder / "index.html"
    target.write_text(document(results, STYLE.read_text()))
    print(f"All of it on one page: {target}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
