"""Writing a prefix ahead of need: when somebody comes back to a document, and its prefix has gone cold meanwhile.

One small request then writes it while they still type. Not here: what it sends (`warm.py`), and the memory of what was
written ahead and whether it was of use (`intent.py`).
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from cachewise.faults import RequestFailed
from cachewise.features.rooms import Rooms
from cachewise.model.names import ModelName
from cachewise.model.snapshot import Snapshot
from cachewise.providers.traits import traits


def on_intent(rooms: Rooms, uri: str) -> bool:
    """Somebody opened or edited a document, or moved in it: write its prefix if it was there and has gone cold.

    That is done in the background.

    Returns:
        Whether a request is sent.
    """
    model = rooms.model_for("complete")
    if not rooms.settings.completion_enabled or model.provider in ("offline", "local"):
        return False
    path = rooms.documents.get(uri).path
    folder = None if path is None else rooms.documents.folders.folder_of(path)
    kept, now = traits(model), rooms.prompts.now
    if kept.style == "none" or rooms.settings.prompt_cache_ttl == "off" or rooms.prompts.too_short(folder, model):
        return False
    if not rooms.prompts.gone_cold(folder, model, kept) or not rooms.intents.worth(
        folder, model, now, kept.ttl_seconds
    ):
        return False
    try:
        rooms.providers.require(model)
    except RequestFailed:
        return False
    rooms.intents.warmed(folder, model, now)
    rooms.later(_in_background(rooms, rooms.documents.snapshot(uri, (0, 0)), model))
    return True


async def _in_background(rooms: Rooms, snapshot: Snapshot, model: ModelName) -> None:
    from cachewise.context.exclude import is_secret
    from cachewise.features.warm import warm

    with suppress(RequestFailed):  # the health of the server says it already
        if snapshot.path is None or not await asyncio.to_thread(is_secret, snapshot.path):
            await warm(rooms, snapshot, model=model)
