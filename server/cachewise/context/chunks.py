"""The blocks of the prefix: copies of one file or of several small ones, or edits of the journal.

Not here: the copies and edits themselves (`copies.py`), and the order of the blocks (`prefix.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from cachewise.context.copies import Edit, File
from cachewise.context.tokens import TokenEstimator, byte_length
from cachewise.model.plan import Block, Stability

_FULL = 2_400
"""Tokens. Files below a third of this share a block, which then takes no more than this."""
_SHARE_OF_ALL = 12
"""With large budgets a shared block may be this part of the whole, so that the number of blocks stays low."""
MOST_SHARED_NAMES = 3


@dataclass(frozen=True, slots=True)
class Chunk:
    """One block of the prefix: copies of one file or of several small ones, or edits of the journal.

    It never changes once it was sent.
    """

    files: tuple[File, ...]
    text: str
    stability: Stability
    edits: tuple[Edit, ...] = ()
    number: int = 0
    """Of a block of the journal."""
    size: int = field(init=False)
    _blocks: dict[int, Block] = field(default_factory=dict, init=False, repr=False, compare=False)
    """The block that it is in plans, by its estimated tokens: made once, so that its digest is taken once."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "size", byte_length(self.text))

    @property
    def name(self) -> str:
        names = list(dict.fromkeys(file.name for file in self.files or [edit.file for edit in self.edits]))
        if self.edits:
            more = f" and {len(names) - 1} more" if len(names) > 1 else ""
            return f"journal {self.number} of {names[0]}{more}"
        if len(names) == 1:
            return f"file {names[0]}"
        more = f" and {len(names) - MOST_SHARED_NAMES} more" if len(names) > MOST_SHARED_NAMES else ""
        return f"files {', '.join(names[:MOST_SHARED_NAMES])}{more}"

    def block(self, estimator: TokenEstimator) -> Block:
        tokens = estimator.of_bytes(self.size)
        block = self._blocks.get(tokens)
        if block is None:
            self._blocks.clear()
            block = Block(name=self.name, text=self.text, stability=self.stability, tokens=tokens)
            self._blocks[tokens] = block
        return block


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
