"""Explaining a piece of code and answering a question about it, streamed."""

from __future__ import annotations

from typing import Literal

from cachewise.context.tail import TailSpec
from cachewise.features.answer import Answer, Listener
from cachewise.features.converse import Question, converse, require_provider
from cachewise.features.rooms import Rooms
from cachewise.model.snapshot import Snapshot

MAX_TOKENS = 1_500
"""Tokens of an explanation: about a thousand words, more than anybody reads beside their code."""


async def explain(
    rooms: Rooms, snapshot: Snapshot, question: str | None, listener: Listener, *, allow_over_budget: bool = False
) -> Answer:
    """Explain the selection or the place of `snapshot`, or answer `question` about it.

    Raises:
        RequestFailed: no key, over budget, or the provider failed; what it cost is in the ledger, and the listener
            was told.
    """
    feature: Literal["explain", "ask"] = "ask" if question is not None else "explain"
    model = rooms.model_for(feature)
    traits = require_provider(rooms, model)
    plan = await rooms.prompts.plan(snapshot, TailSpec(kind=feature, question=question), model, traits, rooms.settings)
    conversation = await converse(
        rooms,
        Question(
            feature=feature,
            model=model,
            plan=plan,
            folder=snapshot.folder,
            max_tokens=MAX_TOKENS,
            allow_over_budget=allow_over_budget,
        ),
    )
    pieces: list[str] = []

    def take(text: str) -> None:
        pieces.append(text)
        listener.text(text)

    try:
        usage = await conversation.read(take)
    finally:
        if conversation.usage is not None:
            listener.usage(conversation.usage)
    return Answer(text="".join(pieces), source="provider", model=str(model), usage=usage)
