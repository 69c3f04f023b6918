"""Copies of files as they are frozen into the prefix, and the blocks that they are packed into.

Not here: which files are chosen and when a copy is taken anew (`layout.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from cachewise.context.changes import Tracked, split_lines
from cachewise.context.frames import frame, sendable, visible
from cachewise.context.tokens import TokenEstimator, byte_length
from cachewise.model.plan import Block, Stability

_FULL = 2_400
"""Tokens. Files below a third of this share a block, which then takes no more than this."""
_SHARE_OF_ALL = 12
"""With large budgets a shared block may be this part of the whole, so that the number of blocks stays low."""
MOST_SHARED_NAMES = 3
_FRAME_SLACK = 40
"""Bytes that the line numbers in a copy's frame may take, and then some."""


@dataclass(slots=True, kw_only=True, eq=False)
class File:
    """One file of a shared context: what it is now, and the copy of it in the prefix. Changed only by its owner."""

    key: str
    name: str
    path: str | None
    text: str
    """Current, as the editor or the disk has it."""
    open: bool
    edited: int = 0
    """The request at which its text was last seen to have changed; 0 for never."""
    line: int = 0
    """The current line on which the cursor was last seen."""
    rent: float = 0.0
    copy: Tracked | None = None
    span: tuple[int, int] = (0, 0)
    """The lines of the copy that the prefix holds."""
    framed: str = ""
    """The copy in its frame, as it stands in the prefix."""
    _followed: tuple[str, bool] | None = None

    @property
    def is_slice(self) -> bool:
        return self.copy is not None and self.span != (0, len(self.copy.frozen))

    @property
    def is_fresh(self) -> bool:
        """Whether the prefix holds all of the file as it is now."""
        return self.copy is not None and not self.copy.regions and not self.is_slice

    @property
    def size_anew(self) -> int:
        """UTF-8 bytes that a new copy of the whole file would take with its frame, or a little less."""
        return byte_length(visible(self.text)) + byte_length(_framed(self.name, "", (0, 0))) + _FRAME_SLACK

    def freeze(self, span: tuple[int, int] | None = None) -> None:
        """Take a copy of the current text; of all of it, or of the given lines."""
        shown = visible(self.text)
        self.copy = Tracked(shown)
        lines = self.copy.frozen
        self.span = (0, len(lines)) if span is None else span
        self.framed = _framed(self.name, "".join(lines[self.span[0] : self.span[1]]), self.span)
        self.rent = 0.0
        self._followed = None

    def follow(self, *, is_current: bool) -> None:
        """Compare the current text with the copy. Invisible characters stay as they are in the current document."""
        if self.copy is None or (self._followed is not None and self._followed == (self.text, is_current)):
            return
        self.copy.update(sendable(self.text) if is_current else visible(self.text))
        self._followed = (self.text, is_current)


def _framed(name: str, text: str, span: tuple[int, int]) -> str:
    return frame("file", text, {"name": name, "lines": f"{span[0] + 1}-{span[1]}"})


@dataclass(frozen=True, slots=True)
class Chunk:
    """One block of the prefix: copies of one file or of several small ones. Never changes once it was sent."""

    files: tuple[File, ...]
    text: str
    stability: Stability
    size: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "size", byte_length(self.text))

    @property
    def name(self) -> str:
        names = [file.name for file in self.files]
        if len(names) == 1:
            return f"file {names[0]}"
        more = f" and {len(names) - MOST_SHARED_NAMES} more" if len(names) > MOST_SHARED_NAMES else ""
        return f"files {', '.join(names[:MOST_SHARED_NAMES])}{more}"

    def block(self, estimator: TokenEstimator) -> Block:
        return Block(name=self.name, text=self.text, stability=self.stability, tokens=estimator.of_bytes(self.size))


def packed(
    files: Sequence[File], stability: Stability, estimator: TokenEstimator, budget: int, *, alone: bool = False
) -> list[Chunk]:
    """Chunks of the files' copies, in order. Small files share a chunk, except where each is to stand `alone`."""
    full = max(_FULL, budget // _SHARE_OF_ALL)
    chunks: list[Chunk] = []
    group: list[File] = []
    filled = 0
    for file in files:
        tokens = estimator.tokens(file.framed)
        small = not alone and tokens <= full // 3
        if group and (not small or filled + tokens > full):
            chunks.append(_chunk(group, stability))
            group, filled = [], 0
        if small:
            group.append(file)
            filled += tokens
        else:
            chunks.append(_chunk([file], stability))
    if group:
        chunks.append(_chunk(group, stability))
    return chunks


def _chunk(files: Sequence[File], stability: Stability) -> Chunk:
    return Chunk(tuple(files), "".join(file.framed for file in files), stability)


def part_around(file: File, tokens: int, estimator: TokenEstimator) -> tuple[int, int] | None:
    """The lines around the file's cursor that fit with their frame into so many tokens, most of them before it.

    None where not even the cursor's line fits.
    """
    lines = split_lines(visible(file.text))
    room = tokens / estimator.ratio - byte_length(_framed(file.name, "", (0, 0))) - _FRAME_SLACK
    start = end = min(file.line, max(len(lines) - 1, 0))
    share = room * 0.4
    while end < len(lines) and (size := byte_length(lines[end])) <= (room if end == start else share):
        end, room, share = end + 1, room - size, share - size
    if end == start:
        return None
    while start > 0 and (size := byte_length(lines[start - 1])) <= room:
        start, room = start - 1, room - size
    while end < len(lines) and (size := byte_length(lines[end])) <= room:
        end, room = end + 1, room - size
    return start, end
