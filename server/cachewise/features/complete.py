"""Inline completion: one suggestion for the cursor, or none.

Completion is never an error to the editor: whatever goes wrong ends as no suggestion, and the status says why.
"""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass

from cachewise.context.exclude import is_secret
from cachewise.context.tail import CompletionTail
from cachewise.faults import RequestFailed
from cachewise.features.converse import Question, converse, require_provider
from cachewise.features.rooms import Rooms
from cachewise.model.names import CacheTraits
from cachewise.model.snapshot import Snapshot
from cachewise.shaping.fit import fit, inline_range
from cachewise.shaping.stop import StopRule
from cachewise.shaping.trim import eol_of

MAX_WAIT = 1.0
"""Seconds that retries may wait: a suggestion that comes later than that is for a text that is no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """Text to show at the cursor."""

    id: str
    text: str
    replaces: int
    """How many code points before the cursor it replaces, all in the cursor's line."""


async def complete(rooms: Rooms, snapshot: Snapshot, *, invoked: bool) -> Suggestion | None:
    """Suggest what comes at the cursor. `invoked` tells that the user asked for it by hand, so nothing is waited for.

    None where there is nothing to suggest, or a newer request of the same document took over.
    """
    settings = rooms.settings
    model = rooms.model_for("complete")
    if not settings.completion_enabled or model.provider == "offline":
        return None
    async with rooms.inflight.enter(snapshot.uri):
        if snapshot.path is not None and await asyncio.to_thread(is_secret, snapshot.path):
            return None
        try:
            traits = require_provider(rooms, model)
            if not invoked:
                await asyncio.sleep(settings.completion_debounce_ms / 1000)
            return await _from_provider(rooms, snapshot, traits, invoked=invoked)
        except RequestFailed as fault:
            rooms.health.failed(fault)
    # Reached when a newer request of the same document took over, too.
    return None


async def _from_provider(rooms: Rooms, snapshot: Snapshot, traits: CacheTraits, *, invoked: bool) -> Suggestion | None:
    """Ask the model, and stop the stream where the suggestion is complete."""
    settings, model = rooms.settings, rooms.model_for("complete")
    plan = await rooms.prompts.plan(snapshot, CompletionTail(), model, traits, settings)
    question = Question(
        feature="complete",
        model=model,
        plan=plan,
        folder=snapshot.folder,
        max_tokens=settings.completion_max_tokens,
        max_retries=1,
        max_wait=MAX_WAIT,
        typed=not invoked,
    )
    conversation = await converse(rooms, question)
    before, after = snapshot.text[: snapshot.end], snapshot.text[snapshot.end :]
    rule = StopRule(before, after, multiline=settings.completion_multiline, language=snapshot.language)
    await conversation.read_until(lambda text: rule.feed(text).done)
    text = fit(
        rule.finish().text,
        before,
        after,
        multiline=settings.completion_multiline,
        language=snapshot.language,
        eol=eol_of(snapshot.text),
    )
    if not text:
        return None
    rooms.ledger.shown()
    return Suggestion(id=uuid.uuid4().hex, text=text, replaces=inline_range(text, before))
