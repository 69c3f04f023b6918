"""How long it takes to plan a prompt, in processor time: with 100,000 tokens of context, and in a document of 5 MB."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence

from bench.figures import Figure, Spread

from cachewise.context.gather import Piece
from cachewise.context.layout import SharedContext
from cachewise.context.tail import CompletionTail
from cachewise.context.tokens import TokenEstimator
from cachewise.model.names import ModelName
from cachewise.model.snapshot import Snapshot
from cachewise.providers.traits import traits

GOAL_MS = 5.0
_TOKENS = 100_000


async def measure(edits: int = 300) -> tuple[Figure, ...]:
    """Edit at random places of a document and plan after each edit."""
    usual = _plan(_files(180), _text(2_000), edits)
    large = _plan(_files(40), _text(150_000), edits // 6)
    return (
        _figure("plan, 100,000 tokens of context", usual[1:], GOAL_MS),
        _figure("first plan of 100,000 tokens", usual[:1], None),
        _figure("plan, document of 5 MB", large[1:], None),
    )


def _figure(name: str, values: Sequence[float], goal: float | None) -> Figure:
    spread = Spread.of(values, 1000)
    return Figure(name=name, value=spread.at(0.95), unit="ms", goal=goal, spread=spread, note="95th percentile")


def _plan(pieces: Sequence[Piece], text: str, edits: int) -> list[float]:
    chance = random.Random(5)
    model = traits(ModelName("openrouter", "anthropic/claude-sonnet-4.5"))
    context = SharedContext("bench", TokenEstimator(model.tokens_per_byte))
    seconds = []
    at = len(text) // 2
    for number in range(edits):
        if number % 20 == 0:
            at = chance.randrange(len(text))
        text = text[:at] + "x" + text[at:]
        at += 1
        snapshot = Snapshot(
            uri="file:///main.py", version=number, language="python", text=text, start=at, end=at, path=None,
            folder=None, name="main.py",
        )  # fmt: skip
        began = time.thread_time()
        context.plan(snapshot, pieces, CompletionTail(), model, _TOKENS)
        seconds.append(time.thread_time() - began)
    return seconds


def _files(count: int) -> list[Piece]:
    return [Piece(name=f"lib/{n}.py", text=_text(60), path=f"/lib/{n}.py", open=True) for n in range(count)]


def _text(lines: int) -> str:
    return "".join(f"    value_{number} = compute({number})\n" for number in range(lines))
