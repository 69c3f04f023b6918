"""Aligned tables for a terminal, with sections and a little colour where somebody looks at them.

Not here: what is in them.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TextIO

LONGEST_NAME = 44
"""Columns of a row's name; longer ones lose their middle."""
_CODES = {"bold": "1", "dim": "2", "good": "32", "bad": "31"}


@dataclass(frozen=True, slots=True)
class Cell:
    """A figure, with how it should look: `bold`, `dim`, `good`, `bad` or nothing special."""

    text: str
    look: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A heading over some rows; each row is its name and its cells."""

    title: str
    rows: Sequence[tuple[str, Sequence[Cell]]]


class Paint:
    """Colours text, or leaves it as it is."""

    def __init__(self, *, on: bool) -> None:
        self._on = on

    def __call__(self, text: str, look: str) -> str:
        code = _CODES.get(look)
        return f"\x1b[{code}m{text}\x1b[0m" if self._on and code and text.strip() else text


def paint_for(stream: TextIO, env: Mapping[str, str] = os.environ) -> Paint:
    """Colour for a terminal that can show it and a user who does not mind (no-color.org)."""
    return Paint(on=stream.isatty() and not env.get("NO_COLOR") and env.get("TERM") != "dumb")


def render(columns: Sequence[str], sections: Sequence[Section], paint: Paint) -> str:
    """All sections under one set of columns, so that figures stand below each other throughout."""
    rows = [row for section in sections for row in section.rows]
    named = [_short(name) for name, _ in rows]
    first = max([*map(_width, named), *(_width(section.title) for section in sections)], default=0)
    widths = [
        max([len(column), *(_width(cells[place].text) for _, cells in rows)]) for place, column in enumerate(columns)
    ]
    head = "  ".join([" " * first, *map(str.rjust, columns, widths)])
    lines = [paint(head.rstrip(), "dim")]
    names = iter(named)
    for number, section in enumerate(sections):
        if section.title:
            lines += ["", paint(section.title, "bold")] if number else [paint(section.title, "bold")]
        for _, cells in section.rows:
            name = next(names)
            figures = [
                paint(" " * (width - _width(cell.text)) + cell.text, cell.look)
                for cell, width in zip(cells, widths, strict=True)
            ]
            lines.append("  ".join([name + " " * (first - _width(name)), *figures]).rstrip())
    return "\n".join(lines)


def _short(name: str) -> str:
    if len(name) <= LONGEST_NAME:
        return name
    tail = LONGEST_NAME // 2
    return f"{name[: LONGEST_NAME - tail - 1]}…{name[-tail:]}"


def _width(text: str) -> int:
    """Columns that a terminal needs: two for most East Asian characters, none for what combines with another."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
