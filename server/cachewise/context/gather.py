"""Gathers what may be shared context for a document: the other open documents and the files that they import.

Files are read in a thread that is waited for only so long. Not here: which files may be read (`exclude.py`), what was
read and found before (`memory.py`), and what becomes of the pieces (`layout.py`).
"""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import Callable, Collection, Iterable, Sequence

from cachewise.context.beside import files_beside
from cachewise.context.exclude import Exclusions, Look, names_secret
from cachewise.context.memory import MOST_FILES, Memory
from cachewise.context.pieces import Piece, document_piece, with_open_text
from cachewise.context.reading import fit
from cachewise.context.secrets import is_secret
from cachewise.context.visited import visited_piece
from cachewise.faults import RequestFailed
from cachewise.model.snapshot import Snapshot

_MOST_VISITED = 3


class Gatherer:
    """Gathers the pieces of one workspace folder.

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
        self._memory = None if exclusions is None else Memory(exclusions.folder, signatures)
        self._pairs = pairs
        self._deadline = deadline
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
        if len(self._changed) <= MOST_FILES:  # beyond it everything is read again
            self._changed |= frozenset(itertools.islice(paths, MOST_FILES + 1))
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
            return with_open_text(self._last, current, documents)
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
        memory = self._memory
        if memory is not None:
            memory.forget(changed, come_or_gone=come_or_gone)
        if current.path is not None and is_secret(current.path):
            raise RequestFailed(f"{current.name!r} leads to a file with secrets, so it is not sent to a model.")
        pieces: dict[str, Piece] = {}
        look = None if self._exclusions is None else Look(self._exclusions)
        allowed = [document for document in documents if _allows(look, document)]
        for document in allowed:
            if fit(document.text):
                pieces[document.uri] = document_piece(document)
        if self._exclusions is None or look is None or memory is None:
            return tuple(pieces.values())
        folder = self._exclusions.folder
        shown = {look.real(d.path) for d in (current, *documents) if d.path}
        paths: list[str] = []
        for document in (current, *allowed):
            place = _place(document, look)
            if place is not None:
                paths.extend(memory.imports_of(place, document, fresh=document is current))
                paths.extend(memory.pairs_of(place) if self._pairs else ())
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
            text = None if real is None or real == own else opened.get(real) or memory.text(real)
            if real is None or not text or not fit(text):
                continue
            part = visited_piece(os.path.relpath(real, folder).replace(os.sep, "/"), text, line)
            if part is not None:
                pieces[part.key] = part
        if whole is not None and len(current.text) + sum(len(piece.text) for piece in pieces.values()) > whole:
            return tuple(memory.with_signatures(key, piece) for key, piece in pieces.items())
        return tuple(pieces.values())

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
        assert self._memory is not None
        real = look.resolve(path)
        if real is None or real in shown or real in pieces or len(pieces) >= MOST_FILES:
            return None
        text = self._memory.text(real)
        if text is None:
            return None
        name = os.path.relpath(real, self._exclusions.folder).replace(os.sep, "/")
        pieces[real] = Piece(name=name, text=text, path=real, kept=kept, beside=beside)
        return pieces[real]


def _allows(look: Look | None, document: Snapshot) -> bool:
    """Whether an open document may be context: a file that may, or a buffer that is no file and not secret."""
    if document.path is None:
        return not names_secret(document.name) and not names_secret(document.uri)
    return look is not None and look.resolve(document.path) is not None


def _looked_at(reading: asyncio.Future[tuple[Piece, ...]]) -> None:
    """A failure that came after the deadline has nobody to go to."""
    if not reading.cancelled():
        reading.exception()


def _place(document: Snapshot, look: Look) -> str | None:
    """Where the imports of a document are looked up from: at its file, or at the notebook that it is a cell of."""
    if document.path:
        return look.real(document.path)
    if document.folder and "#" in document.name:
        return look.real(os.path.join(document.folder, document.name.rpartition("#")[0]))
    return None
