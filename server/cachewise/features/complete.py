"""Inline completion: one suggestion for the cursor, or none.

Looked for where it costs least: among the suggestions that were made before, in the stream that is on its way, in the
workspace's own text, and only then is the model asked. Completion is never an error to the editor: whatever goes wrong
ends as the built-in completer's suggestion or none, and the status says why.
"""

from __future__ import annotations

import asyncio
from functools import partial

from cachewise.faults import NoKey, RequestFailed
from cachewise.features.converse import require_provider
from cachewise.features.entry import Entry
from cachewise.features.firsthand import Firsthand
from cachewise.features.pursue import begin
from cachewise.features.pursuits import Pursuit
from cachewise.features.rooms import Rooms
from cachewise.features.suggestions import OFFLINE, Suggestion
from cachewise.features.triggers import Moment, never, not_now
from cachewise.model.snapshot import Snapshot


async def complete(rooms: Rooms, snapshot: Snapshot, *, invoked: bool, entry: Entry | None = None) -> Suggestion | None:
    """Suggest what comes at the cursor. `invoked` tells that the user asked for it by hand, so nothing is waited for.

    The first complete line is enough for an answer; what streams in behind it is there for the next request.
    With an `entry` of a list selected, only what goes on from it is a suggestion.
    None where there is nothing to suggest, or a newer request of the same document took over.
    """
    moment = _moment(rooms, snapshot)
    if not rooms.settings.completion_enabled or never(moment):
        return None
    known = _known(rooms, snapshot, entry)
    if known is not None and not _improvable(rooms, snapshot, known, invoked=invoked):
        rooms.inflight.supersede(snapshot.uri)
        return known
    if not invoked and not_now(moment) and not rooms.pursuits.expected(snapshot, rooms.completion_terms):
        rooms.inflight.supersede(snapshot.uri)
        return known
    found: Suggestion | None = None
    async with rooms.inflight.enter(snapshot.uri):
        if not await rooms.barred.is_barred(snapshot.path, invoked=invoked):
            found = await _find(rooms, snapshot, known, entry, invoked=invoked)
    # None as well when a newer request took over. What fits this text must not be shown in one that came meanwhile.
    return found if rooms.documents.shows(snapshot) else None


async def _find(
    rooms: Rooms, snapshot: Snapshot, known: Suggestion | None, entry: Entry | None, *, invoked: bool
) -> Suggestion | None:
    """The built-in completer's suggestion where it may come first, else the model's.

    Without a model, the built-in completer is the one that is asked. Where a model failed, nothing takes its place
    unless the user has said so: an empty answer and the status tell that something is wrong.
    """
    terms = rooms.completion_terms
    firsthand = Firsthand(rooms, snapshot, terms, known, entry)
    try:
        require_provider(rooms, rooms.model_for("complete"))
        if not invoked:
            answered = rooms.suggestions.fruitless(snapshot, terms) or _beside(rooms, snapshot, entry)
            first = await firsthand.sure()
            if first is not None and not answered:
                rooms.later(_ask_behind(rooms, snapshot))
            if first is not None or answered:
                return first
        return await _wait(rooms, snapshot, entry, invoked=invoked)
    except NoKey as fault:
        if rooms.model_for("complete").provider != "offline":
            rooms.health.failed(fault)
        return await firsthand.any()
    except RequestFailed as fault:
        rooms.health.failed(fault)
        return await firsthand.any() if rooms.settings.completion_offline == "on" else None


def _moment(rooms: Rooms, snapshot: Snapshot) -> Moment:
    return Moment(
        text=snapshot.text,
        offset=snapshot.end,
        language=snapshot.language,
        uri=snapshot.uri,
        last=rooms.typing.last(snapshot.uri),
        disabled=rooms.settings.completion_disabled_languages,
    )


def _improvable(rooms: Rooms, snapshot: Snapshot, known: Suggestion, *, invoked: bool) -> bool:
    """Whether the model may know better: what is known is the built-in completer's, and nothing of it is typed."""
    if known.source != OFFLINE or not (invoked or rooms.suggestions.whole(snapshot.uri, known)):
        return False
    try:
        rooms.providers.require(rooms.model_for("complete"))
    except RequestFailed:
        return False
    return True


