"""A recording of typing as single keys on a clock, and a model whose answers are known beforehand.

The recording's times are to the second, so the keys of one second are spread evenly over it. The model is a stand-in:
at each place where a word begins it is, by a fixed draw, either right, and then writes what the person did type there,
or it continues with text of the document itself. All that are compared ask the same model.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from bench.recordings import Recording, applied

from cachewise.simulator.continuation import continue_text

RIGHT = 0.5
"""The share of places where the model is right."""
_AHEAD = 160
"""Keys that count as one stretch of typing at most: what the model may know."""
_LONGEST = 600
"""Characters of an answer."""


@dataclass(frozen=True, slots=True)
class State:
    """The document when a key has been struck."""

    time: float
    text: str
    cursor: int


def states(recording: Recording, first: int, count: int) -> list[State]:
    """So many states from the `first` one on; times start at 0."""
    seconds = Counter(int(time) for time, _ in recording.edits)
    text, at, place = recording.start, -1, 0
    found: list[State] = []
    for time, patches in recording.edits[: first + count]:
        place = place + 1 if int(time) == at else 0
        at = int(time)
        text = applied(text, patches)
        cursor = patches[-1].position + len(patches[-1].inserted) if patches else found[-1].cursor if found else 0
        found.append(State(at + place / seconds[at], text, cursor))
    part = found[first:]
    return [State(state.time - part[0].time, state.text, state.cursor) for state in part]


class Model:
    """What the model answers at each state of a recording, and elsewhere."""

    def __init__(self, sequence: Sequence[State], right: float = RIGHT) -> None:
        self._states = sequence
        self._right = right
        self._index = {(state.text, state.cursor): at for at, state in enumerate(sequence)}
        self._answers: dict[tuple[str, int], str] = {}

    def answer(self, text: str, cursor: int) -> str:
        """The whole answer at a place; the same each time."""
        known = self._answers.get((text, cursor))
        if known is None:
            known = self._answers[text, cursor] = self._answer(text, cursor)
        return known

    def reaches(self, at: int, outcome: str) -> int | None:
        """The state behind `at` in which the document is what accepting leads to; None where it never is."""
        for later in range(at + 1, min(at + _AHEAD, len(self._states))):
            if self._states[later].text == outcome:
                return later
        return None

    def _answer(self, text: str, cursor: int) -> str:
        before, after = text[:cursor], text[cursor:]
        at = self._index.get((text, cursor))
        if at is not None and self._knows(before):
            typed = self._typed(at, before, after)
            if typed:
                return typed[:_LONGEST]
        return continue_text(before[-6000:], after[:3000], [])[:_LONGEST]

    def _knows(self, before: str) -> bool:
        word = re.search(r"\w*\Z", before)
        start = before[-400 : len(before) - len(word[0] if word else "")]
        draw = int.from_bytes(hashlib.blake2b(start.encode(), digest_size=4).digest(), "big") / 2**32
        return draw < self._right

    def _typed(self, at: int, before: str, after: str) -> str:
        """The longest text that stood between the two before the person went elsewhere."""
        longest = ""
        for state in self._states[at + 1 : at + _AHEAD]:
            text = state.text
            if len(text) < len(before) + len(after) or not (text.startswith(before) and text.endswith(after)):
                break
            between = text[len(before) : len(text) - len(after)]
            longest = max(longest, between, key=len)
        return longest
