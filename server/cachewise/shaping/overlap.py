"""Takes out of a suggestion what the document already has behind the cursor and in the lines below.

Where a piece could be read both ways, as a repetition or as meant, the reading that leaves fewer brackets and quotes
without a partner wins, and repetition wins a tie.
Not here: the text before the cursor (`repeats.py`), and where a suggestion ends for other reasons (`stop.py`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from cachewise.shaping.brackets import CLOSERS, imbalance, quotes_of, unmatched_closers
from cachewise.shaping.indent import width
from cachewise.shaping.place import Place
from cachewise.shaping.trim import joins

_SUBSTANCE = 6
"""A line with fewer characters (`}`, `end`, `pass`) may stand twice by right."""


def without_rest(text: str, place: Place) -> tuple[str, bool]:
    """The text without what follows the cursor in its line, and whether all of that was at its end."""
    rest = place.rest.rstrip(" \t")
    if place.ends_line:
        return _without_closed_block(text, place), False
    lines = text.split("\n")
    if place.closing_tag:
        for number, line in enumerate(lines[1:], 1):
            body = line.lstrip(" \t")
            if body.startswith(rest) and width(line) <= width(place.prefix):
                return "\n".join((*lines[:number], line[: len(line) - len(body)])), True
        del lines[1:]  # deeper ones close what the suggestion opens
    whole = [number for number, line in enumerate(lines) if line.rstrip(" \t").endswith(rest)]
    readings: list[str] = []
    for number in dict.fromkeys(whole[:1] + whole[-1:]):
        line = lines[number].rstrip(" \t")
        readings.append("\n".join((*lines[:number], line[: len(line) - len(rest)])))
    quotes = quotes_of(place.language)
    closes = rest[0] in CLOSERS or rest[0] in quotes
    if readings and (not closes or re.search(r"\w", rest)):
        return readings[0], True
    if readings and imbalance(place.prefix + readings[0] + place.rest, place.language) == 0:
        return readings[0], True
    complete = len(readings)
    partial = _partial_rest(text, rest)
    if partial is not None:
        readings.append(partial)
    readings.append(text)
    if rest[0] in CLOSERS:
        readings.extend(text[:at] for at in unmatched_closers(text, place.language)[:1] if text[at] == rest[0])
    elif rest[0] in quotes and rest[0] in text:
        readings.append(text[: text.index(rest[0])])
    if len(readings) == 1:
        return text, False
    scores = [imbalance(place.around(reading), place.language) for reading in readings]
    best = scores.index(min(scores))
    return readings[best], best < complete


def _partial_rest(text: str, rest: str) -> str | None:
    """The text without a beginning of `rest` that it ends with, if that is more than a coincidence."""
    for size in range(min(len(rest) - 1, len(text)), 0, -1):
        if not text.endswith(rest[:size]) or joins(rest[size]):
            continue
        piece = rest[:size].strip()
        at_boundary = not (re.match(r"\w", rest[size]) and re.search(r"\w\Z", piece))
        if piece and at_boundary and (len(re.findall(r"\w", piece)) > 2 or not re.search(r"[\w\s]", piece)):
            return text[: len(text) - size]
    return None


def _without_closed_block(text: str, place: Place) -> str:
    """The text without closing brackets at its end that the line below already has."""
    below = next((line.lstrip(" \t") for line in place.below if line.strip()), "")
    while text and text[-1] == below[:1] and below[:1] in CLOSERS:
        shorter = text[:-1].rstrip(" \t\n")
        if imbalance(place.around(shorter), place.language) >= imbalance(place.around(text), place.language):
            break
        text = shorter
    return text


def stands_below(lines: Sequence[str], place: Place, *, complete: bool) -> int | None:
    """The number of the first line from which on the suggestion says what the lines below the cursor say.

    Args:
        lines: The suggestion's lines; the first one continues the cursor's line.
        place: Where it goes.
        complete: Whether no more lines come.
    """
    below = place.written_below
    if not below:
        return None
    full = [place.prefix + lines[0] + place.rest, *lines[1:]]
    for number, line in enumerate(full):
        if line.rstrip(" \t") != below[0] or (number == 0 and not place.ends_line):
            continue
        same = wanted = 0
        for own in full[number:]:
            if not own.strip():
                continue
            wanted += 1
            if same < len(below) and same == wanted - 1 and own.rstrip(" \t") == below[same]:
                same += 1
        substantial = len(line.strip()) >= _SUBSTANCE and bool(re.search(r"\w", line))
        if not (substantial or (number and (same > 1 or (complete and same == wanted)))):
            continue
        if substantial or not _needed(lines, number, place):
            return number
    return None


def _needed(lines: Sequence[str], number: int, place: Place) -> bool:
    """Whether closing lines that look like those below are the suggestion's own."""
    kept = imbalance(place.around("\n".join(lines)), place.language)
    return kept < imbalance(place.around("\n".join(lines[:number])), place.language)
