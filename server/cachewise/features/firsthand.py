"""The built-in completer's suggestion: at once, for nothing, and labelled as what it is.

It is shown before the model's where it is sure, and instead of it where no model can answer. Not here: the guess
itself (`builtin.py`), and what else may be suggested (`complete.py`).
"""

from __future__ import annotations

import asyncio
import time
import uuid
from typing import TYPE_CHECKING

from cachewise.features.builtin import NEAR
from cachewise.features.builtin_work import Shown
from cachewise.features.entry import Entry
from cachewise.features.rooms import Rooms
from cachewise.features.suggestions import OFFLINE, Suggestion, Terms
from cachewise.model.snapshot import Snapshot
from cachewise.model.usage import FREE, Tokens, Usage

if TYPE_CHECKING:
    from cachewise.offline.complete import Guess

CONFIDENT = 0.8
"""Share of such guesses that are right, from which on one is shown before the model has answered. Of held-out places in
the standard library three in ten get one, and of those 93 % are right (`bench/offline_cases.py`, seed 11)."""
_NOTHING = Tokens(input=0, cache_read=0, cache_write=0, output=0)


class Firsthand:
    """What the built-in completer has to say about one cursor; it is asked once at most."""

    def __init__(
        self, rooms: Rooms, snapshot: Snapshot, terms: Terms, known: Suggestion | None, entry: Entry | None = None
    ) -> None:
        """`known` is what it has said about this cursor before; only what goes on from an `entry` is shown."""
        self._rooms = rooms
        self._snapshot = snapshot
        self._terms = terms
        self._known = known
        self._entry = entry
        self._asked: tuple[Guess | None, float] | None = None

    async def sure(self) -> Suggestion | None:
        """A suggestion to show while the model is still to be asked."""
        least = 0.0 if self._rooms.settings.completion_offline == "on" else CONFIDENT
        return self._known or await self._suggest(least)

    async def any(self) -> Suggestion | None:
        """A suggestion to show where the model has none."""
        return self._known or await self._suggest(0.0)

    async def _suggest(self, least: float) -> Suggestion | None:
        if self._rooms.settings.completion_offline == "off":
            return None
        guess, milliseconds = self._asked = self._asked or await self._guess()
        if guess is None or guess.confidence < least or not self._rooms.documents.shows(self._snapshot):
            return None
        suggestion = Suggestion(id=uuid.uuid4().hex, text=guess.text, replaces=0, source=OFFLINE)
        if self._entry is not None and not self._entry.extended_by(self._snapshot, suggestion):
            return None
        return await self._show(suggestion, milliseconds)

    async def _guess(self) -> tuple[Guess | None, float]:
        """The guess, and how long it took."""
        rooms, began = self._rooms, time.perf_counter()
        others = [
            Shown(document.uri, document.path, document.language, document.version, document.text)
            for document in rooms.documents.open_documents()[-NEAR - 1 :]
        ]
        folders, globs = rooms.documents.folders.paths, rooms.settings.context_exclude
        guess = await rooms.builtin.guess(self._snapshot, others, folders, globs)
        return guess, (time.perf_counter() - began) * 1000

    async def _show(self, suggestion: Suggestion, milliseconds: float) -> Suggestion:
        """Remember it like any other suggestion, and book it as what cost nothing."""
        rooms, snapshot = self._rooms, self._snapshot
        at = snapshot.end
        rooms.suggestions.put(snapshot.uri, snapshot.text[:at], snapshot.text[at:], suggestion, self._terms)
        usage = Usage(
            feature="complete",
            model=OFFLINE,
            source=OFFLINE,
            tokens=_NOTHING,
            cost=FREE,
            first_token_ms=milliseconds,
            total_ms=milliseconds,
            outcome="complete",
        )
        workspace = await asyncio.to_thread(rooms.prompts.workspace, snapshot.folder)
        rooms.ledger.record(usage, workspace)
        first = rooms.suggestions.first_showing(snapshot.uri, suggestion.id)
        rooms.acceptance.shown(snapshot, suggestion, first=first)
        return suggestion
