"""Explaining a piece of code and answering a question about it, streamed."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Literal

from cachewise.answers.scope import scope_around
from cachewise.context.tail import TailSpec
from cachewise.features.answer import Answer, Listener
from cachewise.features.rooms import Rooms
from cachewise.features.stored import Asked, answered
from cachewise.model.snapshot import Snapshot

MAX_TOKENS = 1_500
"""Tokens of an explanation: about a thousand words, more than anybody reads beside their code."""


async def explain(
    rooms: Rooms,
    snapshot: Snapshot,
    question: str | None,
    listener: Listener,
    *,
    refresh: bool = False,
    allow_over_budget: bool = False,
) -> Answer:
    """Explain the selection of `snapshot`, or else the definition around its cursor, or answer `question` about it.

    Args:
        rooms: The side rooms.
        snapshot: What the user saw when asking.
        question: What the user asked; None to explain.
        listener: Who is told while the answer comes in, a stored one too.
        refresh: Ask the provider although an answer is stored, and replace that.
        allow_over_budget: Whether the user has said that this request may pass the budgets.

    Raises:
        RequestFailed: no key, over budget, or the provider failed; what it cost is in the ledger, and the listener
            was told.
    """
    asked = await explained_as(rooms, snapshot, question)
    asked = replace(asked, refresh=refresh, allow_over_budget=allow_over_budget)
    answer = await answered(rooms, asked, listener)
    rooms.outdated.note(asked.snapshot, question, outdated=answer.context_changed)
    return answer


async def explained_as(rooms: Rooms, snapshot: Snapshot, question: str | None) -> Asked:
    """The question that is asked about a selection, or else about the definition around a cursor."""
    feature: Literal["explain", "ask"] = "ask" if question is not None else "explain"
    if question is None and snapshot.start == snapshot.end:
        snapshot = await asyncio.to_thread(_around, snapshot)
    return Asked(
        feature=feature,
        snapshot=snapshot,
        model=rooms.model_for(feature),
        tail=TailSpec(kind=feature, question=question),
        max_tokens=MAX_TOKENS,
    )


def _around(snapshot: Snapshot) -> Snapshot:
    """The same with the definition around the cursor selected; at module level the statement or block."""
    scope = scope_around(snapshot.language, snapshot.text, snapshot.start, snapshot.end)
    return replace(snapshot, start=scope.start, end=scope.end) if scope.text.strip() else snapshot
