"""A suggestion for the rest of the line, cut where it stops being trustworthy.

Pure: the same index and text give the same guess. Not here: when to ask, and how a guess is shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from cachewise.offline.confidence import calibrated, probabilities, signs
from cachewise.offline.evidence import END, candidates
from cachewise.offline.index import Index
from cachewise.offline.rest import fitted
from cachewise.offline.scene import Scene, current_line, scene

SHOW = 0.5
"""Least product of probabilities for a suggestion to be shown at all, before calibration."""
EXTEND = 0.65
"""Least product for the words behind what is enough to be shown."""
LEAST = 3
"""Fewest characters worth showing, blanks at the ends not counted."""
_MOST_STEPS = 40
_SLACK = 0.9
"""An offer may be a little surer than one before it, since part of a word is surer than the word."""
_PART = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=_)(?=[A-Za-z0-9])")


@dataclass(frozen=True, slots=True)
class Guess:
    """What may be the beginning of the rest of the line."""

    text: str
    """Never empty, never with a line end."""
    confidence: float
    """The share of such guesses that are right to their last character, from 0 to 1."""


@dataclass(frozen=True, slots=True)
class Offer:
    """Where a guess may be cut."""

    text: str
    product: float
    """How probable it is that all of the text is right, before calibration."""


def complete(
    index: Index, before: str, after: str, language: str, *, name: str = "", least: int = LEAST
) -> Guess | None:
    """What is likely to come at the cursor.

    Args:
        index: the workspace, with the other open documents.
        before: the document up to the cursor.
        after: the document behind the cursor.
        language: the editor's name of the language, or a file name's ending.
        name: the document's name in the index; its indexed state is not looked at.
        least: fewest characters worth showing.
    """
    start = scene(index, before, after, language, name)
    best = cut(offers(index, start), least)
    if best is None:
        return None
    text = fitted(best.text, before[before.rfind("\n") + 1 :], after.partition("\n")[0])
    return Guess(text, calibrated(best.product)) if len(text.strip()) >= least else None


def cut(found: Iterator[Offer], least: int = LEAST, show: float = SHOW, extend: float = EXTEND) -> Offer | None:
    """The longest offer that may be trusted."""
    best: Offer | None = None
    for offer in found:
        enough = best is not None and len(best.text.strip()) >= least
        needed = extend if enough else show
        if offer.product >= needed:
            best = offer
        elif offer.product < _SLACK * needed:
            break
    return best if best is not None and len(best.text.strip()) >= least else None


def offers(index: Index, start: Scene) -> Iterator[Offer]:
    """Every place where the likeliest rest of the line can be cut, the shortest first."""
    context, unfinished = start.context, start.unfinished
    text, product = "", 1.0
    text_of = index.papers.text
    for step in range(_MOST_STEPS):
        line = tuple(text_of(ord(word)).strip() for word in current_line(context))
        rated = [
            (*probabilities(signs(candidate, unfinished, line, step)), candidate)
            for candidate in candidates(index, start, context, unfinished)
        ]
        if not rated:
            return
        exact, begins, best = max(rated, key=lambda entry: entry[0])
        if best.number == END or not best.word.replace("\t", " ").isprintable():
            return
        whole = max(1.0, sum(entry[0] for entry in rated))
        for match in _PART.finditer(best.word, len(unfinished) + 1):
            part = best.word[len(unfinished) : match.start()]
            shared = sum(entry[0] for entry in rated if entry[2].piece.startswith(part))
            yield Offer(text + part, product * shared / whole)
        text += best.piece
        if best.piece:
            yield Offer(text, product * begins)
        product *= exact / whole
        context += chr(best.number)
        unfinished = ""
