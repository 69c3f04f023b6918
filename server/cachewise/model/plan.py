"""A prompt as an ordered list of blocks, from what never changes to what changes with every request.

The order is the money: a prefix cache pays for a block once only while every byte before it stays the same.
Not here: who chooses the blocks (`context/`) and how they look on a provider's wire (`providers/`).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Literal

from cachewise.model.names import Ttl


class Stability(IntEnum):
    """How long a block is expected to stay as it is; blocks of a plan never go down in this."""

    FIXED = 0
    """The same for every request of every feature (the system text)."""
    STABLE = 1
    """Files that nobody is editing."""
    WORKING = 2
    """Frozen snapshots of files that are being edited."""
    JOURNAL = 3
    """Append-only changes to those snapshots."""
    TAIL = 4
    """This request only: the cursor window and the feature's instruction. Never marked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One piece of the prompt."""

    name: str
    """What people know it by: `system`, `file src/app.py`, `tail`. Shown as the cause of a cache miss."""
    text: str
    stability: Stability
    tokens: int
    """Estimated."""
    role: Literal["system", "user"] = "user"

    _digest: list[str] = field(default_factory=list, init=False, repr=False, compare=False)

    @property
    def digest(self) -> str:
        """SHA-256 of the role and the text, hex; taken once, since blocks of the prefix come again in many plans."""
        if not self._digest:
            self._digest.append(
                hashlib.sha256(f"{self.role}\0{self.text}".encode("utf-8", "surrogatepass")).hexdigest()
            )
        return self._digest[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Infill:
    """A completion as fill-in-the-middle takes it: what the blocks of its plan hold, taken apart."""

    prefix: str
    """The text before the cursor."""
    suffix: str
    """The text behind it."""
    extra: tuple[tuple[str, str], ...]
    """Names and texts of what else the model is shown, in the order of the blocks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptPlan:
    """A whole prompt. `marks[i]` says that the prefix up to and including block `i` should be cached, and how long.

    Invariants, checked on construction: system blocks first, stability never falls, at least one block that is
    TAIL and stands last, no mark on a TAIL block.
    """

    blocks: tuple[Block, ...]
    marks: dict[int, Ttl]
    moved: str | None = None
    """Why the prefix is not an extension of the last plan's, in words; None where it is."""
    too_short: bool = False
    """Whether nothing is marked because the prefix is below what the model's provider caches."""
    infill: Infill | None = None
    """What is sent in place of messages; None where the blocks are sent."""

    def __post_init__(self) -> None:
        seen_user = False
        last = Stability.FIXED
        for index, block in enumerate(self.blocks):
            if block.role == "system" and seen_user:
                raise ValueError(f"system block {block.name!r} stands behind a user block")
            seen_user = seen_user or block.role == "user"
            if block.stability < last:
                raise ValueError(f"block {block.name!r} is more stable than the one before it")
            last = block.stability
            if index in self.marks and block.stability is Stability.TAIL:
                raise ValueError(f"the tail block {block.name!r} is marked")
        if not self.blocks or self.blocks[-1].stability is not Stability.TAIL:
            raise ValueError("a plan ends with a tail block")
        if any(not 0 <= index < len(self.blocks) for index in self.marks):
            raise ValueError("a mark points at no block")

    @property
    def prefix(self) -> tuple[Block, ...]:
        """The blocks before the tail: what consecutive requests share."""
        return tuple(b for b in self.blocks if b.stability is not Stability.TAIL)

    @property
    def prefix_tokens(self) -> int:
        """Estimated tokens of the prefix."""
        return sum(b.tokens for b in self.prefix)

    @property
    def tokens(self) -> int:
        """Estimated tokens of the whole prompt."""
        return sum(b.tokens for b in self.blocks)
