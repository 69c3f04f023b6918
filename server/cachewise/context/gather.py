"""Gathers what may be shared context for a document: the other open documents and the files that they import.

Files are read in a thread, with limits, and read again only when they changed. Not here: which files may be read
(`exclude.py`), what is imported (`imports.py`), and what becomes of the pieces (`layout.py`).
"""

from __future__ import annotations

import asyncio
import itertools
import os
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from cachewise.context.beside import files_beside
from cachewise.context.exclude import Exclusions, Look, names_secret
from cachewise.context.imports import imported_files
from cachewise.context.pairs import pairs_of
from cachewise.context.reading import fit, read_text
from cachewise.context.secrets import is_secret
from cachewise.context.statements import Statements
from cachewise.context.visited import part_around
from cachewise.faults import RequestFailed
from cachewise.model.snapshot import Snapshot

_MOST_FILES = 200
_IMPORTS_KEPT = 10.0
"""Seconds after which a file that was made meanwhile is found as an import of a document that did not change."""
_MOST_VISITED = 3


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


@dataclass(frozen=True, slots=True)
class _Known:
    stamp: tuple[int, int, int]
    text: str | None
    """None for a file that is too large, binary or minified."""


class Gatherer:
    """Gathers the pieces of one workspace folder and remembers what it has read.

    Args:
        exclusions: Decides which files may be read; None for documents outside every workspace folder, for which
            nothing is read from disk.
        deadline: Seconds after which a slow file system is no longer waited for.
        pairs: Whether tests and implementations of open files are gathered as well as what they import.
        signatures: Makes the signatures of a file out of its text and its name.
    """

    def __init__(
        self,
        exclusions: Exclusions | None,
        *,
        deadline: float = 2.0,
        pairs: bool = True,
        signatures: Callable[[str, str], str] | None = None,
    ) -> None:
        self._exclusions = exclusions
        self._signatures = signatures
        self._signed: dict[str, tuple[str, str]] = {}
        """Texts and their signatures, by the keys of their pieces."""
        self._pairs = pairs
        self._deadline = deadline
        self._known: dict[str, _Known] = {}
        self._imported: dict[str, tuple[str, float, tuple[str, ...]]] = {}
        """Of open documents, by place: the text, when it was looked at, and the files that it imports."""
        self._statements: dict[str, Statements] = {}
        """Of them, by place: the statements that import those."""
        self._paired: dict[str, tuple[float, tuple[str, ...]]] = {}
        """The same of their tests and implementations, whatever the text."""
        self._changed: frozenset[str] = frozenset()
        self._come_or_gone = False
        """What is known to have changed since the last reading: paths, and whether files came or went."""
        self._last: tuple[Piece, ...] = ()
        self._running: asyncio.Future[tuple[Piece, ...]] | None = None

    def direct(self) -> Gatherer:
        """Another gatherer for the same folder, which remembers on its own, and of what is imported alone."""
        return Gatherer(self._exclusions, deadline=self._deadline, pairs=False)

    def changed_outside(self, paths: Collection[str], *, names: bool) -> None:
        """Read these files again with the next request, whatever their age says; with `names`, find imports anew."""
        if len(self._changed) <= _MOST_FILES:  # beyond it everything is read again
            self._changed |= frozenset(itertools.islice(paths, _MOST_FILES + 1))
        self._come_or_gone |= names

    async def gather(
        self,
        current: Snapshot,
        open_documents: Sequence[Snapshot],
        also: Iterable[str] = (),
        *,
        fill: int = 0,
        whole: int | None = None,
        visited: Sequence[tuple[str, int]] = (),
    ) -> tuple[Piece, ...]:
        """The pieces for a request about `current`, in a fixed order and without `current` itself.

        First the other open documents in the given order, then what `current` imports and the other half of its pair of
        test and implementation, then the same of the open documents, then files beside `current` of `fill` characters
        together, then `also`: files that are part of the context already and have to be kept up to date
        (`SharedContext.paths`). Of open documents the editor's text counts, not the disk.

        When the file system does not answer within the deadline, what was gathered last is returned, with open
        documents as they are now; the reading goes on and serves the next request.

        Of files that were `visited`, given by path and line (from 0) and the latest first, the lines around that
        place come last, in case that there is no room for the whole file, or nothing else that brings it in.
        Where the pieces and `current` have more than `whole` characters together, they come with their signatures.

        Raises:
            RequestFailed: `current` is a secret file, also where only a link leads to one.
        """
        documents = tuple(d for d in open_documents if d.uri != current.uri)
        also = tuple(also)
        try:
            async with asyncio.timeout(self._deadline):
                while self._running is not None and not self._running.done():
                    await asyncio.wait([self._running])
                told = (self._changed, self._come_or_gone)
                self._changed, self._come_or_gone = frozenset(), False
                work = asyncio.to_thread(self._read_all, current, documents, also, fill, whole, visited, *told)
                self._running = asyncio.ensure_future(work)
                self._running.add_done_callback(_looked_at)
                self._last = await asyncio.shield(self._running)
        except TimeoutError:
            return _with_open_text(self._last, current, documents)
        return self._last

    async def aclose(self) -> None:
        """Wait for a reading that is still under way, within the deadline."""
        if self._running is not None and not self._running.done():
            await asyncio.wait([self._running], timeout=self._deadline)

    def _read_all(
        self,
        current: Snapshot,
        documents: Sequence[Snapshot],
        also: Sequence[str],
        fill: int,
        whole: int | None,
        visited: Sequence[tuple[str, int]],
        changed: frozenset[str],
        come_or_gone: bool,
    ) -> tuple[Piece, ...]:
        self._forget(changed, come_or_gone)
        if current.path is not None and is_secret(current.path):
            raise RequestFailed(f"{current.name!r} leads to a file with secrets, so it is not sent to a model.")
        pieces: dict[str, Piece] = {}
        look = None if self._exclusions is None else Look(self._exclusions)
        allowed = [document for document in documents if _allows(look, document)]
        for document in allowed:
            if fit(document.text):
                pieces[document.uri] = _piece(document)
        if self._exclusions is None or look is None:
            return tuple(pieces.values())
        folder = self._exclusions.folder
        shown = {look.real(d.path) for d in (current, *documents) if d.path}
        paths: list[str] = []
        for document in (current, *allowed):
            place = _place(document, look)
            if place is not None:
                paths.extend(self._imports_of(place, document, fresh=document is current))
                paths.extend(self._pairs_of(place) if self._pairs else ())
        for path in dict.fromkeys(paths):
            self._take(pieces, shown, path, look)
        if fill and current.path:
            for path in files_beside(os.path.realpath(current.path), folder):
                if fill <= 0:
                    break
                found = self._take(pieces, shown, path, look, beside=True)
                fill -= len(found.text) if found else 0
        for path in also:
            self._take(pieces, shown, path, look, kept=True)
        own = look.real(current.path) if current.path else None
        opened = {look.real(document.path): document.text for document in allowed if document.path}
        for path, line in visited:
            if sum(1 for piece in pieces.values() if piece.part_of) >= _MOST_VISITED:
                break
            real = look.resolve(path)
            text = None if real is None or real == own else opened.get(real) or self._read(real)
            if real is not None and text and fit(text):
                self._visit(pieces, os.path.relpath(real, folder).replace(os.sep, "/"), text, line)
        if whole is not None and len(current.text) + sum(len(piece.text) for piece in pieces.values()) > whole:
            return tuple(self._with_signatures(key, piece) for key, piece in pieces.items())
        return tuple(pieces.values())

    def _visit(self, pieces: dict[str, Piece], name: str, text: str, line: int) -> None:
        """Take the lines around a place in; they have no path, since it is not they that change on disk."""
        first, part = part_around(text, line)
        if part.strip():
            last = first + part.count("\n") + (not part.endswith("\n"))
            key = f"{name}\0{first}"
            pieces[key] = Piece(name=f"{name} (lines {first + 1}-{last})", text=part, path=None, key=key, part_of=name)

    def _with_signatures(self, key: str, piece: Piece) -> Piece:
        """The same piece with its signatures, from memory where its text did not change."""
        if self._signatures is None or piece.beside or piece.part_of:
            return piece
        known = self._signed.get(key)
        if known is None or known[0] != piece.text:
            known = self._signed[key] = piece.text, self._signatures(piece.text, piece.name)
            if len(self._signed) > 2 * _MOST_FILES:
                del self._signed[next(iter(self._signed))]
        return replace(piece, signatures=known[1])

    def _forget(self, changed: frozenset[str], come_or_gone: bool) -> None:
        if len(changed) > _MOST_FILES:  # another branch: to look for each of them would take longer
            self._known.clear()
        for path in changed if self._known else ():
            self._known.pop(os.path.realpath(path), None)
        if come_or_gone:
            self._imported.clear()
            self._paired.clear()

    def _imports_of(self, place: str, document: Snapshot, *, fresh: bool) -> tuple[str, ...]:
        """What a document imports; of others than the current one as it was found lately, if their text is the same."""
        assert self._exclusions is not None
        known, now = self._imported.get(place), time.monotonic()
        if not fresh and known is not None and known[0] == document.text and now < known[1] + _IMPORTS_KEPT:
            return known[2]
        statements = self._statements.setdefault(place, Statements())
        found = imported_files(place, document.language, document.text, self._exclusions.folder, statements)
        self._imported[place] = document.text, now, found
        for kept in (self._imported, self._statements):
            if len(kept) > _MOST_FILES:
                del kept[next(iter(kept))]
        return found

    def _pairs_of(self, place: str) -> tuple[str, ...]:
        """The test or the implementation of a document, as it was found lately."""
        assert self._exclusions is not None
        known, now = self._paired.get(place), time.monotonic()
        if known is None or now >= known[0] + _IMPORTS_KEPT:
            known = self._paired[place] = now, pairs_of(place, self._exclusions.folder)
            if len(self._paired) > _MOST_FILES:
                del self._paired[next(iter(self._paired))]
        return known[1]

    def _take(
        self,
        pieces: dict[str, Piece],
        shown: set[str],
        path: str,
        look: Look,
        *,
        kept: bool = False,
        beside: bool = False,
    ) -> Piece | None:
        """Read a file into the pieces, unless it is there, shown by the editor, or of no use as context."""
        assert self._exclusions is not None
        real = look.resolve(path)
        if real is None or real in shown or real in pieces or len(pieces) >= _MOST_FILES:
            return None
        text = self._read(real)
        if text is None:
            return None
        name = os.path.relpath(real, self._exclusions.folder).replace(os.sep, "/")
        pieces[real] = Piece(name=name, text=text, path=real, kept=kept, beside=beside)
        return pieces[real]

    def _read(self, path: str) -> str | None:
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
            if len(self._known) > 4 * _MOST_FILES:
                del self._known[next(iter(self._known))]
        return known.text


