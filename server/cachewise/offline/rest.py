"""A guess beside text that already stands behind the cursor, so that nothing is written twice.

Not here: making the guess, and the lines below.
"""

from __future__ import annotations

_PAIRS = {")": "(", "]": "[", "}": "{"}
_QUOTES = "'\"`"


def fitted(guess: str, before: str, rest: str) -> str:
    """The part of the guess that is not there yet; empty where nothing can be inserted.

    Args:
        guess: what was guessed for an empty rest of the line.
        before: the line before the cursor.
        rest: the line behind the cursor.
    """
    rest = rest.strip()
    if not rest:
        return guess.rstrip()
    if _is_word(rest[0]):
        return ""
    if rest in guess and rest not in _PAIRS and rest not in _QUOTES:
        return guess[: guess.index(rest)].rstrip()
    if rest[0] in _PAIRS:
        guess = guess[: _unpaired(guess, rest[0])]
    elif rest[0] in _QUOTES and before.count(rest[0]) % 2:
        guess = guess.partition(rest[0])[0]
    else:
        guess = guess[: len(guess) - _overlap(guess, rest)]
    return guess.rstrip()


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"


def _unpaired(guess: str, closing: str) -> int:
    """Where the guess closes what it did not open, with this bracket; else its length."""
    depth = 0
    for at, character in enumerate(guess):
        if character == _PAIRS[closing]:
            depth += 1
        elif character == closing:
            if not depth:
                return at
            depth -= 1
    return len(guess)


def _overlap(guess: str, rest: str) -> int:
    """How many characters at the guess's end are the rest's beginning."""
    return next((size for size in range(min(len(guess), len(rest)), 0, -1) if guess.endswith(rest[:size])), 0)
