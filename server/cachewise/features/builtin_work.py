"""What the built-in completer's threads do: read the workspace into an index in slices, and guess from it.

Not here: which thread does what and when (`builtin.py`), the index itself (`offline/`).
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING

from cachewise.model.snapshot import Snapshot

if TYPE_CHECKING:  # the room and the patterns are loaded by the first completion
    from cachewise.offline.complete import Guess
    from cachewise.offline.index import Index

logger = logging.getLogger(__name__)

SLICE, REST = 0.003, 0.005
"""Seconds of reading and of rest in turn, so that whatever else the process does gets its turn."""
MOST_FILES = 100_000
_DATA = (".lock", ".csv", ".tsv", ".map", ".svg", ".min.js", ".min.css", ".ipynb", ".log", ".jsonl", ".snap")
"""Endings of text that nobody types."""

Steps = Generator[None, None, None]
"""Work with a pause every few milliseconds."""


@dataclass(frozen=True, slots=True)
class Shown:
    """An open document as it stands. Its text is taken on the event loop, and looked at elsewhere."""

    uri: str
    path: str | None
    language: str
    version: int
    text: str


class Work:
    """One index and the thread that fills it, for one set of folders and patterns."""

    def __init__(self, folders: Sequence[str], globs: Sequence[str], rest: float) -> None:
        from cachewise.context.exclude import Exclusions
        from cachewise.offline.index import Index

        self.index: Index = Index()
        self._exclusions = [Exclusions(folder, globs) for folder in folders]
        self._rest = rest
        self._stopped = threading.Event()
        self._jobs: SimpleQueue[Steps | threading.Event | None] = SimpleQueue()
        self._noted: dict[str, tuple[str, int]] = {}
        """Name in the index and version of each open document, by URI."""
        self._noted_in = self.index
        self._allowed: dict[str, bool] = {}
        if folders:
            self._jobs.put(self._read_all())
        self._thread = threading.Thread(target=self._run, name="cachewise-index", daemon=True)
        self._thread.start()

    # The thread that guesses

    def guess(self, snapshot: Snapshot, others: Sequence[Shown]) -> Guess | None:
        from cachewise.context.exclude import is_secret, names_secret
        from cachewise.offline.complete import complete

        if is_secret(snapshot.path) if snapshot.path is not None else names_secret(snapshot.uri):
            return None
        index = self.index
        name = _name(snapshot.path, snapshot.uri, snapshot.language)
        self._note(index, others, name)
        text, at = snapshot.text, snapshot.end
        return complete(index, text[:at], text[at:], snapshot.language, name=name)

    def _note(self, index: Index, others: Sequence[Shown], current: str) -> None:
        """Bring the open documents that the index knows up to date."""
        if self._noted_in is not index:  # it has become another one
            self._noted_in, self._noted = index, {}
        noted = {}
        for other in others:
            if not self._may(other):
                continue
            name = _name(other.path, other.uri, other.language)
            if name == current:
                continue
            noted[other.uri] = (name, other.version)
            if self._noted.get(other.uri) != noted[other.uri]:
                index.open(name, other.text)
        for name in {name for name, _ in self._noted.values()} - {name for name, _ in noted.values()}:
            index.close(name)
        self._noted = noted

    def _may(self, other: Shown) -> bool:
        """Whether an open document may be searched: not where a file of that name could not be."""
        from cachewise.context.exclude import names_secret

        allowed = self._allowed.get(other.uri)
        if allowed is None:
            if other.path is None:
                allowed = not names_secret(other.uri)
            else:
                path = other.path
                allowed = any(exclusions.allows(path) for exclusions in self._exclusions)
            self._allowed[other.uri] = allowed
        return allowed

    # The thread that reads

    def reread(self, *paths: str) -> None:
        """Take files in as they are now."""
        self._jobs.put(self._read_some(paths))

    def settle(self) -> None:
        """Wait until what was handed over before is done."""
        done = threading.Event()
        self._jobs.put(done)
        while not self._stopped.is_set() and not done.wait(0.1):
            pass

    def stop(self) -> None:
        self._stopped.set()
        self._jobs.put(None)

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None and not self._stopped.is_set():
            if isinstance(job, threading.Event):
                job.set()
                continue
            try:
                self._in_slices(job)
            except Exception:
                # The completer is a convenience: it goes on with what it has.
                logger.exception("Reading the workspace for the built-in completer failed")

    def _in_slices(self, steps: Steps) -> None:
        until = time.monotonic() + SLICE
        for _ in steps:
            if self._stopped.is_set():
                steps.close()
                return
            if time.monotonic() >= until:
                self._stopped.wait(self._rest)
                until = time.monotonic() + SLICE

    def _read_all(self) -> Steps:
        """Find all files, make tables that suit them, and read them."""
        from cachewise.offline.index import Index
        from cachewise.offline.indexer import Indexer

        files: list[str] = []
        size = 0
        for path in self._files():
            if path:
                files.append(path)
                size += _size(path)
            yield
        index = Index(size)
        self.index = index
        indexer = Indexer(index, ((path, Path(path)) for path in files))
        began = time.monotonic()
        while indexer.work(0):
            yield
        logger.info(
            "the built-in completer has read %d files, %d bytes, in %.1f s; its index takes %.0f MB",
            indexer.files, indexer.bytes, time.monotonic() - began, index.memory_bytes / 1e6,
        )  # fmt: skip

    def _files(self) -> Iterator[str]:
        """All files that may be read, with empty strings in between; none twice where folders overlap."""
        count = 0
        for at, exclusions in enumerate(self._exclusions):
            earlier = [other.folder + os.sep for other in self._exclusions[:at]]
            for path in exclusions.files():
                if not path.endswith(_DATA) and not path.startswith(tuple(earlier)):
                    yield path
                    count += bool(path)
                if count >= MOST_FILES:
                    return

    def _read_some(self, paths: Sequence[str]) -> Steps:
        for path in paths:
            yield from self._read_one(path)
            yield

    def _read_one(self, path: str) -> Steps:
        from cachewise.offline.indexer import MOST_MEMORY, read

        if path.endswith(_DATA):
            return
        real = next((found for one in self._exclusions if (found := one.resolve(path)) is not None), None)
        if real is None:
            return
        content = read(Path(real))
        if content is None:
            self.index.remove(real)
        elif self.index.memory_bytes < MOST_MEMORY:
            yield from self.index.adding(real, content.decode("utf-8", "replace"))
            if self.index.wasteful:
                yield from self.index.compacting()


def _name(path: str | None, uri: str, language: str) -> str:
    """How the index names a document. Its ending tells the language, so that texts of one kind find each other."""
    return f"{uri}.{language}" if path is None else os.path.realpath(path)


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0
