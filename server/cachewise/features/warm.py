"""Writing the shared prefix to the provider's cache before it is needed, by the smallest request there is.

By hand (`cachewise.prewarm`), and when somebody comes back to a document whose prefix has gone cold. Its cost
is counted apart, as the feature `warm`. Not here: when it is done without being asked for (`ahead.py`).
"""

from __future__ import annotations

from cachewise.context.tail import InfillTail, TailSpec
from cachewise.features.conversation import Question
from cachewise.features.converse import converse, require_provider
from cachewise.features.filling import fills
from cachewise.features.rooms import Rooms
from cachewise.model.names import ModelName
from cachewise.model.snapshot import Snapshot
from cachewise.model.usage import Usage

WARM_TOKENS = 1
"""`max_tokens: 0` is only documented by Anthropic, for requests that do not stream; 1 is taken everywhere
but for fill-in-the-middle, where llama.cpp takes 0."""


async def warm(
    rooms: Rooms, snapshot: Snapshot, *, allow_over_budget: bool = False, model: ModelName | None = None
) -> Usage:
    """Send the prefix with an empty question. Returns what that cost; its answer is thrown away.

    Raises:
        RequestFailed: no key, or the provider failed.
    """
    model = model or rooms.settings.model
    kept = require_provider(rooms, model)
    # Where a model completes by fill-in-the-middle, that is what is made ready: explanations can wait, typing can't.
    filled = model == rooms.model_for("complete") and await fills(rooms, model)
    tail = InfillTail() if filled else TailSpec(kind="warm")
    plan = await rooms.prompts.plan(snapshot, tail, model, kept, rooms.settings)
    question = Question(
        feature="warm",
        model=model,
        plan=plan,
        folder=snapshot.folder,
        max_tokens=0 if filled else WARM_TOKENS,
        allow_over_budget=allow_over_budget,
    )
    return await (await converse(rooms, question)).read(lambda text: None)
