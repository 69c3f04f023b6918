"""Where the user has been: the place last looked at or edited in each document, the latest document first.

What an editor asks about tells where its cursor is: completions, hovers and code actions carry a position, and so do
edits. A document that was closed is still a place where somebody was.
Not here: what of it becomes context (`context/gather.py`).
"""

from __future__ import annotations

_KEPT = 20


class Trail:
    """Documents and lines in them (from 0)."""

    def __init__(self) -> None:
        self._lines: dict[str, int] = {}

    def seen(self, uri: str, line: int) -> None:
        """The cursor is, or something has changed, in this line."""
        self._lines.pop(uri, None)
        self._lines[uri] = line
        if len(self._lines) > _KEPT:
            del self._lines[next(iter(self._lines))]

    def before(self, uri: str) -> tuple[tuple[str, int], ...]:
        """Other documents with the line where each was left, the latest first."""
        return tuple((other, line) for other, line in reversed(self._lines.items()) if other != uri)
