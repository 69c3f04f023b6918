"""Hover and code lens over LSP: what a reader is shown without asking for it."""

from __future__ import annotations

from typing import Any

from lsprotocol import types

from cachewise.faults import InvalidParams
from cachewise.features.rooms import Rooms
from cachewise.lsp.actions import EXPLAIN
from cachewise.model.snapshot import Snapshot
from cachewise.shaping.markdown import harmless

EXPLAIN_TITLE = "Explain"
OUTDATED = " (what it depends on has changed)"


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
    """A lens over each definition, without its text; the editor asks for that where a lens comes into sight."""
    from cachewise.features.lens import lenses

    document = rooms.documents.get(uri)
    if not rooms.settings.code_lens:
        return []
    found = []
    for definition in lenses(rooms, rooms.documents.snapshot(uri, (0, 0))):
        line, character = document.position_at(definition.start)
        place = types.Position(line=line, character=character)
        about: Any = {"uri": uri, "version": document.version}
        found.append(types.CodeLens(range=types.Range(start=place, end=place), data=about))
    return found


async def resolve_lens(rooms: Rooms, lens: types.CodeLens) -> types.CodeLens:
    """What a lens says: the first sentence of the explanation that is stored, or else *Explain*. Both open it.

    Raises:
        InvalidParams: it is no lens of this server's making.
    """
    from cachewise.features.lens import summary

    about: object = lens.data
    uri = about.get("uri") if isinstance(about, dict) else None
    if not isinstance(about, dict) or not isinstance(uri, str):
        raise InvalidParams("That is no lens of this server.")
    line, character = lens.range.start.line, lens.range.start.character
    title = EXPLAIN_TITLE
    if uri in rooms.documents and rooms.documents.get(uri).version == about.get("version"):
        found = await summary(rooms, rooms.documents.snapshot(uri, (line, character)))
        if found is not None:
            # Visual Studio Code takes "$(name)" for an icon.
            title = found.text.replace("$(", "$ (") + (OUTDATED if found.changed else "")
    argument = {"uri": uri, "position": {"line": line, "character": character}, "show": True}
    return types.CodeLens(range=lens.range, command=types.Command(title=title, command=EXPLAIN, arguments=[argument]))
