"""A picture of `keystrokes.py`: two rows of bars, as an SVG without scripts or fonts of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import Protocol

_WIDTH, _ROW, _LEFT, _BAR = 860, 22, 230, 270


class Row(Protocol):
    """What `Figures` has."""

    name: str
    keys: int
    right: int

    @property
    def per_thousand(self) -> float: ...


def bars(rows: Sequence[Row]) -> str:
    """For each assistant: the share of keys before which the next one was on screen, and the cost of what was taken."""
    height = 60 + _ROW * len(rows)
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" font-family="sans-serif" '
            f'font-size="12"><title>Typing with completions</title>'
            f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>'
        )
    ]
    for number, row in enumerate(rows):
        y = 40 + _ROW * number
        parts.append(f'<text x="{_LEFT - 8}" y="{y + 13}" text-anchor="end">{escape(row.name)}</text>')
    columns: tuple[tuple[str, Callable[[Row], float], str], ...] = (
        ("the next key was on screen", lambda row: row.right / row.keys, "{:.0%}"),
        ("dollars for 1,000 characters taken", lambda row: row.per_thousand, "{:.3f}"),
    )
    for place, (title, value, shape) in enumerate(columns):
        x = _LEFT + place * (_BAR + 45)
        parts.append(f'<text x="{x}" y="26" font-size="13">{title}</text>')
        most = max((value(row) for row in rows if value(row) != float("inf")), default=1.0) or 1.0
        for number, row in enumerate(rows):
            y, amount = 40 + _ROW * number, min(value(row), most)
            colour = "#1e8449" if row.name.startswith("cachewise") else "#7f8c8d"
            width = (_BAR - 50) * amount / most
            parts.append(f'<rect x="{x}" y="{y}" width="{width:.1f}" height="{_ROW - 6}" fill="{colour}"/>')
            parts.append(f'<text x="{x + width + 5:.1f}" y="{y + 13}">{shape.format(value(row))}</text>')
    return "".join((*parts, "</svg>\n"))
