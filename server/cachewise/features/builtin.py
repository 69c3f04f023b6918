"""The built-in completer at work: one index of all workspace folders, filled and kept true in the background.

Two threads, both only once a completion was asked for: one reads files a few milliseconds at a time, the other one
guesses. Nothing here runs on the event loop but the handing over. Not here: what the threads do
(`builtin_work.py`), the index and the guesses (`offline/`), and when a guess is shown (`firsthand.py`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from cachewise.features.builtin_work import REST, Shown, Work
from cachewise.model.snapshot import Snapshot

if TYPE_CHECKING:  # the room and the patterns are loaded by the first completion
    from cachewise.offline.complete import Guess

NEAR = 13
"""Open documents that are looked at beside the one with the cursor; the index searches no more."""


class Builtin:
    """The index of one server, and the threads that work on it.

    Args:
        rest: seconds between two slices of reading.
    """

    def __init__(self, rest: float = REST) -> None:
        self._rest = rest
        self._folders: tuple[str, ...] = ()
        self._globs: tuple[str, ...] = ()
        self._work: Work | None = None
        self._guessing: ThreadPoolExecutor | None = None

    @property
    def memory_bytes(self) -> int:
        """An estimate of what the index holds; 0 before the first guess."""
        return 0 if self._work is None else self._work.index.memory_bytes

    async def guess(
        self, snapshot: Snapshot, others: Iterable[Shown], folders: Sequence[str], globs: Sequence[str]
    ) -> Guess | None:
        """What is likely to come at the cursor; None where nothing is likely enough, or the document is secret.

        The first call, and each one with other folders or patterns, begins to read the folders; guesses get better
        meanwhile.

        Args:
            snapshot: The document with the cursor.
            others: Further open documents, the one used last at the end.
            folders: Absolute paths of the workspace folders.
            globs: The setting `context.exclude`.
        """
        work = self._current(tuple(folders), tuple(globs))
        if self._guessing is None:
            # One thread alone: the papers of the index take no two at once.
            self._guessing = ThreadPoolExecutor(1, "cachewise-guess")
        near = [other for other in others if other.uri != snapshot.uri][-NEAR:]
        return await asyncio.get_running_loop().run_in_executor(self._guessing, work.guess, snapshot, near)

    async def settled(self) -> None:
        """Wait until all that was found so far is read."""
        if self._work is not None:
            await asyncio.to_thread(self._work.settle)

    def closed(self, path: str | None) -> None:
        """A document was closed: from now on its file counts, as it was left."""
        if path is not None and self._work is not None:
            self._work.reread(path)

    def changed(self, paths: Iterable[str]) -> None:
        """Files were changed, made or removed outside of the editor."""
        if self._work is not None:
            self._work.reread(*paths)

    def close(self) -> None:
        """End the threads; what they are at is given up within a slice."""
        if self._work is not None:
            self._work.stop()
            self._work = None
        if self._guessing is not None:
            self._guessing.shutdown(wait=False, cancel_futures=True)
            self._guessing = None

    def _current(self, folders: tuple[str, ...], globs: tuple[str, ...]) -> Work:
        if self._work is None or (folders, globs) != (self._folders, self._globs):
            if self._work is not None:
                self._work.stop()
            self._folders, self._globs = folders, globs
            self._work = Work(folders, globs, self._rest)
        return self._work
