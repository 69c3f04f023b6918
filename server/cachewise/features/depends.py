"""What the answer to a question depends on: the key that it is stored under, and the context that it was given in.

The key holds the text of the selection and of the definition around it; not the rest of the file, and nothing that
tells one checkout from another. The files that the definition names are its context. An answer that is only shown is
found although its context has changed, and says so; one that is written into a document is not, because there it
would stand as if it were new, so that its context is part of its key. Not here: how keys are built
(`answers/key.py`) and what a definition is (`answers/scope.py`).
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cachewise.answers.key import scoped_key
from cachewise.answers.scope import dependencies_digest, scope_around
from cachewise.context.system import SYSTEM
from cachewise.features.rooms import Rooms

if TYPE_CHECKING:
    from cachewise.context.pieces import Piece
    from cachewise.features.stored import Asked

TEMPLATE = 1
"""Raise it when what a question looks like changes (`context/tail.py`): answers to the old one are no longer given.
The system text is part of the key by itself."""
_DEFINES = re.compile(
    r"^(?:export\s+|default\s+|pub(?:\([^)\n]*\))?\s+|public\s+|async\s+|abstract\s+|final\s+|static\s+|unsafe\s+)*"
    r"(?:def|class|fn|func|function|struct|enum|trait|interface|type|const|let|var|local\s+function)\s+([^\W\d]\w*)",
    re.M,
)
"""A definition at the start of a line, in the languages whose imports are followed."""


_WRITTEN = frozenset({"document"})
"""Features whose answers end up in the document."""
_ALONE = "none"
"""The context of a definition that names no other file."""


@dataclass(frozen=True, slots=True)
class Dependencies:
    """What an answer depends on."""

    key: str
    context: str
    """Digest of the files that the definition names; never empty."""


async def dependencies_of(rooms: Rooms, asked: Asked) -> Dependencies:
    """What the answer to a question depends on.

    Raises:
        RequestFailed: it is about a file with secrets.
    """
    pieces = await rooms.prompts.imported(asked.snapshot)
    return await asyncio.to_thread(_dependencies, asked, pieces)


def _dependencies(asked: Asked, pieces: Iterable[Piece]) -> Dependencies:
    snapshot, tail = asked.snapshot, asked.tail
    scope = scope_around(snapshot.language, snapshot.text, snapshot.start, snapshot.end)
    context = dependencies_digest(scope.definition, _named(pieces)) or _ALONE
    key = scoped_key(
        task=asked.feature,
        model=str(asked.model),
        settings={"maxTokens": asked.max_tokens},
        template_version=f"{TEMPLATE} {hashlib.sha256(SYSTEM.encode()).hexdigest()[:16]}",
        language=snapshot.language,
        path=snapshot.name,
        question=tail.question or "",
        diagnostics=tail.diagnostics,
        selection=snapshot.selection,
        definition=scope.definition,
        place=scope.place,
        dependencies=context if asked.feature in _WRITTEN else "",
    )
    return Dependencies(key, context)


def _named(pieces: Iterable[Piece]) -> Iterator[tuple[str, str]]:
    """Each file under its own name and under those that it defines."""
    for piece in pieces:
        text = hashlib.sha256(piece.text.encode("utf-8", "surrogatepass")).hexdigest()
        stem = piece.name.rpartition("/")[2].partition(".")[0]
        for name in {stem, *_DEFINES.findall(piece.text)}:
            yield name, f"{piece.name} {text}"
