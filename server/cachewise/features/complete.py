"""Inline completion: one suggestion for the cursor, or none.

Looked for where it costs least: among the suggestions that were made before, then in the stream that is on its way,
and only then is the model asked. Completion is never an error to the editor: whatever goes wrong ends as no suggestion,
and the status says why.
"""

from __future__ import annotations

import asyncio
import uuid

from cachewise.context.exclude import is_secret
from cachewise.context.tail import CompletionTail
from cachewise.faults import RequestFailed
from cachewise.features.converse import Question, converse, require_provider
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


async def complete(rooms: Rooms, snapshot: Snapshot, *, invoked: bool) -> Suggestion | None:
    """Suggest what comes at the cursor. `invoked` tells that the user asked for it by hand, so nothing is waited for.

    The first complete line is enough for an answer; what streams in behind it is there for the next request.
    None where there is nothing to suggest, or a newer request of the same document took over.
    """
    if not rooms.settings.completion_enabled or rooms.model_for("complete").provider == "offline":
        return None
    known = _known(rooms, snapshot)
    if known is not None:
        rooms.inflight.supersede(snapshot.uri)
        return known
    try:
        async with rooms.inflight.enter(snapshot.uri):
            return await _wait(rooms, snapshot, invoked=invoked)
    except RequestFailed as fault:
        rooms.health.failed(fault)
    # Reached when a newer request of the same document took over, too.
    return None


def _terms(rooms: Rooms) -> Terms:
    settings = rooms.settings
    return (rooms.model_for("complete"), settings.completion_multiline, settings.completion_max_tokens)


def _known(rooms: Rooms, snapshot: Snapshot) -> Suggestion | None:
    """What was suggested before and still fits, noted as shown."""
    found = rooms.suggestions.find(snapshot, _terms(rooms))
    if found is None:
        return None
    pursuit = rooms.pursuits.of(snapshot.uri)
    if pursuit is not None and pursuit.id == found.id:
        pursuit.answer(snapshot.version, snapshot.end)
    if rooms.suggestions.first_showing(snapshot.uri, found.id):
        rooms.ledger.shown()
    return found


async def _wait(rooms: Rooms, snapshot: Snapshot, *, invoked: bool) -> Suggestion | None:
    """Wait for the stream that brings the suggestion; begin it where there is none.

    Raises:
        RequestFailed: there is no key.
    """
    if snapshot.path is not None and await asyncio.to_thread(is_secret, snapshot.path):
        return None
    terms = _terms(rooms)
    traits = require_provider(rooms, rooms.model_for("complete"))
    paused, asked = invoked, False
    while _stands(rooms, snapshot):
        known = _known(rooms, snapshot)
        if known is not None:
            return known
        pursuit = rooms.pursuits.join(snapshot, terms, patient=asked)
        if pursuit is not None:
            await _news(rooms, pursuit, patient=asked)
            if pursuit.fruitless:
                return None
        elif not paused:
            paused = True
            await asyncio.sleep(rooms.settings.completion_debounce_ms / 1000)
        elif asked or not _begin(rooms, snapshot, traits, terms, invoked=invoked):
            return None
        else:
            asked = True
    return None


def _stands(rooms: Rooms, snapshot: Snapshot) -> bool:
    """Whether the document is still the one that the request is about: what fits it would be shown in another one."""
    if snapshot.uri not in rooms.documents:
        return False
    document = rooms.documents.get(snapshot.uri)
    return document.version == snapshot.version or document.text == snapshot.text


async def _news(rooms: Rooms, pursuit: Pursuit, *, patient: bool) -> None:
    """Wait until a stream has brought more, or is over."""
    try:
        await pursuit.news(patient=patient)
    except asyncio.CancelledError:
        rooms.pursuits.leave(pursuit)  # a newer request has a moment to join it
        raise
    if pursuit.ended and pursuit.task is not None and pursuit.task.done() and not pursuit.task.cancelled():
        pursuit.task.result()


def _begin(rooms: Rooms, snapshot: Snapshot, traits: CacheTraits, terms: Terms, *, invoked: bool) -> bool:
    """Begin a stream in the background, in place of the document's older one. False once the server stops."""
    pursuit = Pursuit(uuid.uuid4().hex, snapshot, terms)
    task = rooms.later(_pursue(rooms, pursuit, snapshot, traits, invoked=invoked))
    if task is not None:
        rooms.pursuits.begin(pursuit, task)
    return task is not None


async def _pursue(rooms: Rooms, pursuit: Pursuit, snapshot: Snapshot, traits: CacheTraits, *, invoked: bool) -> None:
    """Ask the model, keep what it writes line by line, and stop the stream where the suggestion is complete."""
    settings, model = rooms.settings, rooms.model_for("complete")
    try:
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
        multiline, language = settings.completion_multiline, snapshot.language
        rule = StopRule(pursuit.before, pursuit.after, multiline=multiline, language=language)
        eol = eol_of(snapshot.text)
        seen = ""

        def look(text: str, *, last: bool) -> None:
            nonlocal seen
            if text != seen:
                seen = text
                fitted = fit(text, pursuit.before, pursuit.after, multiline=multiline, language=language, eol=eol)
                _take(rooms, pursuit, fitted, source=str(model))
            _announce(rooms, pursuit, last=last)

        def enough(delta: str) -> bool:
            pursuit.heard()
            progress = rule.feed(delta)
            if progress.first_line:
                look(progress.complete, last=progress.done)
            return progress.done

        await conversation.read_until(enough)
        look(rule.finish().text, last=True)
        pursuit.fruitless = not pursuit.text
    except RequestFailed as fault:
        pursuit.fruitless = True
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
