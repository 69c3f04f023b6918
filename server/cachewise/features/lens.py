"""Code lenses: where *Explain* is offered. Off by default.

A lens costs nothing until it is clicked: it names a place, and the explanation of a place is that of the definition
around it (`explain.py`).
"""

from __future__ import annotations

from cachewise.features.rooms import Rooms
from cachewise.model.snapshot import Snapshot
from cachewise.shaping.definitions import Definition, definitions

MOST = 500
"""Lenses in one document; more would only slow the editor down."""


def lenses(rooms: Rooms, snapshot: Snapshot) -> list[Definition]:
    """The definitions that get a lens; none where the user did not switch them on."""
    return definitions(snapshot.text, snapshot.language)[:MOST] if rooms.settings.code_lens else []
