"""The workspace as the built-in completer knows it: files taken apart, added, replaced and removed.

Not here: reading files (the caller does), open documents (`papers.py`), and what is made of it all (`complete.py`).
"""

from __future__ import annotations

import zlib
from bisect import bisect_right, insort
from collections.abc import Iterator

from cachewise.offline.chains import LONGEST, Chains
from cachewise.offline.papers import Papers
from cachewise.offline.vocabulary import UNKNOWN, Vocabulary
from cachewise.offline.words import family, indentation, line_end, words

_FEWEST_SLOTS = 1 << 16
_MOST_SLOTS = 1 << 22
_BYTES_PER_SLOT = 30
_WASTE = 0.25


def split(text: str) -> list[str]:
    """All words of a text, with line ends between and in front."""
    out: list[str] = []
    before, empty = 0, False
    for line in text.split("\n"):
        bare = line.strip()
        if not bare:
            empty = True
            continue
        indent = indentation(line)
        out.append(line_end(before, indent, empty=empty))
        out += words(bare)
        before, empty = indent, False
    return out


class Index:
    """Files and their words. All methods may be called from one thread while another one completes."""

    def __init__(self, expected_bytes: int = 0) -> None:
        slots = _FEWEST_SLOTS
        while slots < _MOST_SLOTS and slots * _BYTES_PER_SLOT < expected_bytes:
            slots *= 2
        self._slots = slots
        self.vocabulary = Vocabulary()
        self.chains = Chains(slots)
        self.papers = Papers(self.vocabulary)
        self._spans: dict[str, tuple[int, int]] = {}
        self._dead: list[tuple[int, int]] = []
        self._dead_words = 0

    def __contains__(self, name: object) -> bool:
        return name in self._spans

    def __len__(self) -> int:
        return len(self._spans)

    @property
    def memory_bytes(self) -> int:
        return self.chains.memory_bytes + self.vocabulary.memory_bytes + sum(200 + len(name) for name in self._spans)

    def add(self, name: str, text: str) -> None:
        """Take a file in, in place of what it was before."""
        for _ in self.adding(name, text):
            pass

    def adding(self, name: str, text: str) -> Iterator[None]:
        self.remove(name)
        start = len(self.chains) + LONGEST
        yield from self.chains.enter(self.vocabulary.learn(split(text)), salt(name))
        self._spans[name] = (start, len(self.chains))

    def remove(self, name: str) -> None:
        span = self._spans.pop(name, None)
        if span is not None:
            insort(self._dead, span)
            self._dead_words += span[1] - span[0]

    def follow(self, context: list[int], salt: int, hidden: str) -> list[tuple[int, int, int]]:
        found = self.chains.follow(context, salt)
        skip = self._dead
        span = self._spans.get(hidden)
        if span is not None:
            skip = sorted((*skip, span))
        if not skip:
            return found
        return [match for match in found if not _inside(skip, match[2])]


def salt(name: str) -> int:
    return zlib.crc32(family(name).encode())


def _inside(spans: list[tuple[int, int]], place: int) -> bool:
    at = bisect_right(spans, (place, _FAR))
    return at > 0 and spans[at - 1][1] > place


_FAR = 1 << 62
