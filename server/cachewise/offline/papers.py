"""Open documents: searched as they stand, without an index, so that an edit costs nothing.

A document becomes a paper, a string with one character for each word. Where a context stood before is found by
searching that string from its end. Not here: the workspace's other files.
"""

from __future__ import annotations

from collections.abc import Iterable

from cachewise.offline.chains import LONGEST
from cachewise.offline.vocabulary import UNKNOWN, Vocabulary
from cachewise.offline.words import indentation, line_end, words

NEAR = 96
"""Places looked at for one context; fewer for longer ones, which are rarer and better."""
_ORDERS = (4, 2, 1)
_STRANGE = 0x10000
"""Characters from here on are words of open documents that the workspace has no number for."""
_MOST_STRANGE = 200_000
_MOST_LINES = 50_000
_MOST_PAPERS = 16

Match = tuple[int, int, int]
"""How many words of context agree, the number that followed, and how many words back that was."""


class Papers:
    """Makes papers, and keeps what it made for the lines that it saw."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._known = 0
        self._lines: dict[str, str] = {}
        self._made: dict[tuple[str, tuple[str, ...], int], tuple[str, int]] = {}
        self._strange: dict[str, int] = {}
        self._strange_texts: list[str] = []

    @property
    def memory_bytes(self) -> int:
        """An estimate."""
        made = sum(len(text) + 4 * len(paper) for (text, *_), (paper, _) in tuple(self._made.items()))
        return made + 220 * len(self._lines) + 250 * len(self._strange)

    def text(self, number: int) -> str:
        """The word of a number."""
        return self._strange_texts[number - _STRANGE] if number >= _STRANGE else self._vocabulary.texts[number]

    def number(self, text: str) -> int:
        """The number of a word; a new one if it has none.

        One that got its own here keeps it up to the next `refresh`, also where the workspace has learned it meanwhile.
        """
        number = self._strange.get(text, UNKNOWN)
        if number == UNKNOWN:
            number = self._vocabulary.number(text)
        if number == UNKNOWN and len(self._strange) < _MOST_STRANGE:
            number = self._strange[text] = _STRANGE + len(self._strange)
            self._strange_texts.append(text)
        return number

    def refresh(self) -> None:
        """Forget what was made with numbers that are out of date. To be called before a completion begins."""
        vocabulary = self._vocabulary
        full = len(self._strange) >= _MOST_STRANGE
        if full or (len(vocabulary) != self._known and any(text in vocabulary for text in self._strange_texts)):
            self._lines, self._made, self._strange, self._strange_texts = {}, {}, {}, []
        self._known = len(vocabulary)

    def paper(self, text: str, comments: tuple[str, ...]) -> str:
        """The text as a paper."""
        return self.paper_and_indent(text, comments)[0]

    def paper_and_indent(self, text: str, comments: tuple[str, ...], indent: int = 0) -> tuple[str, int]:
        """The text as a paper, and the indentation of its last line.

        Args:
            text: the text.
            comments: what lines that are left out begin with.
            indent: of the line before it.
        """
        key = (text, comments, indent)
        made = self._made.pop(key, None)
        if made is None:
            made = self._make(text, comments, indent)
            while len(self._made) >= _MOST_PAPERS:
                del self._made[next(iter(self._made))]
        self._made[key] = made
        return made

    def line(self, bare: str) -> str:
        """One line without its indentation, as a paper without a line end."""
        paper = self._lines.get(bare)
        if paper is None:
            if len(self._lines) >= _MOST_LINES:
                self._lines.clear()
            paper = self._lines[bare] = "".join([chr(self.number(word)) for word in words(bare)])
        return paper

    def _make(self, text: str, comments: tuple[str, ...], before: int) -> tuple[str, int]:
        out: list[str] = []
        empty = False
        for line in text.split("\n"):
            bare = line.strip()
            if not bare:
                empty = True
            if not bare or bare.startswith(comments):
                continue
            indent = indentation(line)
            out.append(chr(self._vocabulary.number(line_end(before, indent, empty=empty))))
            out.append(self.line(bare))
            before, empty = indent, False
        return "".join(out), before


def stood(paper: str, context: str) -> list[Match]:
    """Where the context stood in the paper before: places with more words in common first, then nearer ones."""
    found: list[Match] = []
    seen: set[int] = set()
    for order in _ORDERS:
        if len(context) < order:
            continue
        tail, limit = context[-order:], len(paper)
        for _ in range(NEAR // order + NEAR // 4):
            at = paper.rfind(tail, 0, limit)
            if at < 0:
                break
            limit, place = at + order - 1, at + order
            if place < len(paper) and place not in seen:
                seen.add(place)
                found.append((_agree(paper, place, context, order), ord(paper[place]), len(paper) - place))
    return found


def followed(paper: str, context: str, numbers: Iterable[int]) -> list[Match]:
    """The same, only for places where one of the numbers followed the context's last word."""
    found: list[Match] = []
    for number in numbers:
        tail, limit = context[-1:] + chr(number), len(paper)
        for _ in range(NEAR // 3):
            at = paper.rfind(tail, 0, limit)
            if at < 0:
                break
            limit, place = at + 1, at + 1
            found.append((_agree(paper, place, context, 1), number, len(paper) - place))
    return found


def _agree(paper: str, place: int, context: str, agree: int) -> int:
    most = min(LONGEST, place, len(context))
    while agree < most and paper[place - 1 - agree] == context[-1 - agree]:
        agree += 1
    return agree
