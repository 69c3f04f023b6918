"""Brackets, quotes, tags and blocks that an editor closes by itself, while somebody types through a suggestion.

Who types the bracket of `print(total)` has `print(` before the cursor and `)` behind it. The suggestion still fits:
what is left of it goes between. Not here: closers that stood there before (`overlap.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

MOST = 40
"""Characters that an editor may have put behind the cursor, white space between closers included."""

_CLOSERS = {"(": ")", "[": "]", "{": "}", '"': '"', "'": "'", "`": "`"}
_QUOTES = frozenset("\"'`")
_APOSTROPHE = re.compile(r"[^\W_]|[<&]")
"""What stands before a single quote that opens nothing, as in a lifetime of Rust."""


def closes(typed: str, behind: str) -> bool:
    """Whether an editor may have put `behind` there while `typed` was typed: it closes what is open, and no more.

    White space alone is what it puts there where a line is begun between braces.
    """
    marks = [character for character in behind if not character.isspace()]
    if not marks or len(behind) > MOST:
        return not marks and "\n" in typed and "\n" in behind
    *_, (_, waits) = [(0, ()), *_walk(typed)]
    wanted = iter(reversed(waits))
    return all(mark in wanted for mark in marks)  # an editor does not close each of them


def left_of(text: str, typed: str, behind: str) -> str | None:
    """What is left of a suggestion to go between what was typed and what is new behind the cursor.

    '' where it only goes on behind that; None where it does not fit.
    """
    if not text.startswith(typed):
        return None
    left = text[len(typed) :]
    return between(left, behind) if left.endswith(behind) or closes(typed, behind) else None


def between(left: str, behind: str) -> str:
    """What of the rest of a suggestion goes in front of such closers; with them it reads as the suggestion does.

    Where it goes on behind them, only what comes before: the rest fits again once the cursor is there.
    """
    if left.endswith(behind):
        return left[: len(left) - len(behind)]
    mark = behind.lstrip()[:1]
    inside = left if mark not in _QUOTES else mark + left
    end = len(left)
    before: tuple[str, ...] = ()
    for at, waits in _walk(inside):
        if mark in _QUOTES and not waits:
            end = at - 1  # `inside` has a quote more
            break
        if not before and not waits and inside[at] == mark:
            end = at
            break
        before = waits
    return left[:end].rstrip() if behind[:1].isspace() else left[:end]


def _walk(text: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Each place of a text, and the closers that are awaited behind its character, the outermost first."""
    waits: tuple[str, ...] = ()
    escaped = False
    for at, character in enumerate(text):
        quoted = bool(waits) and waits[-1] in _QUOTES
        if escaped:
            escaped = False
        elif waits and character == waits[-1]:
            waits = waits[:-1]
        elif quoted:
            escaped = character == "\\"
        elif character in _CLOSERS and not (character == "'" and _APOSTROPHE.match(text[max(0, at - 1) : at])):
            waits = (*waits, _CLOSERS[character])
        yield at, waits
