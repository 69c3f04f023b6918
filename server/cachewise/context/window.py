"""The lines around a cursor, and the numbers of lines at offsets, without splitting the whole document.

Not here: how a window is written into a prompt (`tail.py`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_LINE_END = re.compile(r"\r\n|\n|\r")
_LONG_LINE = 1_000
"""Characters that the window may grow beyond its size to hold a whole line."""


@dataclass(frozen=True, slots=True)
class Window:
    """A part of a document: offsets, and the numbers of its lines (from 0, half open)."""

    start: int
    end: int
    first_line: int
    last_line: int
    whole_lines: bool
    """False where a line was too long to be shown whole; the first or last line is then cut."""


def window_around(text: str, cursor: int, before: int, after: int, line: int | None = None) -> Window:
    """The window around a cursor: whole lines, at most `before` and `after` characters, but always the cursor's line.

    A cursor line that is longer than the sizes and 1,000 characters more is cut. `line` is the cursor's line where it
    is known, which saves counting the lines before it.
    """
    inside_line_end = 0 < cursor < len(text) and text[cursor - 1] == "\r" and text[cursor] == "\n"
    anchor = cursor - 1 if inside_line_end else cursor
    start, clean_start = _start(text, anchor, before)
    end, clean_end = _end(text, anchor, max(after, 1) if inside_line_end else after)
    first = line_at(text, start) if line is None else line - lines_between(text, start, cursor)
    last = first + lines_between(text, start, end)
    if end > start and text[end - 1] not in "\r\n":
        last += 1
    return Window(start, end, first, last, clean_start and clean_end)


def line_at(text: str, offset: int) -> int:
    """The number (from 0) of the line that holds `offset`; LSP's three line ends."""
    return lines_between(text, 0, offset)


def lines_between(text: str, start: int, end: int) -> int:
    """How many lines further on `end` stands than `start`."""
    lines = text.count("\n", start, end)
    if text.find("\r", start, end) >= 0:
        lines += text.count("\r", start, end) - text.count("\r\n", start, end)
        if 0 < end < len(text) and text[end - 1] == "\r" and text[end] == "\n":
            lines -= 1
    return lines


def _start(text: str, cursor: int, before: int) -> tuple[int, bool]:
    if cursor <= before:
        return 0, True
    low = max(cursor - before, 0)
    first = _LINE_END.search(text, max(low - 1, 0), cursor)
    if first is not None:
        return first.end(), True
    low = max(low - _LONG_LINE, 0)
    ends = list(_LINE_END.finditer(text, low, cursor))
    if ends:
        return ends[-1].end(), True
    return (0, True) if low == 0 else (cursor - before, False)


def _end(text: str, cursor: int, after: int) -> tuple[int, bool]:
    if cursor + after >= len(text):
        return len(text), True
    ends = list(_LINE_END.finditer(text, cursor, cursor + after))
    end = ends[-1].end() if ends else None
    if end is None:
        later = _LINE_END.search(text, cursor + after, cursor + after + _LONG_LINE)
        if later is None and cursor + after + _LONG_LINE >= len(text):
            return len(text), True
        end = later.end() if later else None
    if end is None:
        return cursor + after, False
    return (end + 1 if text[end - 1] == "\r" and text[end : end + 1] == "\n" else end), True
