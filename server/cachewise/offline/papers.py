"""Open documents: searched as they stand, without an index, so that an edit costs nothing.

A document is a string with one character for each word; where a context stood before is found by searching that
string from its end. Not here: the workspace's other files.
"""

from __future__ import annotations

from collections.abc import Iterable

from cachewise.offline.chains import LONGEST
from cachewise.offline.vocabulary import UNKNOWN, Vocabulary
from cachewise.offline.words import indentation, line_end, words

_STRANGE = 0x10000
_MOST_STRANGE = 200_000
_MOST_LINES = 50_000
NEAR = 96


class Papers:
    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._lines: dict[str, str] = {}
        self._strange: dict[str, int] = {}
        self._strange_texts: list[str] = []

    def text(self, number: int) -> str:
        if number >= _STRANGE:
            return self._strange_texts[number - _STRANGE]
        return self._vocabulary.texts[number]

    def number(self, text: str) -> int:
        number = self._vocabulary.number(text)
        if number != UNKNOWN:
            return number
        number = self._strange.get(text, 0)
        if not number:
            if len(self._strange) >= _MOST_STRANGE:
                return UNKNOWN
            number = _STRANGE + len(self._strange)
            self._strange[text] = number
            self._strange_texts.append(text)
        return number

    def encode_line(self, bare: str) -> str:
        code = self._lines.get(bare)
        if code is None:
            if len(self._lines) >= _MOST_LINES:
                self._lines.clear()
            code = self._lines[bare] = "".join([chr(self.number(word)) for word in words(bare)])
        return code

    def encode(self, text: str, before: int = 0) -> tuple[str, int, bool]:
        """The text as one character for each word, the last line's indentation, and whether empty lines end it."""
        out: list[str] = []
        empty = False
        for line in text.split("\n"):
            bare = line.strip()
            if not bare:
                empty = True
                continue
            indent = indentation(line)
            out.append(chr(self._vocabulary.number(line_end(before, indent, empty=empty))))
            out.append(self.encode_line(bare))
            before, empty = indent, False
        return "".join(out), before, empty


def stood(paper: str, context: str, most: int = NEAR) -> list[tuple[int, int, int]]:
    """Where the context stood in the paper before: how many words agree, and the number that followed.

    The places with three words in common come first, then those with one, the nearest to the end first.
    """
    found: list[tuple[int, int, int]] = []
    seen: set[int] = set()
    end = len(paper)
    for order in (4, 2, 1):
        tail = context[-order:]
        if len(tail) < order:
            continue
        limit, left = end, most // order + most // 4
        while left:
            at = paper.rfind(tail, 0, limit)
            if at < 0:
                break
            limit = at + order - 1
            place = at + order
            if place >= end or place in seen:
                continue
            seen.add(place)
            agree = order
            while agree < LONGEST and agree < place and agree < len(context) and paper[place - 1 - agree] == context[-1 - agree]:
                agree += 1
            found.append((agree, ord(paper[place]), end - place))
            left -= 1
    return found


def followed(paper: str, context: str, numbers: Iterable[int], most: int = 32) -> list[tuple[int, int, int]]:
    """The same, only for places that one of the numbers followed."""
    found: list[tuple[int, int, int]] = []
    end = len(paper)
    for number in numbers:
        tail = context[-1:] + chr(number)
        limit = end
        for _ in range(most):
            at = paper.rfind(tail, 0, limit)
            if at < 0:
                break
            limit = at + 1
            agree = 1
            while agree < LONGEST and agree <= at and agree < len(context) and paper[at - agree] == context[-1 - agree]:
                agree += 1
            found.append((agree, number, end - at - 1))
    return found
