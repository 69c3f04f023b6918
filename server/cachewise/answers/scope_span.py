"""A stretch of a document, and the stretch that is left where no definition is found: the block of text lines.

Not here: definitions.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

_LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Span:
    """From `start` to `end`, with the headers of the definitions around it, outermost first."""

    start: int
    end: int
    headers: tuple[str, ...] = ()


class Lines:
    """Offsets of the lines of a text, by LSP's three line ends."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.starts = [0, *(end.end() for end in _LINE_END.finditer(text))]

    def __len__(self) -> int:
        return len(self.starts)

    def at(self, offset: int) -> int:
        """The number of the line that holds `offset`, from 0."""
        return bisect_right(self.starts, offset) - 1

    def end(self, line: int) -> int:
        """Offset behind the last character of the line, its line end not counted."""
        limit = self.starts[line + 1] if line + 1 < len(self.starts) else len(self.text)
        while limit > self.starts[line] and self.text[limit - 1] in "\r\n":
            limit -= 1
        return limit

    def line(self, number: int) -> str:
        """The line without its end."""
        return self.text[self.starts[number] : self.end(number)]

    def is_blank(self, number: int) -> bool:
        """Whether there is nothing but white space on it."""
        return not self.line(number).strip()

    def indent(self, number: int) -> int:
        """Columns before the first character that is no space; a tab goes to the next multiple of eight."""
        expanded = self.line(number).expandtabs(8)
        return len(expanded) - len(expanded.lstrip())


def block_around(text: str, start: int, end: int, lines: Lines | None = None) -> Span:
    """The lines around the selection up to the nearest blank ones; white space lines inside the selection stay."""
    lines = lines or Lines(text)
    first, last = touched(lines, start, end)
    while first > 0 and not lines.is_blank(first) and not lines.is_blank(first - 1):
        first -= 1
    while last + 1 < len(lines) and not lines.is_blank(last) and not lines.is_blank(last + 1):
        last += 1
    return Span(lines.starts[first], lines.end(last))


def touched(lines: Lines, start: int, end: int) -> tuple[int, int]:
    """First and last line of a selection; one that ends at the very start of a line does not touch that line."""
    first, last = lines.at(start), lines.at(end)
    if last > first and lines.starts[last] == end:
        last -= 1
    return first, last
