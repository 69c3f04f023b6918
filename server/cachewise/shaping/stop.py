"""Where a suggestion ends: found while it streams, so that nothing more is asked for or paid.

Not here: cutting what is left to fit the document (`fit.py`), and closing the stream (`features/complete.py`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from cachewise.shaping.blocks import block_end
from cachewise.shaping.fences import code_span
from cachewise.shaping.indent import settled
from cachewise.shaping.overlap import stands_below
from cachewise.shaping.place import Place
from cachewise.shaping.repeats import repeated_before, still_repeating
from cachewise.shaping.trim import cleaned

Multiline = Literal["auto", "never", "always"]
Reason = Literal["line", "block", "repeated", "below", "fence", "length"]
MAX_LINES = 40
MAX_CHARS = 6000
_CYCLE = 3
"""Lines at most that count as one repeated piece."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What a stream has come to."""

    text: str
    r"""The model's text so far with ``\n`` as line end, cut where the suggestion ends; `fit` makes it fit."""
    complete: str
    """The part of `text` that ends with a complete line: what may be shown meanwhile."""
    first_line: bool
    """Whether the first line that suggests something is complete: from now on there is something to show."""
    done: bool
    """Whether the suggestion has ended: what follows in the stream is not wanted."""
    reason: Reason | None = None
    """Why it has ended; None while it has not, and where the stream did."""


class StopRule:
    """Follows one stream. Feed it the deltas in order; after `done` it changes no more."""

    def __init__(
        self,
        before: str,
        after: str,
        *,
        multiline: Multiline,
        language: str,
        max_lines: int = MAX_LINES,
        max_chars: int = MAX_CHARS,
    ) -> None:
        self._place = Place.of(before, after, language)
        self._multiline: Multiline = multiline
        self._max_lines = max_lines
        self._max_chars = max_chars
        self._raw = ""
        self._last = Progress(text="", complete="", first_line=False, done=False)

    def feed(self, delta: str) -> Progress:
        """Take some more text and say where things stand."""
        if self._last.done:
            return self._last
        self._raw += delta
        full = len(self._raw) >= self._max_chars
        if full or "\n" in delta or "\r" in delta:
            self._last = self._look(ended=False, full=full)
        else:
            # Ends are found at line ends only, and so the stream costs one look per line and not one per token.
            self._last = replace(self._last, text=cleaned(self._raw))
        return self._last

    def finish(self) -> Progress:
        """Say where things stand now that the stream has ended."""
        if not self._last.done:
            self._last = self._look(ended=True, full=False)
        return self._last

    def _look(self, *, ended: bool, full: bool) -> Progress:
        received = cleaned(self._raw[: self._max_chars])
        # A line that is not complete may still become anything: three backticks, for one, an opening fence.
        text = received if ended or full else received[: received.rfind("\n") + 1]
        if not text.strip() and not ended and not full:
            return replace(self._last, text=received)
        start, end = code_span(text, self._place)
        fenced = end < len(text)
        whole = ended or fenced
        if not whole and not full and still_repeating(text[start:], self._place):
            return Progress(text=received, complete="", first_line=False, done=False)
        start = min(end, start + repeated_before(text[start:end], self._place))
        own = text[start:end].split("\n")
        lines = settled(own, self._place)
        counted = lines if whole else lines[:-1]
        found = find_end(counted, self._place, self._multiline, complete=whole, max_lines=self._max_lines)
        keep, reason = found or (len(counted), "fence" if fenced else None)
        if full and reason is None:
            keep, reason = max(1, keep), "length"
        complete = text[: start + len("\n".join(own[:keep]))] if keep < len(own) else text
        done = ended or reason is not None
        return Progress(
            text=complete if done else received,
            complete=complete,
            first_line=done or any(line.strip() for line in counted),
            done=done,
            reason=reason,
        )


def insertion_span(text: str, place: Place) -> tuple[int, int]:
    """Start and end of what a cleaned answer adds to the document, before anything is cut at its end."""
    start, end = code_span(text, place)
    return min(end, start + repeated_before(text[start:end], place)), end


def find_end(
    lines: Sequence[str], place: Place, multiline: Multiline, *, complete: bool, max_lines: int = MAX_LINES
) -> tuple[int, Reason] | None:
    """How many of the complete lines to keep, and why no more; None while there is no end.

    Args:
        lines: Complete lines; the first one continues the cursor's line.
        place: Where they go.
        multiline: `never` ends at the first line end, `auto` with the statement or block, `always` with neither.
        complete: Whether the stream has ended.
        max_lines: Lines at most.
    """
    if not lines:
        return None
    ends: list[tuple[int, Reason]] = []
    one_line = not place.blank and not place.closing_tag and re.search(r"\w", place.rest)
    if multiline == "never" or (multiline == "auto" and one_line):
        ends.append((1, "line"))
    elif multiline == "auto" and (block := block_end(lines, place, complete=complete)) is not None:
        ends.append((block, "block"))
    if (cycle := _repeated(lines, place)) is not None:
        ends.append((cycle, "repeated"))
    if len(lines) >= max_lines:
        ends.append((max_lines, "length"))
    keep, reason = min(ends, default=(len(lines), None), key=lambda end: end[0])
    while keep:
        # What is left after a cut has an end of its own, and that may stand below as well.
        below = stands_below(lines[:keep], place, complete=complete or reason is not None)
        if below is None:
            break
        keep, reason = below, "below"
    return None if reason is None or (complete and keep == len(lines)) else (keep, reason)


def _repeated(lines: Sequence[str], place: Place) -> int | None:
    """The number of lines up to the second of three equal pieces of one to three lines in a row."""
    kept = [(n, line.rstrip()) for n, line in enumerate([place.prefix + lines[0], *lines[1:]]) if line.strip()]
    for size in range(1, _CYCLE + 1):
        for at in range(len(kept) - 3 * size + 1):
            piece = [line for _, line in kept[at : at + size]]
            if not any(re.search(r"\w", line) for line in piece):
                continue
            if all([line for _, line in kept[at + k * size : at + (k + 1) * size]] == piece for k in (1, 2)):
                return kept[at + size][0]
    return None
