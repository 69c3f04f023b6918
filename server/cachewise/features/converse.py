"""Before a question goes to a provider: the provider itself, leave to send, and the ledger's entry.

All that may fail without a request having left is done here. Not here: the reading of the stream and what is booked of
it (`conversation.py`), limits and budgets (`leave.py`).
"""

from __future__ import annotations

import asyncio

from cachewise.faults import NoKey, RequestFailed
from cachewise.features.conversation import Conversation, Question
from cachewise.features.leave import ask_leave
from cachewise.features.rooms import Rooms
from cachewise.model.names import CacheTraits, ModelName
from cachewise.providers.base import Provider
from cachewise.providers.traits import traits

LOADING_DEADLINE = 30.0
"""Seconds that importing a provider's SDK may take before the request fails; 1 to 4 s is usual on a slow disk."""


async def converse(rooms: Rooms, question: Question) -> Conversation:
    """Get everything ready that may fail before a request leaves: the key, the provider, the ledger's entry.

    Raises:
        NoKey: there is no key for the model's provider.
        Busy: the user's limits leave no room for it in time.
        OverBudget: it would pass a budget.
        RequestFailed: the provider's library could not be loaded in time.
    """
    provider = await load_provider(rooms, question.model)
    leave = await ask_leave(rooms, question)
    meter = rooms.ledger.start(
        feature=question.feature,
        plan=question.plan,
        traits=rooms.prompts.learnt(question.model, traits(question.model)),
        model=question.model,
        session_id=rooms.prompts.session_id(question.folder),
        hold=leave.hold,
        workspace=rooms.prompts.workspace(question.folder),
    )
    return Conversation(rooms, question, provider, meter, leave)


async def load_provider(rooms: Rooms, model: ModelName) -> Provider:
    """The provider of a model; the first time its library is loaded, which takes seconds.

    Raises:
        NoKey: there is no key for it.
        RequestFailed: it can't be asked at all, or its library could not be loaded in time.
    """
    try:
        async with asyncio.timeout(LOADING_DEADLINE):
            return await rooms.providers.get(model)
    except TimeoutError:
        raise RequestFailed(
            f"Loading the library for {model.provider!r} took over {LOADING_DEADLINE:.0f} s. Try again."
        ) from None


def require_provider(rooms: Rooms, model: ModelName) -> CacheTraits:
    """Refuse at once, without loading anything, what can't be answered.

    Raises:
        NoKey: there is no key, or the model is the offline completer, which has no provider behind it.
    """
    if model.provider == "offline":
        raise NoKey("The model is 'offline', which completes but can't explain. Set cachewise.model to a provider's.")
    rooms.providers.require(model)
    return traits(model)
