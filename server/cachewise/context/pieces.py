"""A piece: one file that may become shared context, as it is now, and what it is known by from request to request.

Not here: which pieces there are (`gather.py`), and what becomes of them (`layout.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cachewise.context.reading import fit
from cachewise.model.snapshot import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One file that may become shared context, as it is now."""

    name: str
    """How prompts name it: the path below the workspace folder with forward slashes."""
    text: str
    path: str | None
    """Absolute path; None for a document that is no file."""
    open: bool = False
    """Whether an editor shows it; open documents are given more room than imports."""
    key: str = ""
    """What it is known by from request to request; empty where that is the name."""
    kept: bool = False
    """Whether it is here only because a copy of it is in the prefix already."""
    beside: bool = False
    """Whether it is here only because it lies beside the current document (`Gatherer.gather`, `fill`)."""
    part_of: str = ""
    """For a part of a file, what the whole would be known by, which makes the part superfluous."""
    signatures: str = ""
    """What stands in for it where there is no room for its text; empty where nothing does."""


def document_key(document: Snapshot) -> str:
    """What a document is known by from request to request: its name, which is unique only inside a folder."""
    return document.name if document.folder else document.path or document.uri


def document_piece(document: Snapshot) -> Piece:
    """An open document as a piece."""
    return Piece(name=document.name, text=document.text, path=document.path, open=True, key=document_key(document))


def with_open_text(last: Sequence[Piece], current: Snapshot, documents: Sequence[Snapshot]) -> tuple[Piece, ...]:
    """What was gathered last, brought up to date without the disk: `current` and closed documents go.

    Args:
        last: As it was gathered.
        current: The document of the request.
        documents: The other open documents.
    """
    now = {document_key(document): document for document in documents}
    pieces = []
    for piece in last:
        key = piece.key or piece.name
        document = now.get(key)
        if piece.part_of and piece.part_of in (document_key(current), *now):
            continue
        if document is not None and fit(document.text):
            pieces.append(document_piece(document))
        elif not piece.open and key != document_key(current):
            pieces.append(piece)
    return tuple(pieces)
