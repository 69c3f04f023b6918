"""Where the current text of a file differs from what the prompt has told of it, line by line.

`Tracked` follows one file: each new text is compared with the last one, so the work grows with the edit and not with
the file, and regions far apart stay apart. Not here: how the regions are written (`tail.py`), when they are told
for good (`journal.py`) and when a copy is taken anew (`rent.py`).
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


class Tracked:
    """What a prompt has told of a file, and the regions in which the current text differs from that.

    Told is at first the frozen copy, then the copy with the journal's edits applied to it.
    """

    def __init__(self, frozen: str, follower: Tracked | None = None) -> None:
        """Begin with a frozen copy. A `follower` whose current text that is has split it already."""
        self.lines = split_lines(frozen) if follower is None else follower._lent()
        self.told = self.lines
        self.regions: tuple[Region, ...] = ()
        self.carriage: bool = "\r" in frozen if follower is None else follower.carriage
        """Whether the current text may hold a carriage return: where it does not, lines are counted faster."""
        self._text = frozen
        self._own = False
        """Whether nobody else has the list `lines`, so that an edit may change it in place."""
        self._place = (0, 0)
        """An offset, and how many line feeds stand before it: near the last edit, so near the next one."""

    def _lent(self) -> list[str]:
        self._own = False
        return self.lines

    def holds(self, text: str) -> bool:
        """Whether this is the current text, so that `lines` are its lines."""
        return text == self._text

    def line_feeds(self, offset: int) -> int:
        """How many line feeds of the current text stand before an offset."""
        return _line_feeds(self._text, offset, self._place)

    def update(self, text: str) -> None:
        """Take in the current text."""
        if text == self._text:
            return
        head, tail, middle, self._place = _changed_middle(
            self._text, text, self.lines, self._place, carriage=self.carriage
        )
        self.carriage = self.carriage or any("\r" in line for line in middle)
        count = len(self.lines)
        if not self._own:
            self.lines, self._own = self.lines.copy(), True
        lines = self.lines
        low, high = head, count - tail
        lines[low:high] = middle
        before = [region for region in self.regions if region.new_end < low]
        after = [region for region in self.regions if region.new_start > high]
        touched = self.regions[len(before) : len(self.regions) - len(after)]
        if touched:
            low, high = min(low, touched[0].new_start), max(high, touched[-1].new_end)
        shift = len(lines) - count
        old_low = low - sum(region.growth for region in before)
        old_high = high - sum(region.growth for region in (*before, *touched))
        found = differences(self.told[old_low:old_high], lines[low : high + shift])
        moved_in = [
            Region(r.old_start + old_low, r.old_end + old_low, r.new_start + low, r.new_end + low) for r in found
        ]
        moved_on = [Region(r.old_start, r.old_end, r.new_start + shift, r.new_end + shift) for r in after]
        self.regions = _joined([*before, *moved_in, *moved_on])
        self._text = text

    def tell(self, region: Region) -> None:
        """Count one of the regions as told: the told text has its current lines from now on."""
        self.told = [
            *self.told[: region.old_start],
            *self.lines[region.new_start : region.new_end],
            *self.told[region.old_end :],
        ]
        shift = region.growth
        self.regions = tuple(
            other
            if other.old_start < region.old_start
            else Region(other.old_start + shift, other.old_end + shift, other.new_start, other.new_end)
            for other in self.regions
            if other != region
        )

    def old_range(self, start: int, end: int) -> tuple[int, int] | None:
        """Where current lines `start` to `end` stand in the told text; None if any of them changed."""
        growth = 0
        for region in self.regions:
            if region.new_start < end and region.new_end > start:
                return None
            if region.new_start == region.new_end and start < region.new_start < end:
                return None
            if region.new_end <= start:
                growth += region.growth
        return start - growth, end - growth

    def old_line(self, line: int) -> int:
        """The line of the told text that current line `line` is or stands nearest to."""
        growth = 0
        for region in self.regions:
            if region.new_start <= line < region.new_end:
                return min(region.old_start + line - region.new_start, max(region.old_start, region.old_end - 1))
            if region.new_end <= line:
                growth += region.growth
        return line - growth

    def around(self, start: int, end: int) -> tuple[tuple[int, int], tuple[Region, ...]]:
        """Take current lines `start` to `end` out of the regions, for a prompt that shows these lines itself.

        Returns:
            The told lines that the shown lines replace, and the regions that are left. A region that reaches
            into the shown lines is cut: what it replaces goes with its first part, the rest is inserted text.
        """
        left: list[Region] = []
        growth = 0
        old_start: int | None = None
        old_end: int | None = None
        for region in self.regions:
            if region.new_start < start:
                if region.new_end > start:
                    left.append(Region(region.old_start, region.old_end, region.new_start, start))
                    old_start = region.old_end
                else:
                    left.append(region)
                    growth += region.growth
            if old_start is None and region.new_start >= start:
                old_start = start - growth
            if region.new_start < end < region.new_end:
                old_end = region.old_end
                left.append(Region(region.old_end, region.old_end, end, region.new_end))
            elif region.new_start >= start and region.new_end > end:
                left.append(region)
        if old_start is None:
            old_start = start - growth
        if old_end is None:
            old_end = end - sum(region.growth for region in self.regions if region.new_end <= end)
        return (old_start, old_end), tuple(left)


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


def _joined(regions: Sequence[Region]) -> tuple[Region, ...]:
    joined: list[Region] = []
    for region in regions:
        if joined and region.old_start - joined[-1].old_end <= _JOIN_GAP:
            first = joined.pop()
            region = Region(first.old_start, region.old_end, first.new_start, region.new_end)
        joined.append(region)
    return tuple(joined)


def _changed_middle(
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
        head_lines = _line_feeds(old, head, place)
        tail_lines = len(lines) - head_lines - _count_lines(old[head : len(old) - tail])
    place = (0, 0) if carriage else (head, head_lines)
    return min(head_lines, len(lines)), tail_lines, split_lines(new[head : len(new) - tail]), place


def _line_feeds(text: str, offset: int, place: tuple[int, int]) -> int:
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
