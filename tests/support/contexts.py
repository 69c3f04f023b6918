"""Snapshots, pieces and plans to hold, for the tests of the shared context."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from cachewise.context.layout import SharedContext
from cachewise.context.pieces import Piece
from cachewise.context.tail import AnyTail, CompletionTail
from cachewise.context.tokens import TokenEstimator
from cachewise.model.names import CacheTraits, Ttl
from cachewise.model.plan import PromptPlan
from cachewise.model.snapshot import Snapshot
from support.prompts import frames_of

FOLDER = "/ws/project"


def traits(
    style: Literal["control", "breakpoint", "automatic", "none"] = "control",
    *,
    minimum: int = 0,
    marks: int = 4,
    ttls: tuple[Ttl, ...] = ("5m", "1h"),
) -> CacheTraits:
    return CacheTraits(
        style=style, minimum_tokens=minimum, max_marks=marks, ttls=ttls, ttl_seconds=300.0, reports_reads=True
    )


def snapshot(
    name: str, text: str, cursor: int | tuple[int, int] = 0, *, language: str = "python", folder: str | None = FOLDER
) -> Snapshot:
    start, end = cursor if isinstance(cursor, tuple) else (cursor, cursor)
    path = f"{folder or '/elsewhere'}/{name}"
    return Snapshot(
        uri=f"file://{path}",
        version=1,
        language=language,
        text=text,
        start=start,
        end=end,
        path=path,
        folder=folder,
        name=name,
    )


def piece(name: str, text: str, *, is_open: bool = True) -> Piece:
    return Piece(name=name, text=text, path=f"{FOLDER}/{name}", open=is_open)


def lines(count: int, word: str = "line") -> str:
    """So many different lines of about 20 bytes."""
    return "".join(f"{word} number {number:05d} = {number}\n" for number in range(count))


def file_blocks(plan: PromptPlan) -> list[str]:
    """Names of the blocks behind the system text, those of the prefix only."""
    return [block.name for block in plan.prefix[1:]]


def prefix_texts(plan: PromptPlan) -> list[str]:
    return [block.text for block in plan.prefix]


def changed_files(plan: PromptPlan) -> list[str]:
    return [f.attributes["file"] for b in plan.blocks if b.name == "changes" for f in frames_of(b.text)[0]]


def big(name: str) -> Piece:
    """A file with a block of its own: about 1,300 tokens."""
    return piece(f"{name}.py", lines(250, name))


class Desk:
    """A shared context with everything that most tests do not vary filled in."""

    def __init__(self, *, max_tokens: int = 24_000, style: CacheTraits | None = None, ratio: float = 0.25) -> None:
        self.estimator = TokenEstimator(ratio)
        self.context = SharedContext("project", self.estimator)
        self.max_tokens = max_tokens
        self.traits = style or traits()

    def ask(
        self, about: Snapshot, pieces: Sequence[Piece] = (), tail: AnyTail | None = None, *, cold: bool = False
    ) -> PromptPlan:
        return self.context.plan(about, pieces, tail or CompletionTail(), self.traits, self.max_tokens, cold=cold)
