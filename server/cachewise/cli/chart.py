"""The picture of the ledger: cost per day, stacked by feature, and the share of input read from the provider's cache.

It is made of a few kinds of shapes that can be drawn as PNG (`png.py`) and as SVG (`svg.py`). Not here: the sums.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

from cachewise.cli.font import CAP, length
from cachewise.ledger.readout import money
from cachewise.ledger.report import Report
from cachewise.ledger.totals import Tally
from cachewise.model.usage import FEATURES

Anchor = Literal["start", "middle", "end"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rect:
    """A filled rectangle."""

    x: float
    y: float
    width: float
    height: float
    color: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Straight lines from point to point. One point is a round dot as wide as the line."""

    points: tuple[tuple[float, float], ...]
    color: str
    width: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A text on its base line. `size` is that of a font, of which capitals take 0.72."""

    x: float
    y: float
    text: str
    size: float
    color: str
    anchor: Anchor = "start"
    bold: bool = False


@dataclass(frozen=True, slots=True)
class Drawing:
    """Shapes on a white ground, later ones over earlier ones. In points of the screen."""

    width: int
    height: int
    shapes: tuple[Rect | Line | Text, ...]


CAP_SHARE = 0.72
MOST_DAYS = 366
"""Bars of more days than that would be thinner than a line; the last ones are shown."""
COLORS: dict[str, str] = {
    "complete": "#0072b2",
    "explain": "#e69f00",
    "ask": "#009e73",
    "document": "#cc79a7",
    "hover": "#56b4e9",
    "lens": "#d9c700",
    "warm": "#9ca3af",
}
"""By feature; after Okabe and Ito, told apart by colour-blind people too."""
_INK, _SOFT, _GRID, _HIT = "#1f2937", "#6b7280", "#e5e7eb", "#b91c5c"
_WIDTH, _HEIGHT = 960, 540
_LEFT, _RIGHT, _TOP, _BOTTOM = 84.0, 890.0, 112.0, 440.0
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_HIT_NAME = "input read from the cache"


def chart(report: Report) -> Drawing:
    """The picture of a report."""
    days = report.days[-MOST_DAYS:]
    costs = {day: _stack(report, day) for day in days}
    top, step = _scale(max((sum(cost for _, cost in stack) for stack in costs.values()), default=0.0))
    shapes: list[Rect | Line | Text] = [*_heading(report, days), *_axes(top, step), *_dates(days)]
    shapes += _bars(costs, top)
    shapes += _hits(report, days)
    shapes += _legend(report, days)
    return Drawing(_WIDTH, _HEIGHT, tuple(shapes))


def text_width(text: str, size: float) -> float:
    """How long a text will be, in points."""
    return length(text) * size * CAP_SHARE / CAP


def _stack(report: Report, day: str) -> list[tuple[str, float]]:
    """The costs of a day by feature, in the fixed order of features."""
    sums = ((name, report.by_day_and_feature.get((day, name), Tally()).totals.cost) for name in FEATURES)
    return [(name, float(cost)) for name, cost in sums if cost]


def _scale(most: float) -> tuple[float, float]:
    """The top of the cost axis, and the distance of its lines: 1, 2 or 5 of some power of ten, and at most six."""
    if most <= 0:
        return 0.01, 0.002
    rough = most / 5
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * nice for nice in (1, 2, 5, 10) if power * nice >= rough * 0.999)
    return math.ceil(most / step - 1e-9) * step, step


def _heading(report: Report, days: tuple[str, ...]) -> Iterator[Text]:
    whole = report.whole.totals
    yield Text(x=28, y=42, text="Cost per day by feature", size=21, color=_INK, bold=True)
    parts = [f"{_date(days[0])} - {_date(days[-1])} {days[-1][:4]}", f"{whole.requests:,} requests"]
    parts.append(money(whole.cost) + ("" if whole.cost_is_complete else " +?"))
    if whole.hit_ratio is not None:
        parts.append(f"{whole.hit_ratio:.0%} of input read from the cache")
    gain = whole.saved + whole.answers_saved
    if gain:
        parts.append(f"{money(gain)} saved")
    yield Text(x=28, y=68, text=",  ".join(parts), size=14, color=_SOFT)


def _axes(top: float, step: float) -> Iterator[Rect | Line | Text]:
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    for number in range(round(top / step) + 1):
        value = number * step
        y = _y(value / top)
        color = _SOFT if not number else _GRID
        yield Line(points=((_LEFT, y), (_RIGHT, y)), color=color, width=1)
        label = f"${value:.{max(digits, 2) if digits else 0}f}" if number else "$0"
        yield Text(x=_LEFT - 10, y=y + 5, text=label, size=13, color=_SOFT, anchor="end")
    for percent in (0, 25, 50, 75, 100):
        y = _y(percent / 100)
        yield Text(x=_RIGHT + 10, y=y + 5, text=f"{percent}%", size=13, color=_HIT)


def _dates(days: tuple[str, ...]) -> Iterator[Text]:
    """A label below every so many days, so that they do not run into each other; the last day always has one."""
    every = max(1, math.ceil(text_width("Sep 28", 13) * 1.35 / _pitch(len(days))))
    for number, day in enumerate(days):
        if (len(days) - 1 - number) % every == 0:
            x = _x(number, len(days))
            yield Text(x=x, y=_BOTTOM + 24, text=_date(day), size=13, color=_SOFT, anchor="middle")


def _bars(costs: dict[str, list[tuple[str, float]]], top: float) -> Iterator[Rect | Text]:
    pitch = _pitch(len(costs))
    width = max(min(pitch * 0.62, 72.0), 0.5)
    for number, stack in enumerate(costs.values()):
        middle = _x(number, len(costs))
        base = 0.0
        for name, cost in stack:
            y, floor = _y((base + cost) / top), _y(base / top)
            yield Rect(x=middle - width / 2, y=y, width=width, height=floor - y, color=COLORS.get(name, _SOFT))
            base += cost


def _hits(report: Report, days: tuple[str, ...]) -> Iterator[Line]:
    """The hit rate: a line through days that follow each other, broken where nothing is known."""
    runs: list[list[tuple[float, float]]] = [[]]
    for number, day in enumerate(days):
        ratio = report.by_day.get(day, Tally()).totals.hit_ratio
        if ratio is None:
            runs.append([])
        else:
            runs[-1].append((_x(number, len(days)), _y(min(ratio, 1.0))))
    dots = _pitch(len(days)) >= 14
    for run in filter(None, runs):
        # A light edge keeps the line apart from the bars behind it.
        yield Line(points=tuple(run), color="#ffffff", width=5)
        yield Line(points=tuple(run), color=_HIT, width=2.4)
        for point in run if dots else ():
            yield Line(points=(point,), color="#ffffff", width=11)
            yield Line(points=(point,), color=_HIT, width=7.5)


def _legend(report: Report, days: tuple[str, ...]) -> Iterator[Rect | Line | Text]:
    used = {name for day in days for name, _ in _stack(report, day)}
    x, y = _LEFT, 505.0
    for name in (name for name in FEATURES if name in used):
        yield Rect(x=x, y=y - 11, width=13, height=13, color=COLORS[name])
        yield Text(x=x + 20, y=y, text=name, size=14, color=_INK)
        x += 20 + text_width(name, 14) + 26
    end = _RIGHT - text_width(_HIT_NAME, 14)
    yield Text(x=end, y=y, text=_HIT_NAME, size=14, color=_INK)
    yield Line(points=((end - 36, y - 5), (end - 10, y - 5)), color=_HIT, width=2.4)
    yield Line(points=((end - 23, y - 5),), color=_HIT, width=7.5)


def _pitch(count: int) -> float:
    return (_RIGHT - _LEFT) / max(count, 1)


def _x(number: int, count: int) -> float:
    """The middle of a day's column."""
    return _LEFT + (number + 0.5) * _pitch(count)


def _y(share: float) -> float:
    return _BOTTOM - share * (_BOTTOM - _TOP)


def _date(day: str) -> str:
    found = date.fromisoformat(day)
    return f"{_MONTHS[found.month - 1]} {found.day}"
