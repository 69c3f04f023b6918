"""Hover and code lens over LSP: what a reader is shown without asking for it."""

from __future__ import annotations

from lsprotocol import types

from cachewise.features.rooms import Rooms
from cachewise.lsp.actions import EXPLAIN
from cachewise.model.snapshot import Snapshot
from cachewise.shaping.markdown import harmless


async def hover_at(rooms: Rooms, snapshot: Snapshot) -> types.Hover | None:
    """The hover for a cursor: untrusted Markdown made harmless; None where there is nothing to show."""
    from cachewise.features.hover import hover

    found = await hover(rooms, snapshot)
    if found is None or snapshot.uri not in rooms.documents:
        return None
    document = rooms.documents.get(snapshot.uri)
    where = None
    if document.version == snapshot.version:
        start, end = document.position_at(found.start), document.position_at(found.end)
        where = types.Range(start=types.Position(*start), end=types.Position(*end))
    contents = types.MarkupContent(kind=types.MarkupKind.Markdown, value=harmless(found.text))
    return types.Hover(contents=contents, range=where)


def code_lenses(rooms: Rooms, uri: str) -> list[types.CodeLens]:
    """*Explain* over each definition."""
    from cachewise.features.lens import lenses

    document = rooms.documents.get(uri)
    if not rooms.settings.code_lens:
        return []
    found = []
    for definition in lenses(rooms, rooms.documents.snapshot(uri, (0, 0))):
        line, character = document.position_at(definition.start)
        place = types.Position(line=line, character=character)
        argument = {"uri": uri, "position": {"line": line, "character": character}, "show": True}
        command = types.Command(title="Explain", command=EXPLAIN, arguments=[argument])
        found.append(types.CodeLens(range=types.Range(start=place, end=place), command=command))
    return found
