"""A workspace's files read into the index, a few milliseconds at a time.

The caller says which files may be read (ignored and secret ones are its business), calls `work` in a thread, and rests
between two calls, so that whatever else the process does gets its turn. Not here: threads, and watching for changes.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Generator, Iterable, Iterator
from pathlib import Path

from cachewise.offline.index import Index

MOST_BYTES = 200_000_000
"""Text of one workspace; what comes later is left out."""
MOST_MEMORY = 290_000_000
"""Bytes of the index. Reached by 200 MB of text only where there are few comments and no copies."""
LARGEST_FILE = 500_000
"""Bytes. Larger files are data or generated."""
_BITS = 1 << 24
_BLOCK = 3
_SAMPLE = 4
_COPIED = 0.8
SLICE = 0.005
"""Seconds of work between two rests."""


class Indexer:
    """Reads files into an index, once each.

    Args:
        index: where they go.
        files: their names in the index, and where they are. Asked for one after the other, within `work`.
        most_bytes: of text, where to stop.
        most_memory: bytes of the index, where to stop.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        index: Index,
        files: Iterable[tuple[str, Path]],
        *,
        most_bytes: int = MOST_BYTES,
        most_memory: int = MOST_MEMORY,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._index = index
        self._most_bytes = most_bytes
        self._most_memory = most_memory
        self._clock = clock
        self._blocks = bytearray(_BITS // 8)
        self._steps: Generator[None, None, None] = self._walk(iter(files))
        self.files = 0
        """Files taken in so far."""
        self.bytes = 0
        """Their size."""
        self.done = False

    def work(self, seconds: float = SLICE) -> bool:
        """Go on for about so long, at least one step of one or two milliseconds; False when nothing is left."""
        until = self._clock() + seconds
        for _ in self._steps:
            if self._clock() >= until:
                return True
        self.done = True
        return False

    def close(self) -> None:
        """Give up; the file that was being read is not found."""
        self._steps.close()
        self.done = True

    def _walk(self, files: Iterator[tuple[str, Path]]) -> Generator[None, None, None]:
        for name, path in files:
            yield
            if name in self._index:
                continue
            content = read(path)
            if content is None:
                continue
            if self.bytes + len(content) > self._most_bytes or self._index.memory_bytes > self._most_memory:
                continue
            yield
            if self._copy(content):
                continue
            yield
            yield from self._index.adding(name, content.decode("utf-8", "replace"))
            self.files += 1
            self.bytes += len(content)
        if self._index.wasteful:
            yield from self._index.compacting()

    def _copy(self, content: bytes) -> bool:
        """Whether most blocks of lines are in already: another version of a library, or the same file elsewhere.

        Copies would only make the index surer of what it knows. Of the blocks one in `_SAMPLE` is looked at, the same
        ones in every file.
        """
        lines = [line.strip() for line in content.splitlines()]
        blocks = {zlib.crc32(b"\n".join(lines[at : at + _BLOCK])) for at in range(max(1, len(lines) - _BLOCK + 1))}
        sample = [block // _SAMPLE % _BITS for block in blocks if not block % _SAMPLE] or list(blocks)
        known = 0
        for bit in sample:
            at, mask = bit >> 3 & (_BITS // 8 - 1), 1 << (bit & 7)
            known += bool(self._blocks[at] & mask)
            self._blocks[at] |= mask
        return known >= _COPIED * len(sample)


def read(path: Path) -> bytes | None:
    """A file's content; None where it cannot be read, is too large, empty, or no text."""
    try:
        if path.stat().st_size > LARGEST_FILE:
            return None
        content = path.read_bytes()
    except OSError:
        return None
    return content if content and b"\0" not in content else None
