"""What was read and found for the pieces of one workspace folder, kept from request to request.

Texts are read again when the stamps of their files say so. What documents import is looked for again when their texts
changed, and after a while, since a file may have been made. Asks the file system: use it in a thread, and in one at a
time. Not here: which files may be read (`exclude.py`), and which of them become pieces (`gather.py`).
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from cachewise.context.imports import imported_files
from cachewise.context.pairs import pairs_of
from cachewise.context.pieces import Piece
from cachewise.context.reading import read_text
from cachewise.context.statements import Statements
from cachewise.model.snapshot import Snapshot

MOST_FILES = 200
"""Files of one request; the memory of texts and signatures holds a few times as many."""
_IMPORTS_KEPT = 10.0
"""Seconds after which a file that was made meanwhile is found as an import of a document that did not change."""


@dataclass(frozen=True, slots=True)
class _Known:
    stamp: tuple[int, int, int]
    text: str | None
    """None for a file that is too large, binary or minified."""


class Memory:
    """Remembers for one workspace folder.

    Args:
        folder: Its absolute path.
        signatures: Makes the signatures of a file out of its text and its name.
    """

    def __init__(self, folder: str, signatures: Callable[[str, str], str] | None = None) -> None:
        self._folder = folder
        self._signatures = signatures
        self._signed: dict[str, tuple[str, str]] = {}
        """Texts and their signatures, by the keys of their pieces."""
        self._known: dict[str, _Known] = {}
        self._imported: dict[str, tuple[str, float, tuple[str, ...]]] = {}
        """Of open documents, by place: the text, when it was looked at, and the files that it imports."""
        self._statements: dict[str, Statements] = {}
        """Of them, by place: the statements that import those."""
        self._paired: dict[str, tuple[float, tuple[str, ...]]] = {}
        """The same of their tests and implementations, whatever the text."""

    def forget(self, changed: Collection[str], *, come_or_gone: bool) -> None:
        """Read these files again, whatever their age says; with `come_or_gone`, find imports and pairs anew."""
        if len(changed) > MOST_FILES:  # another branch: to look for each of them would take longer
            self._known.clear()
        for path in changed if self._known else ():
            self._known.pop(os.path.realpath(path), None)
        if come_or_gone:
            self._imported.clear()
            self._paired.clear()

    def text(self, path: str) -> str | None:
        """The text of a regular file, from memory where it did not change; None if it is no use as context."""
        try:
            status = os.stat(path)
        except OSError:
            self._known.pop(path, None)
            return None
        known = self._known.get(path)
        stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
        if known is None or known.stamp != stamp:
            known = _Known(stamp, read_text(path))
            self._known[path] = known
            if len(self._known) > 4 * MOST_FILES:
                del self._known[next(iter(self._known))]
        return known.text

    def imports_of(self, place: str, document: Snapshot, *, fresh: bool) -> tuple[str, ...]:
        """Paths of what a document at `place` imports; unless `fresh`, as found lately if its text is the same."""
        known, now = self._imported.get(place), time.monotonic()
        if not fresh and known is not None and known[0] == document.text and now < known[1] + _IMPORTS_KEPT:
            return known[2]
        statements = self._statements.setdefault(place, Statements())
        found = imported_files(place, document.language, document.text, self._folder, statements)
        self._imported[place] = document.text, now, found
        for kept in (self._imported, self._statements):
            if len(kept) > MOST_FILES:
                del kept[next(iter(kept))]
        return found

    def pairs_of(self, place: str) -> tuple[str, ...]:
        """The test or the implementation of a document at `place`, as it was found lately."""
        known, now = self._paired.get(place), time.monotonic()
        if known is None or now >= known[0] + _IMPORTS_KEPT:
            known = self._paired[place] = now, pairs_of(place, self._folder)
            if len(self._paired) > MOST_FILES:
                del self._paired[next(iter(self._paired))]
        return known[1]

    def with_signatures(self, key: str, piece: Piece) -> Piece:
        """The same piece with its signatures, from memory where its text did not change."""
        if self._signatures is None or piece.beside or piece.part_of:
            return piece
        known = self._signed.get(key)
        if known is None or known[0] != piece.text:
            known = self._signed[key] = piece.text, self._signatures(piece.text, piece.name)
            if len(self._signed) > 2 * MOST_FILES:
                del self._signed[next(iter(self._signed))]
        return replace(piece, signatures=known[1])