def document_key(document: Snapshot) -> str:
    """What a document is known by from request to request: its name, which is unique only inside a folder."""
    return document.name if document.folder else document.path or document.uri


def _allows(look: Look | None, document: Snapshot) -> bool:
    """Whether an open document may be context: a file that may, or a buffer that is no file and not secret."""
    if document.path is None:
        return not names_secret(document.name) and not names_secret(document.uri)
    return look is not None and look.resolve(document.path) is not None


def _looked_at(reading: asyncio.Future[tuple[Piece, ...]]) -> None:
    """A failure that came after the deadline has nobody to go to."""
    if not reading.cancelled():
        reading.exception()


def _with_open_text(last: Sequence[Piece], current: Snapshot, documents: Sequence[Snapshot]) -> tuple[Piece, ...]:
    """What was gathered last, brought up to date without the disk."""
    now = {document_key(document): document for document in documents}
    pieces = []
    for piece in last:
        key = piece.key or piece.name
        document = now.get(key)
        if piece.part_of and piece.part_of in (document_key(current), *now):
            continue
        if document is not None and fit(document.text):
            pieces.append(_piece(document))
        elif not piece.open and key != document_key(current):
            pieces.append(piece)
    return tuple(pieces)


def _place(document: Snapshot, look: Look) -> str | None:
    """Where the imports of a document are looked up from: at its file, or at the notebook that it is a cell of."""
    if document.path:
        return look.real(document.path)
    if document.folder and "#" in document.name:
        return look.real(os.path.join(document.folder, document.name.rpartition("#")[0]))
    return None


def _piece(document: Snapshot) -> Piece:
    return Piece(name=document.name, text=document.text, path=document.path, open=True, key=document_key(document))
