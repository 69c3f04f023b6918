"""The import statements of one document, read again only when an edit can have changed them.

A document changes with each key, and hardly a key concerns an import. What does is found by the lines that an edit
changed: they have the word of an import statement, begin or end what goes on over lines (a string, a comment), or
belong to a statement whose brackets are open. Not here: what an import statement is (`syntax/`).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar, cast

from cachewise.context.differences import common
from cachewise.syntax.keywords import DELIMITERS, family, last_keyword, region, within_statement

_MOST = 500
"""No more than a document written by people has."""
_Found = TypeVar("_Found", bound=Hashable)


class Statements:
    """What a document was found to import, and in which text."""

    def __init__(self) -> None:
        self._language = ""
        self._text = ""
        self._end = 0
        """Where the part of the text ends that can have imports."""
        self._found: tuple[Hashable, ...] = ()

    def of(self, text: str, language: str, scan: Callable[[str], Iterable[_Found]]) -> tuple[_Found, ...]:
        """Each import once, in order, as `scan` finds them, which is always the same for a language."""
        if language != self._language or self._concerned(text):
            self._end = region(text, language)
            self._found = tuple(itertools.islice(dict.fromkeys(scan(text)), _MOST))
        self._language, self._text = language, text
        return cast("tuple[_Found, ...]", self._found)

    def _concerned(self, text: str) -> bool:
        """Whether the change to a text can have changed its imports; moves the end of the part that can have some."""
        old = self._text
        if text == old:
            return False
        limit = min(len(old), len(text))
        head = common(old, text, limit, from_end=False)
        tail = min(common(old, text, limit, from_end=True), limit - head)
        start = old.rfind("\n", 0, head) + 1
        before = old[start : _line_end(old, len(old) - tail)]
        after = text[start : _line_end(text, len(text) - tail)]
        known = family(self._language)
        if any(last_keyword(line, known, 0, len(line)) >= 0 for line in (before, after)):
            return True
        if start >= self._end:
            return False
        self._end += len(text) - len(old)
        if any(before.count(mark) != after.count(mark) for mark in DELIMITERS[known]):
            return True
        return within_statement(old, start, known)


def _line_end(text: str, offset: int) -> int:
    end = text.find("\n", offset)
    return len(text) if end < 0 else end
