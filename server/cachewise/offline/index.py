"""The workspace as the built-in completer knows it: files taken apart, added, replaced and removed.

Not here: reading files (`indexer.py` asks its caller to), and what is made of it all (`complete.py`).
"""

from __future__ import annotations

import sys
import zlib
from bisect import bisect_right, insort
from collections.abc import Generator, Iterator, Sequence

from cachewise.offline.chains import LONGEST, Chains
from cachewise.offline.papers import Papers
from cachewise.offline.vocabulary import Vocabulary
from cachewise.offline.words import comment_marks, family, indentation, is_data, line_end, words

_FEWEST_SLOTS, _MOST_SLOTS = 1 << 16, 1 << 21
_BYTES_PER_SLOT = 30
_WASTE = 0.25
"""Share of words of removed files from which on the index should be rebuilt."""
_LINES = 200
"""Lines between two pauses, while a file is taken apart."""
_NAME = 250
"""Bytes that a file costs beside its words and its name's characters."""
_OPEN = 12
"""Open documents that are searched; the one changed last comes first."""


class Index:
    """Files and their words. One thread may change it while another one completes.

    Args:
        expected_bytes: how much text will come, for the size of the tables; a poor guess costs speed and some finds.
    """

    def __init__(self, expected_bytes: int = 0) -> None:
        self._slots = _FEWEST_SLOTS
        while self._slots < _MOST_SLOTS and self._slots * _BYTES_PER_SLOT < expected_bytes:
            self._slots *= 2
        self.vocabulary = Vocabulary()
        self.papers = Papers(self.vocabulary)
        self._chains = Chains(self._slots)
        self._spans: dict[str, tuple[int, int]] = {}
        self._gone: list[tuple[int, int]] = []
        self._gone_words = 0
        self._name_bytes = 0
        self._open: dict[str, str] = {}
        self._entering: tuple[str, int] | None = None
        """The file that is being added, and the place where it begins."""

    def __contains__(self, name: object) -> bool:
        return name in self._spans

    def __len__(self) -> int:
        return len(self._spans)

    @property
    def memory_bytes(self) -> int:
        """An estimate of all that is held here, open documents included."""
        opened = sum(2 * len(text) + _NAME for text in tuple(self._open.values()))
        files = self._name_bytes + opened
        return self._chains.memory_bytes + self.vocabulary.memory_bytes + self.papers.memory_bytes + files

    @property
    def wasteful(self) -> bool:
        """Whether so much was removed or replaced that `compacting` is worth its time."""
        return self._gone_words > _WASTE * len(self._chains) and self._gone_words > 10_000

    def add(self, name: str, text: str) -> None:
        """Take a file in, in place of what it was before. The name's ending says what language it is in."""
        for _ in self.adding(name, text):
            pass

    def adding(self, name: str, text: str) -> Generator[None, None, None]:
        """The same, with a pause every one or two milliseconds. Given up half-way, nothing of the file is found."""
        self.remove(name)
        numbers: list[int] = []
        for part in _parts(text, comment_marks(name)):
            numbers += self.vocabulary.learn(part)
            yield
        start = len(self._chains)
        whole = False
        self._entering = name, start
        try:
            yield from self._chains.enter(numbers, salt(name))
            whole = True
        finally:
            span = (start, len(self._chains))
            if whole:
                self._spans[name] = span
                self._name_bytes += len(name) + _NAME
            else:
                self._bury(span)
            self._entering = None

    def remove(self, name: str) -> None:
        """Forget a file. Nothing of it is found any more; its memory is free after `compacting`."""
        span = self._spans.pop(name, None)
        if span is not None:
            self._name_bytes -= len(name) + _NAME
            self._bury(span)

    def compact(self) -> None:
        """Free what removed files held."""
        for _ in self.compacting():
            pass

    def compacting(self) -> Iterator[None]:
        """The same with pauses. No file may be added or removed meanwhile; completing goes on with the old state."""
        chains = Chains(self._slots)
        spans: dict[str, tuple[int, int]] = {}
        for name, (first, last) in self._spans.items():
            start = len(chains)
            yield from chains.enter(self._chains.read(first + LONGEST, last), salt(name))
            spans[name] = (start, len(chains))
        self._chains, self._spans, self._gone, self._gone_words = chains, spans, [], 0

    def open(self, name: str, text: str) -> None:
        """Note an open document's present text. It is searched as it stands, and its file is not any more."""
        self._open.pop(name, None)
        self._open[name] = text

    def close(self, name: str) -> None:
        """Forget an open document; its file as it was last added is searched again."""
        self._open.pop(name, None)

    def opened(self, name: str, language: str) -> list[str]:
        """The other open documents of the language, as papers, the one changed last first."""
        kin, comments = family(language), comment_marks(language)
        others = [other for other in reversed(self._open) if other != name and family(other) == kin]
        return [self.papers.paper(self._open[other], comments) for other in others[:_OPEN]]

    def follow(self, context: Sequence[int], language: str, name: str) -> list[tuple[int, int, int]]:
        """Where the context stood in files that are not open, and not of this name: see `Chains.follow`."""
        found = self._chains.follow(context, salt(language))
        # Only now: what has been entered meanwhile is among the files by now, or being added.
        names, entering = {name, *self._open}, self._entering
        hidden = [span for span in map(self._spans.get, names) if span]
        if entering is not None and entering[0] in names:
            hidden.append((entering[1], sys.maxsize))
        gone = sorted({*self._gone, *hidden}) if hidden else self._gone
        return [match for match in found if not _within(gone, match[2])] if gone else found

    def _bury(self, span: tuple[int, int]) -> None:
        insort(self._gone, span)
        self._gone_words += span[1] - span[0]


def salt(name: str) -> int:
    """One number for all languages that are compared: of a language's or a file's name."""
    return zlib.crc32(family(name).encode("utf-8", "surrogatepass"))


def _within(spans: list[tuple[int, int]], place: int) -> bool:
    at = bisect_right(spans, place, key=lambda span: span[0])
    return at > 0 and spans[at - 1][1] > place


def _parts(text: str, comments: tuple[str, ...]) -> Iterator[list[str]]:
    """All words of a text with the line ends between them and one in front, some lines at a time."""
    out: list[str] = []
    before, empty = 0, False
    for count, line in enumerate(text.split("\n"), 1):
        bare = line.strip()
        if not bare:
            empty = True
        elif not bare.startswith(comments) and not is_data(found := words(bare)):
            indent = indentation(line)
            out.append(line_end(before, indent, empty=empty))
            out += found
            before, empty = indent, False
        if not count % _LINES:
            yield out
            out = []
    yield out
