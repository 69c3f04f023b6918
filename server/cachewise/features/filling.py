"""How a completion is asked for: by a prompt in words, or of a local server by its fill-in-the-middle.

Not here: whether a server has it (`providers/local.py`), and how either is laid out (`context/`).
"""

from __future__ import annotations

from cachewise.context.tail import CompletionTail, InfillTail
from cachewise.features.converse import load_provider
from cachewise.features.rooms import Rooms
from cachewise.model.names import ModelName
from cachewise.model.snapshot import Snapshot

_BATCH = 2_048
"""Tokens of the context that llama.cpp keeps free for the text around the cursor, by its default."""
_MARGIN = 0.9
"""Of the rest: tokens are estimated, and what is too much is cut off at its start, where it is cached."""


async def completion_tail(rooms: Rooms, snapshot: Snapshot, model: ModelName) -> CompletionTail | InfillTail:
    """The end of a completion's prompt. The size of the shared context is fitted to what the server takes.

    Raises:
        RequestFailed: the provider can't be had.
    """
    if await fills(rooms, model):
        return InfillTail()
    return CompletionTail(problems=rooms.problems.near(snapshot))


async def fills(rooms: Rooms, model: ModelName) -> bool:
    """Whether a model is asked by fill-in-the-middle.

    Raises:
        RequestFailed: the provider can't be had.
    """
    if model.provider != "local":
        return False
    context = await (await load_provider(rooms, model)).fills()
    room = None if context is None else context - _BATCH - 2 * rooms.settings.completion_max_tokens
    rooms.prompts.limit(model, None if room is None else max(0, int(room * _MARGIN)))
    return context is not None
