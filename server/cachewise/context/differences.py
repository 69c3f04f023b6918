"""The regions in which two texts differ, line by line, and the lines that an edit has changed.

Nothing is remembered here: `Tracked` in `changes.py` follows one file from edit to edit. Not here: how the regions are
written (`tail.py`).
"""

from __future__ import annotations

import bisect
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

_JOIN_GAP = 3
"""Regions with at most so many equal lines between them become one: the heading of a region costs as much."""
_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class Region:
    """Lines `old_start` to `old_end` of the told text are lines `new_start` to `new_end` now (from 0, half open)."""

    old_start: int
    old_end: int
    new_start: int
    new_end: int

    @property
    def growth(self) -> int:
        """How many lines longer the current text is here than the told one."""
        return (self.new_end - self.new_start) - (self.old_end - self.old_start)


def split_lines(text: str) -> list[str]:
    r"""The lines of a text with their ends: `\n`, `\r\n` and `\r`, as LSP counts them. Joined they are the text."""
    return list(io.StringIO(text, newline=""))


def differences(old: Sequence[str], new: Sequence[str]) -> list[Region]:
    """The regions in which two lists of lines differ, in order. Lines that occur once in both hold them together."""
    found: list[Region] = []
    stack = [(0, len(old), 0, len(new))]
    while stack:
        a, b, c, d = stack.pop()
        while a < b and c < d and old[a] == new[c]:
            a, c = a + 1, c + 1
        while a < b and c < d and old[b - 1] == new[d - 1]:
            b, d = b - 1, d - 1
        anchors = _anchors(old[a:b], new[c:d]) if a < b and c < d else []
        if not anchors:
            if a < b or c < d:
                found.append(Region(a, b, c, d))
            continue
        last = (a, c)
        for offset_old, offset_new in anchors:
            stack.append((last[0], a + offset_old, last[1], c + offset_new))
            last = (a + offset_old + 1, c + offset_new + 1)
        stack.append((last[0], b, last[1], d))
    return sorted(found, key=lambda region: (region.old_start, region.new_start))


def _anchors(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """Pairs of positions of lines that occur once in each list, the longest row of them that rises in both."""
    in_old, in_new = Counter(old), Counter(new)
    position = {line: index for index, line in enumerate(new)}
    pairs = [(i, position[line]) for i, line in enumerate(old) if in_old[line] == 1 and in_new.get(line) == 1]
    tops: list[int] = []
    top_pairs: list[int] = []
    previous: list[int] = []
    for index, (_, at) in enumerate(pairs):
        row = bisect.bisect_left(tops, at)
        previous.append(top_pairs[row - 1] if row else -1)
        if row == len(tops):
            tops.append(at)
            top_pairs.append(index)
        else:
            tops[row], top_pairs[row] = at, index
    chosen: list[tuple[int, int]] = []
    index = top_pairs[-1] if top_pairs else -1
    while index >= 0:
        chosen.append(pairs[index])
        index = previous[index]
    return chosen[::-1]


def joined(regions: Sequence[Region]) -> tuple[Region, ...]:
    """The same regions, in order; those that stand close to one another are one."""
    row: list[Region] = []
    for region in regions:
        if row and region.old_start - row[-1].old_end <= _JOIN_GAP:
            first = row.pop()
            region = Region(first.old_start, region.old_end, first.new_start, region.new_end)
        row.append(region)
    return tuple(row)


def changed_middle(
    old: str, new: str, lines: list[str], place: tuple[int, int], *, carriage: bool
) -> tuple[int, int, list[str], tuple[int, int]]:
    r"""Whole lines that two texts share at their start and end, counted, and the new text's lines between them.

    Shared parts are cut behind a `\n`, which is a line's end whatever stands around it. Takes a place of the old text,
    an offset with the line feeds before it, and returns one of the new text.
    """
    limit = min(len(old), len(new))
    head = old.rfind("\n", 0, common(old, new, limit, from_end=False)) + 1
    shared = min(common(old, new, limit, from_end=True), limit - head)
    line_end = old.find("\n", len(old) - shared)
    tail = len(old) - (line_end + 1) if line_end >= 0 else 0
    if carriage:
        head_lines = _count_lines(old[:head])
        tail_lines = _count_lines(old[len(old) - tail :])
    else:  # each line ends with the one character, so that the shorter of two parts tells how many the other one has
        head_lines = line_feeds(old, head, place)
        tail_lines = len(lines) - head_lines - _count_lines(old[head : len(old) - tail])
    place = (0, 0) if carriage else (head, head_lines)
    return min(head_lines, len(lines)), tail_lines, split_lines(new[head : len(new) - tail]), place


def line_feeds(text: str, offset: int, place: tuple[int, int]) -> int:
    """How many line feeds stand before an offset, counted from a place for which that is known."""
    known, before = place
    return before + text.count("\n", known, offset) - text.count("\n", offset, known)


def _count_lines(text: str) -> int:
    if "\r" in text:
        return len(split_lines(text))
    return text.count("\n") + (1 if text and not text.endswith("\n") else 0)


def common(old: str, new: str, limit: int, *, from_end: bool) -> int:
    """How many characters two texts share at their start, or at their end; at most `limit`."""

    def same(start: int, stop: int) -> bool:
        if from_end:
            return new.startswith(old[len(old) - stop : len(old) - start], len(new) - stop)
        return new.startswith(old[start:stop], start)

    start = 0
    while start < limit:
        stop = min(start + _CHUNK, limit)
        if not same(start, stop):
            break
        start = stop
    else:
        return limit
    stop = min(start + _CHUNK, limit)
    while stop - start > 1:
        half = (start + stop) // 2
        if same(start, half):
            start = half
        else:
            stop = half
    return start
