"""Inline completion and completion over LSP: from the question's parameters to a suggestion in its range.

Not here: what is suggested (`features/complete.py`), and what an item looks like (`items.py`).
"""

from __future__ import annotations

from lsprotocol import types

from cachewise.features.entry import Entry
from cachewise.features.rooms import Rooms
from cachewise.features.suggestions import Suggestion
from cachewise.lsp.items import inline_item, list_item, word_start
from cachewise.model.snapshot import Snapshot
from cachewise.session.lines import code_units


async def inline_completion(rooms: Rooms, params: types.InlineCompletionParams) -> types.InlineCompletionList:
    """Ghost text for the cursor; where an entry of a list is selected, only what goes on from that, in its range."""
    snapshot = _look(rooms, params)
    invoked = params.context.trigger_kind == types.InlineCompletionTriggerKind.Invoked
    entry = _entry(rooms, snapshot, params)
    found = await _suggest(rooms, snapshot, entry, invoked=invoked)
    if found is None:
        return types.InlineCompletionList(items=[])
    first = snapshot.end - found.replaces if entry is None else min(snapshot.end - found.replaces, entry.start)
    return types.InlineCompletionList(items=[inline_item(found, *_from(rooms, snapshot, params, first))])


async def list_completion(rooms: Rooms, params: types.CompletionParams) -> types.CompletionList:
    """One entry of a list; its range has at least the word before the cursor."""
    snapshot = _look(rooms, params)
    found = await _suggest(rooms, snapshot, None, invoked=False)  # the trigger kind does not tell typing from asking
    if found is None:
        return types.CompletionList(is_incomplete=True, items=[])
    first = min(snapshot.end - found.replaces, word_start(snapshot.text, snapshot.end))
    item = list_item(found, *_from(rooms, snapshot, params, first))
    return types.CompletionList(is_incomplete=True, items=[item])


_Params = types.InlineCompletionParams | types.CompletionParams


def _look(rooms: Rooms, params: _Params) -> Snapshot:
    place = (params.position.line, params.position.character)
    snapshot = rooms.documents.snapshot(params.text_document.uri, place, None)
    rooms.prompts.trail.seen(params.text_document.uri, place[0])
    return snapshot


async def _suggest(rooms: Rooms, snapshot: Snapshot, entry: Entry | None, *, invoked: bool) -> Suggestion | None:
    from cachewise.features.complete import complete  # not before `initialize` is answered

    return await complete(rooms, snapshot, invoked=invoked, entry=entry)


def _entry(rooms: Rooms, snapshot: Snapshot, params: types.InlineCompletionParams) -> Entry | None:
    """The selected entry; None where none is, or where its range does not end at the cursor, in the cursor's line.

    An item's range has to, so that nothing can be suggested in such a one; it is as if the list were not there.
    """
    listed = params.context.selected_completion_info
    if listed is None or listed.range.end != params.position or listed.range.start.line != params.position.line:
        return None
    document = rooms.documents.get(snapshot.uri)
    start = document.offset_at(listed.range.start.line, listed.range.start.character)
    return Entry(start, listed.text) if start <= snapshot.end else None


def _from(rooms: Rooms, snapshot: Snapshot, params: _Params, first: int) -> tuple[types.Range, str]:
    """The range from an offset to the cursor in the client's positions, and what stands in it."""
    retyped = snapshot.text[first : snapshot.end]
    units = code_units(retyped, rooms.documents.encoding)
    start = types.Position(line=params.position.line, character=params.position.character - units)
    return types.Range(start=start, end=params.position), retyped
