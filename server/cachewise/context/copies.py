"""Copies of files as they are frozen into the prefix, and the edits told of them since.

Not here: the blocks that hold both (`chunks.py`), which files are chosen (`prefix.py`), when a copy is taken anew
(`arrange.py`), and when an edit is told (`journal.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from cachewise.context.changes import Tracked
from cachewise.context.differences import Region, split_lines
from cachewise.context.frames import frame, sendable, unused_id, visible
from cachewise.context.tokens import TokenEstimator, byte_length
from cachewise.context.window import line_at

_FRAME_SLACK = 40
"""Bytes that the line numbers in the frame of a part may take, and then some."""


@dataclass(slots=True, kw_only=True, eq=False)
class File:
    """One file of a shared context: what it is now, and the copy of it in the prefix. Changed only by its owner."""

    key: str
    name: str
    path: str | None
    text: str
    """Current, as the editor or the disk has it."""
    open: bool
    kept: bool = False
    """Whether it was offered only because its copy is in the prefix."""
    beside: bool = False
    """Whether it was offered only to fill the context up."""
    part_of: str = ""
    """For a part of a file that was visited, the key of the whole."""
    brief: File | None = None
    """Its signatures, which stand in for it where there is no room for all of it."""
    edited: int = 0
    """The request at which its text was last seen to have changed; 0 for never."""
    line: int = 0
    """The current line on which the cursor was last seen."""
    rent: float = 0.0
    copy: Tracked | None = None
    span: tuple[int, int] = (0, 0)
    """The told lines that the prefix holds: those of the copy, with the journal's edits applied."""
    framed: str = ""
    """The copy in its frame, as it stands in the prefix."""
    identity: str = ""
    """Of its frame. Kept where it can be, so that a new copy begins as the old one did, which some providers read."""
    journal: int = 0
    """UTF-8 bytes of the edits that the journal tells of it."""
    sent: dict[tuple[int, str], int] = field(default_factory=dict)
    """How many requests carried a change in their tails that the journal does not tell yet."""
    _earliest: int | None = None
    """The first line of the copy that the journal tells of."""
    _followed: tuple[str, bool] | None = None
    _frozen: tuple[str, tuple[int, int]] = ("", (0, 0))
    _size: tuple[str, int] | None = None

    @property
    def is_slice(self) -> bool:
        return self.copy is not None and self.span != (0, len(self.copy.told))

    @property
    def is_fresh(self) -> bool:
        """Whether a copy of all of the file as it is now stands in the prefix."""
        return self.copy is not None and not self.copy.regions and not self.is_slice and not self.journal

    @property
    def unchanged(self) -> float:
        """The share of the whole copy, from its start, that a new copy would begin with too."""
        if self.copy is None or self.is_slice:
            return 0.0
        lines = self._frozen[1][1]
        first = min(self.copy.regions[0].old_start if self.copy.regions else lines, lines)
        return min(first, lines if self._earliest is None else self._earliest) / max(lines, 1)

    @property
    def size_anew(self) -> int:
        """UTF-8 bytes that a new copy of the whole file would take with its frame, or a little less."""
        if self._size is None or self._size[0] is not self.text:
            self._size = self.text, byte_length(visible(self.text)) + byte_length(_framed(self.name, ""))
        return self._size[1]

    @property
    def lines(self) -> Sequence[str]:
        """The lines of the current text as prompts show them; not split again where the copy has them."""
        shown = visible(self.text)
        return self.copy.lines if self.copy is not None and self.copy.holds(shown) else split_lines(shown)

    def look_at(self, offset: int) -> None:
        """Note the cursor's place in the current text."""
        if self.copy is not None and not self.copy.carriage and self.copy.holds(self.text):
            self.line = self.copy.line_feeds(offset)
        else:
            self.line = line_at(self.text, offset)

    def freeze(self, span: tuple[int, int] | None = None) -> None:
        """Take a copy of the current text; of all of it, or of the given lines."""
        shown = visible(self.text)
        self.copy = Tracked(shown, self.copy if self.copy is not None and self.copy.holds(shown) else None)
        lines = self.copy.told
        self.span = (0, len(lines)) if span is None else span
        text = "".join(lines[self.span[0] : self.span[1]])
        self.identity = unused_id(self.name, text, self.identity)
        self.framed = _framed(self.name, text, self.span if self.is_slice else None, self.identity)
        self.rent = 0.0
        self.journal = 0
        self._earliest = None
        self.sent = {}
        self._frozen = shown, self.span
        self._followed = None

    def tell(self, region: Region) -> Edit:
        """Count a region of the copy as told. Returns the edit that has to be put into the journal for it.

        Regions are told from the last to the first, so that each is numbered as it stood before all of them too.
        """
        assert self.copy is not None
        lines = tuple(self.copy.lines[region.new_start : region.new_end])
        self.copy.tell(region)
        edit = Edit(self, region.old_start, region.old_end, lines)
        self._count(edit)
        return edit

    def restate(self, edits: Iterable[Edit]) -> None:
        """Go back to the frozen copy with only these edits told: the others are no longer in the prefix."""
        shown, self.span = self._frozen
        self.copy = Tracked(shown)
        self.journal = 0
        self._earliest = None
        self._followed = None
        for edit in edits:
            told = self.copy.told
            self.copy = Tracked("".join((*told[: edit.start], *edit.lines, *told[edit.end :])))
            self._count(edit)

    def _count(self, edit: Edit) -> None:
        self.span = self.span[0], self.span[1] + len(edit.lines) - (edit.end - edit.start)
        self.journal += byte_length(edit.text)
        self._earliest = edit.start if self._earliest is None else min(self._earliest, edit.start)

    def follow(self, *, is_current: bool) -> None:
        """Compare the current text with the copy. Invisible characters stay as they are in the current document."""
        if self.copy is None or (self._followed is not None and self._followed == (self.text, is_current)):
            return
        self.copy.update(sendable(self.text) if is_current else visible(self.text))
        self._followed = (self.text, is_current)


