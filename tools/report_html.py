"""report_html.py: the few pieces of HTML that the report is made of. Whatever comes from outside is escaped here, and only here."""

from html import escape


def text(value) -> str:
    return escape(f"{value:,}" if isinstance(value, (int, float)) else str(value))


def element(name: str, *inner: str, **attributes) -> str:
    """`inner` is HTML already; class_ and the like lose their last underscore."""
    shown = "".join(f' {key.rstrip("_").replace("_", "-")}="{escape(str(value))}"' for key, value in attributes.items())
    return f"<{name}{shown}>{''.join(inner)}</{name}>"


def paragraph(value, **attributes) -> str:
    return element("p", text(value), **attributes)


def scrolled(label: str, inner: str) -> str:
    """What may be wider than a phone; reached by keyboard too."""
    return element("div", inner, class_="scroll", role="region", tabindex=0, aria_label=label)


def table(caption: str, header: list[str], rows: list[list]) -> str:
    """Cells that are numbers stand to the right."""
    head = element("tr", *(element("th", text(cell), scope="col") for cell in header))
    return scrolled(caption, element("table", element("caption", text(caption)), element("thead", head), element(
        "tbody", *(element("tr", *(_cell(cell) for cell in row)) for row in rows))))


def _cell(value) -> str:
    return element("td", text(value), **({"class_": "number"} if isinstance(value, (int, float)) else {}))


def bars(caption: str, rows: list[tuple], header: tuple[str, str], class_: str = "") -> str:
    """(label, value) each, with an SVG bar; the number stands beside it, so nobody need see the bar."""
    largest = max((value for _, value in rows), default=0) or 1
    head = element("tr", element("th", text(header[0]), scope="col"), element("th", text(header[1]), scope="col", class_="number"),
                   element("td", class_="bar", aria_hidden="true"))
    body = (element("tr", element("th", text(label), scope="row"), element("td", text(value), class_="number"),
                    element("td", _bar(value / largest), class_="bar", aria_hidden="true")) for label, value in rows)
    return element("div", element("table", element("caption", text(caption)), element("thead", head),
                                  element("tbody", *body, class_=class_), class_="chart"))


def _bar(share: float) -> str:
    return (f'<svg viewBox="0 0 100 10" preserveAspectRatio="none" focusable="false">'
            f'<rect width="{100 * share:.2f}" height="10"/></svg>')


def figures(pairs: list[tuple[str, str]]) -> str:
    """Name and value, the value with its unit."""
    return element("dl", *(element("div", element("dt", text(name)), element("dd", text(value))) for name, value in pairs),
                   class_="figures")
