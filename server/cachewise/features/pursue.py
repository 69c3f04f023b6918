"""The stream behind a suggestion: it asks the model, keeps what it writes line by line, and ends where that is enough.

Not here: whether to ask at all (`complete.py`), and who waits for the stream (`pursuits.py`).
"""

from __future__ import annotations

import asyncio
import uuid

from cachewise.faults import RequestFailed
from cachewise.features.conversation import Question
from cachewise.features.converse import converse
from cachewise.features.filling import completion_tail
from cachewise.features.pursuits import Pursuit
from cachewise.features.rooms import Rooms
from cachewise.features.suggestions import Suggestion, Terms
from cachewise.model.names import CacheTraits
from cachewise.model.snapshot import Snapshot
from cachewise.shaping.fit import fit, inline_range
from cachewise.shaping.stop import StopRule
from cachewise.shaping.trim import eol_of

MAX_WAIT = 1.0
"""Seconds that retries may wait: a suggestion that comes later than that is for a text that is no more."""


def begin(rooms: Rooms, snapshot: Snapshot, traits: CacheTraits, terms: Terms, *, invoked: bool) -> Pursuit | None:
    """Begin a stream in the background, in place of the document's older one. None once the server stops."""
    pursuit = Pursuit(uuid.uuid4().hex, snapshot, terms)
    task = rooms.later(_pursue(rooms, pursuit, snapshot, traits, invoked=invoked))
    if task is not None:
        rooms.pursuits.begin(pursuit, task)
    return None if task is None else pursuit


async def _pursue(rooms: Rooms, pursuit: Pursuit, snapshot: Snapshot, traits: CacheTraits, *, invoked: bool) -> None:
    """Ask the model, keep what it writes line by line, and stop the stream where the suggestion is complete."""
    settings, model = rooms.settings, rooms.model_for("complete")
    try:
        tail = await completion_tail(rooms, snapshot, model)
        plan = await rooms.prompts.plan(snapshot, tail, model, traits, settings)
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
        multiline, language = settings.completion_multiline, snapshot.language
        rule = StopRule(pursuit.before, pursuit.after, multiline=multiline, language=language)
        eol = eol_of(snapshot.text)
        seen = ""

        def look(text: str, *, last: bool) -> bool:
            """Whether the text so far is another than before."""
            nonlocal seen
            new = text != seen
            if new:
                seen = text
                fitted = fit(text, pursuit.before, pursuit.after, multiline=multiline, language=language, eol=eol)
                _take(rooms, pursuit, fitted, source=str(model))
            _announce(rooms, pursuit, last=last)
            return new

        async def enough(delta: str) -> bool:
            pursuit.heard()
            progress = rule.feed(delta)
            if progress.first_line and look(progress.complete, last=progress.done):
                for _ in range(2):  # who waits for this answers the editor with it: once to wake up, once to send
                    await asyncio.sleep(0)
            return progress.done

        await conversation.read_until(enough)
        look(rule.finish().text, last=True)
        if not pursuit.text and not pursuit.ended:
            pursuit.fruitless = True
            nothing = Suggestion(id=pursuit.id, text="", replaces=0, source=str(model))
            rooms.suggestions.put(pursuit.uri, pursuit.before, pursuit.after, nothing, pursuit.terms)
    except RequestFailed as fault:
        pursuit.fruitless, pursuit.fault = True, fault
        rooms.health.failed(fault)


def _take(rooms: Rooms, pursuit: Pursuit, text: str, *, source: str) -> None:
    """The suggestion so far is `text`. End the stream where the document has gone another way meanwhile."""
    uri = pursuit.uri
    if pursuit.ended or not text or text == pursuit.text or uri not in rooms.documents:
        return
    replaces = inline_range(text, pursuit.before)
    suggestion = Suggestion(id=pursuit.id, text=text, replaces=replaces, source=source)
    rooms.suggestions.put(uri, pursuit.before, pursuit.after, suggestion, pursuit.terms)
    pursuit.take(text, replaces)
    rooms.pursuits.changed(uri, rooms.documents.get(uri).text)


def _announce(rooms: Rooms, pursuit: Pursuit, *, last: bool) -> None:
    """Tell a client that shows a part of the suggestion that there is more of it."""
    if pursuit.ended or pursuit.uri not in rooms.documents:
        return
    grown = pursuit.growth(rooms.documents.get(pursuit.uri).version, last=last)
    if grown is not None:
        rooms.pursuits.grew(grown)
