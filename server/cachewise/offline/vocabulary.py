"""Numbers for words: two bytes each, so that a large workspace fits into memory.

The first 65 000 words get numbers. Once most are given out, a word needs to be met twice, since a word that occurs once
helps nobody elsewhere. Words without a number are all the same unknown word. Not here: where words occur.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable

from cachewise.offline.words import LINE_ENDS

START, UNKNOWN = 0, len(LINE_ENDS) + 1
"""Numbers of the file's beginning and of every word without a number; those of line ends lie between."""
LIMIT = 65_000
_GENEROUS = 40_000
_FILTER_BITS = 1 << 22
_HEAD = 3


class Vocabulary:
    """Words and their numbers. Only grows; a new index begins with a new one."""

    def __init__(self, limit: int = LIMIT) -> None:
        self.texts: list[str] = ["", *LINE_ENDS, ""]
        self._limit = min(limit, LIMIT)
        self._generous = self._limit * _GENEROUS // LIMIT
        self._numbers = {text: number for number, text in enumerate(self.texts) if text}
        self._by_head: dict[str, list[int]] = {}
        self._met: bytearray | None = None
        self._bytes = 0

    def __len__(self) -> int:
        return len(self.texts)

    def __contains__(self, text: object) -> bool:
        return text in self._numbers

    @property
    def memory_bytes(self) -> int:
        """An estimate: texts as Python keeps them, and the tables over them."""
        return self._bytes + len(self._met or b"")

    def number(self, text: str) -> int:
        """The word's number, or `UNKNOWN`."""
        return self._numbers.get(text, UNKNOWN)

    def learn(self, texts: Iterable[str]) -> list[int]:
        """The numbers of words, with new ones for those that deserve one."""
        known = self._numbers
        out = []
        for text in texts:
            number = known.get(text)
            if number is None:
                number = self._admit(text)
            out.append(number)
        return out

    def beginning_with(self, head: str) -> list[int]:
        """The numbers of all words that begin so. Empty where the beginning is too short to say much."""
        if len(head) < _HEAD:
            return []
        texts = self.texts
        return [number for number in self._by_head.get(head[:_HEAD], ()) if texts[number].startswith(head)]

    def _admit(self, text: str) -> int:
        count = len(self.texts)
        if count >= self._limit:
            return UNKNOWN
        if count >= self._generous and not self._met_before(text):
            return UNKNOWN
        self.texts.append(text)
        self._numbers[text] = count
        self._by_head.setdefault(text[:_HEAD], []).append(count)
        self._bytes += 60 + len(text.encode("utf-8", "surrogatepass")) + 100
        return count

    def _met_before(self, text: str) -> bool:
        if self._met is None:
            self._met = bytearray(_FILTER_BITS // 8)
        bit = zlib.crc32(text.encode("utf-8", "surrogatepass")) % _FILTER_BITS
        mask = 1 << (bit & 7)
        met = bool(self._met[bit >> 3] & mask)
        self._met[bit >> 3] |= mask
        return met
