"""report_charts.py: lines over the seconds of a run, as SVG in the page itself: no script, colours from the page's style.

Lines differ by dashes as well as by colour, and the whole chart says in words what its highest values are."""

import math
from typing import NamedTuple

from report_html import element, text

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 440, 180, 52, 12, 32, 22  # of the drawing, and what its labels need
TICKS_MAX = 5
LABEL_HEIGHT = 12
SECONDS_BETWEEN = [1, 2, 5, 10, 20, 30, 60, 120, 300]  # marks of the time axis


class Line(NamedTuple):
    name: str
    values: list  # one for each second; None = nothing to say


class Band(NamedTuple):
    """A time that has a name: something that goes wrong in it, or a phase."""
    name: str
    from_s: float
    to_s: float


class _Scale:
    """Where on the drawing a value is, by its size or by its magnitude."""

    def __init__(self, values: list[float], is_log: bool):
        positive = [value for value in values if value > 0]
        self._is_log = is_log and bool(positive)
        if self._is_log:
            first = math.floor(math.log10(min(positive)))
            last = max(math.ceil(math.log10(max(positive))), first + 1)
            self.ticks = [10 ** n for n in range(first, last + 1)]
            self._low, self._high = self.ticks[0], self.ticks[-1]
        else:
            top = max(values, default=0) or 1
            step = max(_step(top), 1 if all(isinstance(value, int) for value in values) else 0)  # nothing is there by halves
            self._low, self._high = 0, step * math.ceil(top / step)
            self.ticks = [step * n for n in range(round(self._high / step) + 1)]

    def y(self, value: float) -> float:
        share = (math.log10(max(value, self._low) / self._low) / math.log10(self._high / self._low) if self._is_log
                 else value / self._high)
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)


def _step(top: float) -> float:
    """1, 2 or 5 times a power of ten."""
    power = 10 ** math.floor(math.log10(top / TICKS_MAX))
    return next(power * n for n in (1, 2, 5, 10) if power * n * TICKS_MAX >= top)


def lines(title: str, unit: str, drawn: list[Line], incidents: list[Band], phases: list[Band], is_log: bool = False) -> str:
    seconds = max(len(line.values) for line in drawn)
    known = [value for line in drawn for value in line.values if value is not None]
    scale = _Scale(known, is_log)
    inside = [*(_band(band, n, seconds) for n, band in enumerate(incidents)), *(_phase(band, seconds) for band in phases),
              *(_tick(value, scale) for value in scale.ticks), *_time_axis(seconds),
              *(_path(line, n, scale, seconds) for n, line in enumerate(drawn))]
    drawing = element("svg", *inside, viewBox=f"0 0 {WIDTH} {HEIGHT}", role="img", aria_label=_words(title, unit, drawn))
    return element("figure", element("figcaption", text(f"{title}, {unit}"), _legend(drawn)), drawing, class_="lines")


def _x(at_s: float, seconds: int) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * min(at_s, seconds) / seconds


def _empty(name: str, **attributes) -> str:
    """An element without content, closed at once."""
    return element(name, **attributes).replace(f"></{name}>", "/>")


def _label(at: str, x: float, y: float, anchor: str, class_: str = "") -> str:
    return element("text", text(at), x=f"{x:.1f}", y=f"{y:.1f}", text_anchor=anchor, **({"class_": class_} if class_ else {}))


def _band(band: Band, n: int, seconds: int) -> str:
    """Names stand one above the other, so that those of neighbours do not meet."""
    first, last, y = _x(band.from_s, seconds), _x(band.to_s, seconds), TOP - 5 - LABEL_HEIGHT * (n % 2)
    return _empty("rect", x=f"{first:.1f}", y=TOP, width=f"{last - first:.1f}", height=HEIGHT - TOP - BOTTOM, class_="incident") + _label(
        band.name, first, y, "start", "incident")


def _phase(band: Band, seconds: int) -> str:
    x = _x(band.from_s, seconds)
    return _empty("path", d=f"M{x:.1f},{TOP}V{HEIGHT - BOTTOM}", class_="grid") + _label(band.name, x + 3, TOP - 5, "start")


def _tick(value: float, scale: _Scale) -> str:
    y = scale.y(value)
    shown = f"{value:,.0f}" if value >= 1 and value == round(value) else f"{value:g}"
    return _empty("path", d=f"M{LEFT},{y:.1f}H{WIDTH - RIGHT}", class_="grid") + _label(shown, LEFT - 6, y + 4, "end")


def _time_axis(seconds: int) -> list[str]:
    between = next((n for n in SECONDS_BETWEEN if seconds / n <= 10), SECONDS_BETWEEN[-1])
    return [_label(f"{at} s", _x(at, seconds), HEIGHT - 6, "middle") for at in range(0, seconds, between)]


def _path(line: Line, n: int, scale: _Scale, seconds: int) -> str:
    """A second is drawn at its middle. Where there is nothing to say the line is broken; a second alone becomes a dot."""
    commands, is_on = [], False
    for second, value in enumerate(line.values):
        if value is not None:
            commands.append(f"{'L' if is_on else 'M'}{_x(second + 0.5, seconds):.1f},{scale.y(value):.1f}{'' if is_on else 'h.1'}")
        is_on = value is not None
    return _empty("path", d="".join(commands), class_=f"line-{n}")


def _legend(drawn: list[Line]) -> str:
    def sample(n: int) -> str:
        return element("svg", _empty("path", d="M1,5H23", class_=f"line-{n}"), viewBox="0 0 24 10", aria_hidden="true")

    return element("span", *(element("span", sample(n), text(line.name)) for n, line in enumerate(drawn)), class_="legend")


def _words(title: str, unit: str, drawn: list[Line]) -> str:
    tops = (f"{line.name} at most {text(max((v for v in line.values if v is not None), default=0))}" for line in drawn)
    return f"{title}, {unit}: {'; '.join(tops)}"