async def _ask_behind(rooms: Rooms, snapshot: Snapshot) -> None:
    """Ask the model while a suggestion of the built-in completer is shown. The client is told when an answer is there.

    A newer request of the document ends this, and the answer takes the place of what is shown only while nothing is
    typed; afterwards it is one of the suggestions that are remembered.
    """
    try:
        async with rooms.inflight.enter(snapshot.uri):
            traits = require_provider(rooms, rooms.model_for("complete"))
            terms = rooms.completion_terms
            await _pause(rooms, snapshot)
            pursuit = rooms.pursuits.join(snapshot, terms, patient=False)
            pursuit = pursuit or begin(rooms, snapshot, traits, terms, invoked=False)
            if pursuit is not None:
                pursuit.answer(snapshot.version, snapshot.end)
    except RequestFailed as fault:
        rooms.health.failed(fault)


async def _pause(rooms: Rooms, snapshot: Snapshot) -> None:
    """Wait until it is clear that no key follows."""
    await asyncio.sleep(rooms.typing.pause(snapshot.uri, rooms.settings.completion_debounce_ms / 1000))


def _known(rooms: Rooms, snapshot: Snapshot, entry: Entry | None, *, offline: bool = True) -> Suggestion | None:
    """What was suggested before and still fits, noted as shown; `offline` as in `Suggestions.find`."""
    fits = None if entry is None else entry.extended_by
    found = rooms.suggestions.find(snapshot, rooms.completion_terms, offline=offline, fits=fits)
    if found is None:
        return None
    pursuit = rooms.pursuits.of(snapshot.uri)
    if pursuit is not None and (pursuit.id == found.id or pursuit.serves(snapshot, rooms.completion_terms)):
        pursuit.answer(snapshot.version, snapshot.end)
    first = rooms.suggestions.first_showing(snapshot.uri, found.id)
    shown = partial(rooms.acceptance.shown, snapshot, found, first=first)
    asyncio.get_running_loop().call_later(0, shown)  # counted once the answer is on its way
    return found


def _beside(rooms: Rooms, snapshot: Snapshot, entry: Entry | None) -> bool:
    """Whether the model has suggested what goes on from another entry than the selected one, so is not asked again."""
    return entry is not None and rooms.suggestions.answered(snapshot, rooms.completion_terms)


async def _wait(rooms: Rooms, snapshot: Snapshot, entry: Entry | None, *, invoked: bool) -> Suggestion | None:
    """Wait for the stream that brings the suggestion; begin it where there is none.

    Raises:
        RequestFailed: there is no key, or the provider failed.
    """
    terms = rooms.completion_terms
    traits = require_provider(rooms, rooms.model_for("complete"))
    paused, asked = invoked, False
    while rooms.documents.shows(snapshot):
        known = _known(rooms, snapshot, entry, offline=False)
        if known is not None or _beside(rooms, snapshot, entry):
            return known
        pursuit = rooms.pursuits.join(snapshot, terms, patient=asked)
        if pursuit is not None:
            await _news(rooms, pursuit, patient=asked)
            if pursuit.fault is not None:
                raise pursuit.fault
            if pursuit.fruitless:
                return None
        elif not paused:
            paused = True
            await _pause(rooms, snapshot)
        elif asked or begin(rooms, snapshot, traits, terms, invoked=invoked) is None:
            return None
        else:
            asked = True
    return None


async def _news(rooms: Rooms, pursuit: Pursuit, *, patient: bool) -> None:
    """Wait until a stream has brought more, or is over."""
    try:
        await pursuit.news(patient=patient)
    except asyncio.CancelledError:
        rooms.pursuits.leave(pursuit, lambda: pursuit.uri in rooms.inflight)  # a newer request may join it
        raise
    if pursuit.ended and pursuit.task is not None and pursuit.task.done() and not pursuit.task.cancelled():
        pursuit.task.result()