def _framed(name: str, text: str, part: tuple[int, int] | None = None, identity: str | None = None) -> str:
    place = {} if part is None else {"lines": f"{part[0] + 1}-{part[1]}"}
    return frame("file", text, {"name": name, **place}, identity)


@dataclass(frozen=True, slots=True, eq=False)
class Edit:
    """Lines `start` to `end` of what was told of a file until then were replaced by `lines` (from 0, half open)."""

    file: File
    start: int
    end: int
    lines: tuple[str, ...]
    text: str = field(init=False)
    """The edit in its frame."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", edit_frame(self.file.name, self.start, self.end, "".join(self.lines)))


def edit_frame(name: str, start: int, end: int, text: str) -> str:
    """The frame of an edit in the journal."""
    place = {"replaces": f"{start + 1}-{end}"} if start < end else {"after": str(start)}
    return frame("edit", text, {"file": name, **place} if text else {"file": name, **place, "deleted": "yes"})


def part_around(file: File, tokens: int, estimator: TokenEstimator) -> tuple[int, int] | None:
    """The lines around the file's cursor that fit with their frame into so many tokens, most of them before it.

    None where not even the cursor's line fits.
    """
    lines = file.lines
    size_of = len if file.text.isascii() else byte_length
    room = tokens / estimator.ratio - byte_length(_framed(file.name, "", (0, 0))) - _FRAME_SLACK
    start = end = min(file.line, max(len(lines) - 1, 0))
    share = room * 0.4
    for index in range(start, len(lines)):  # by index, since to slice would cost by the document's size
        size = size_of(lines[index])
        if size > (room if end == start else share):
            break
        end, room, share = end + 1, room - size, share - size
    if end == start:
        return None
    while start > 0 and (size := size_of(lines[start - 1])) <= room:
        start, room = start - 1, room - size
    while end < len(lines) and (size := size_of(lines[end])) <= room:
        end, room = end + 1, room - size
    return start, end
