"""How somebody types: what was done last to each document, and how long a pause tells that they have stopped to think.

Not here: what is asked for when they have (`complete.py`, `triggers.py`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cachewise.features.triggers import Edit
from cachewise.session.documents import Change

LONGEST_GAP = 1.0
"""Seconds between two edits from which on the second one begins something new and tells nothing about the rhythm."""
BEHIND_DELETION = 0.5
"""Seconds to wait at least behind a deletion: mostly more is deleted, or something else is typed at once."""
_PAUSE = 1.5
"""A pause is so many times the usual time between two keys."""
_TAIL = 1 / 3
"""Of the ceiling: for a hand so slow that the ceiling passes between any two keys, and waiting for it tells nothing."""
_WEIGHT = 0.2
"""Of the newest gap in what is usual."""


@dataclass(slots=True)
class _Hand:
    last: Edit = "none"
    at: float = 0.0
    usual: float | None = None
    """Seconds between two keys; None before there were any."""


class Typing:
    """The rhythm of each open document. `clock` counts seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._hands: dict[str, _Hand] = {}

    def edited(self, uri: str, changes: Sequence[Change]) -> None:
        """A document was edited."""
        now = self._clock()
        hand = self._hands.setdefault(uri, _Hand())
        gap = now - hand.at
        if hand.last != "none" and gap < LONGEST_GAP:
            hand.usual = gap if hand.usual is None else hand.usual + _WEIGHT * (gap - hand.usual)
        hand.at = now
        whole_text = any(change.range is None for change in changes)  # which tells nothing about what was done
        deleted = bool(changes) and not whole_text and not any(change.text for change in changes)
        hand.last = "deleted" if deleted else "typed"

    def accepted(self, uri: str) -> None:
        """A suggestion was taken into a document in whole."""
        hand = self._hands.get(uri)
        if hand is not None:
            hand.last = "accepted"

    def last(self, uri: str) -> Edit:
        """What was done to a document last."""
        hand = self._hands.get(uri)
        return "none" if hand is None else hand.last

    def pause(self, uri: str, ceiling: float) -> float:
        """Seconds to wait from now on until it is clear that no key follows: at most `ceiling` after the last one.

        What has passed since the last key counts. Long after it the cursor was moved, and moves have no rhythm.
        Behind a deletion the ceiling is `BEHIND_DELETION` if that is more, and all of it is waited for.
        """
        hand = self._hands.get(uri)
        passed = LONGEST_GAP if hand is None else self._clock() - hand.at
        if hand is None or passed >= LONGEST_GAP:
            return ceiling
        if hand.last == "deleted":
            return max(0.0, max(ceiling, BEHIND_DELETION) - passed)
        if hand.usual is None:
            enough = ceiling
        elif hand.usual < ceiling:
            enough = min(ceiling, _PAUSE * hand.usual)
        else:
            enough = _TAIL * ceiling
        return max(0.0, enough - passed)

    def forget(self, uri: str) -> None:
        """Drop what is remembered of a document, as when it closes."""
        self._hands.pop(uri, None)
