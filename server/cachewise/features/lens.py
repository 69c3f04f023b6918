"""Code lenses: what is stored about a definition, in a sentence, or where *Explain* is offered. Off by default.

A lens costs nothing until it is clicked: it names a place, and the explanation of a place is that of the definition
around it (`explain.py`). Nobody asked for it, so that a stored explanation counts as used only where it is opened.
"""

from __future__ import annotations

from dataclasses import dataclass

from cachewise.faults import RequestFailed
from cachewise.features.depends import dependencies_of
from cachewise.features.explain import explained_as
from cachewise.features.rooms import Rooms
from cachewise.model.snapshot import Snapshot
from cachewise.shaping.definitions import Definition, definitions
from cachewise.shaping.sentence import first_sentence

MOST = 500
"""Lenses in one document; more would only slow the editor down."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What a lens says."""

    text: str
    """The first sentence of the explanation; plain text."""
    changed: bool
    """Whether what the explanation depends on has changed since."""


def lenses(rooms: Rooms, snapshot: Snapshot) -> list[Definition]:
    """The definitions that get a lens; none where the user did not switch them on."""
    return definitions(snapshot.text, snapshot.language)[:MOST] if rooms.settings.code_lens else []


async def summary(rooms: Rooms, snapshot: Snapshot) -> Summary | None:
    """A sentence of the stored explanation of the definition at the cursor; None where none is stored."""
    if not (rooms.settings.code_lens and rooms.settings.answers_enabled):
        return None
    try:
        asked = await explained_as(rooms, snapshot, None)
        depends = await dependencies_of(rooms, asked)
    except RequestFailed:
        return None  # a file with secrets, for example
    found = await rooms.answers.peek(depends.key)
    text = "" if found is None else first_sentence(found.text)
    if found is None or not text:
        return None
    return Summary(text, found.context_changed(depends.context))
