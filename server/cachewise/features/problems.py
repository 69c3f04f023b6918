"""What other language servers have found near the cursor, as far as the editor has told of it.

A server does not receive the diagnostics of others. Editors hand those of the cursor's place over when they ask for
code actions, most of them with each move of the cursor; the last ones are kept here. A problem counts for as long as
the line that it was found in stands near the cursor, so one that was mended is told of no more.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cachewise.features.suggestions import Cursor

_NEAR = 8
"""Lines above and below the cursor."""
_FAR = 4_000
"""Characters before and behind it that are looked at for them."""
_KEPT = 20
_TOLD = 3
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Problem:
    """One diagnostic."""

    line: str
    """The text of the line at which it begins."""
    message: str


class Problems:
    """The problems that were last seen in each document, the newest last."""

    def __init__(self) -> None:
        self._documents: dict[str, list[Problem]] = {}

    def seen(self, uri: str, lines: Iterable[str], found: Iterable[Problem]) -> None:
        """The editor has told what is wrong in these lines of a document, and so, of which there is nothing more."""
        found = [problem for problem in found if problem.line.strip()]  # an empty line is like any other
        looked_at = {*lines, *(problem.line for problem in found)}
        kept = [problem for problem in self._documents.pop(uri, ()) if problem.line not in looked_at]
        if kept or found:
            self._documents[uri] = [*kept, *found][-_KEPT:]

    def near(self, cursor: Cursor) -> tuple[str, ...]:
        """What is wrong near the cursor, the latest first, each with the number of its line now (from 1)."""
        known = self._documents.get(cursor.uri)
        if not known:
            return ()
        text, end = cursor.text, cursor.end
        before = text[max(0, end - _FAR) : end].split("\n")[-_NEAR - 1 :]
        after = text[end : end + _FAR].split("\n")[: _NEAR + 1]
        lines = [line.rstrip("\r") for line in (*before[:-1], before[-1] + after[0], *after[1:])]
        first = text.count("\n", 0, end) - len(before) + 2
        return tuple(
            f"line {first + lines.index(problem.line)}: {' '.join(problem.message.split())[:_LONGEST]}"
            for problem in reversed(known)
            if problem.line in lines
        )[:_TOLD]

    def forget(self, uri: str) -> None:
        """Drop what is known of a document, as when it closes."""
        self._documents.pop(uri, None)
