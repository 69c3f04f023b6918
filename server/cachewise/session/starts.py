"""The offsets at which the lines of a text begin, kept through edits without counting the whole text again.

Only each 256th line's offset is kept. An edit moves those behind it, and a question counts from the nearest one before.
Not here: the lines themselves (`lines.py`), which all methods are given as they are at that moment.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

_STRIDE = 256
"""Lines between two that are kept."""
_WIDEST = 4 * _STRIDE
"""Lines that may come to stand between two before all are counted anew."""


class Starts:
    """Some lines of a text with their offsets in code points. Only the last line may be empty."""

    __slots__ = ("_numbers", "_offsets")

    def __init__(self, lines: Sequence[str]) -> None:
        self._numbers: list[int] = []
        self._offsets: list[int] = []
        self._count(lines)

    def replace(self, first: int, old: Sequence[str], new: Sequence[str]) -> None:
        """The `old` lines, which begin at number `first`, became the `new` ones."""
        start = bisect_right(self._numbers, first)
        end = bisect_right(self._numbers, first + len(old) - 1)
        more_lines = len(new) - len(old)
        more = sum(map(len, new)) - sum(map(len, old))
        self._numbers[start:] = [number + more_lines for number in self._numbers[end:]]
        self._offsets[start:] = [offset + more for offset in self._offsets[end:]]

    def of(self, number: int, lines: Sequence[str]) -> int:
        """The offset at which a line begins."""
        known, offset = self._before(self._numbers, number, lines)
        return offset + sum(map(len, lines[known:number]))

    def line_at(self, offset: int, lines: Sequence[str]) -> tuple[int, int]:
        """The number of the last line that begins at or before an offset, else of the first; and where it begins."""
        number, start = self._before(self._offsets, offset, lines)
        while number + 1 < len(lines) and start + len(lines[number]) <= offset:
            start += len(lines[number])
            number += 1
        return number, start

    def _before(self, row: Sequence[int], value: int, lines: Sequence[str]) -> tuple[int, int]:
        """The last line that is kept whose entry in a row is not above a value: its number and offset."""
        at = max(0, bisect_right(row, value) - 1)
        end = self._numbers[at + 1] if at + 1 < len(self._numbers) else len(lines)
        if end - self._numbers[at] > _WIDEST:
            self._count(lines)
            return self._before(row, value, lines)
        return self._numbers[at], self._offsets[at]

    def _count(self, lines: Sequence[str]) -> None:
        self._numbers[:] = range(0, max(1, len(lines)), _STRIDE)
        offset, offsets = 0, []
        for number in self._numbers:
            offsets.append(offset)
            offset += sum(map(len, lines[number : number + _STRIDE]))
        self._offsets[:] = offsets
