"""Writing documentation: the comment for the definition at the cursor, as one insertion.

Not here: what a comment looks like (`shaping/documentation.py`), and sending the edit (`lsp/commands.py`).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from cachewise.answers.scope import scope_around
from cachewise.context.tail import TailSpec
from cachewise.faults import RequestFailed
from cachewise.features.answer import Answer, Listener
from cachewise.features.rooms import Rooms
from cachewise.features.stored import Asked, answered
from cachewise.model.snapshot import Snapshot
from cachewise.shaping.definitions import Definition, definition_at
from cachewise.shaping.documentation import Insertion, insertion

MAX_TOKENS = 600
"""Tokens of a documentation comment; longer ones belong into a document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Documented:
    """An edit of the version that `version` names."""

    answer: Answer
    insertion: Insertion
    version: int


async def document(
    rooms: Rooms, snapshot: Snapshot, listener: Listener, *, refresh: bool = False, allow_over_budget: bool = False
) -> Documented:
    """Document the definition around the cursor of `snapshot`.

    Raises:
        RequestFailed: there is no definition, no answer, or the document has changed so that it fits no more.
    """
    definition, start, end = await asyncio.to_thread(_definition, snapshot)
    asked = Asked(
        feature="document",
        snapshot=replace(snapshot, start=start, end=end),
        model=rooms.model_for("document"),
        tail=TailSpec(kind="document"),
        max_tokens=MAX_TOKENS,
        refresh=refresh,
        allow_over_budget=allow_over_budget,
    )
    answer = await answered(rooms, asked, listener)
    if rooms.documents.get(snapshot.uri).version != snapshot.version:
        raise RequestFailed("The document has changed meanwhile. Ask again: the documentation is kept.")
    edit = insertion(snapshot.text, snapshot.language, definition.line, answer.text)
    if edit is None:
        raise RequestFailed("The model's answer holds no documentation that fits here.")
    return Documented(answer=answer, insertion=edit, version=snapshot.version)


def _definition(snapshot: Snapshot) -> tuple[Definition, int, int]:
    scope = scope_around(snapshot.language, snapshot.text, snapshot.start, snapshot.end)
    found = definition_at(snapshot.text, snapshot.language, scope.start, scope.end)
    if found is None:
        raise RequestFailed("There is no function or class here to document. Put the cursor into one.")
    return found, scope.start, scope.end
