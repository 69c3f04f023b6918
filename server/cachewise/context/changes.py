"""Where the current text of a file differs from what the prompt has told of it, from edit to edit.

`Tracked` follows one file: each new text is compared with the last one, so the work grows with the edit and not with
the file, and regions far apart stay apart. Not here: the comparison of two texts (`differences.py`), how the regions
are written (`tail.py`), when they are told for good (`journal.py`) and when a copy is taken anew (`rent.py`).
"""

from __future__ import annotations

from cachewise.context.differences import Region, changed_middle, differences, joined, line_feeds, split_lines


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
        return line_feeds(self._text, offset, self._place)

    def update(self, text: str) -> None:
        """Take in the current text."""
        if text == self._text:
            return
        head, tail, middle, self._place = changed_middle(
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
        self.regions = joined([*before, *moved_in, *moved_on])
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
