"""The lines around a place that was visited, as a piece of context of their own.

They begin and end at fixed lines and not at a distance from the place, so that moving about in them changes nothing.
Not here: which places were visited (`session/trail.py`), and whether there is room for them (`prefix.py`).
"""

from __future__ import annotations

from cachewise.context.differences import split_lines
from cachewise.context.pieces import Piece

STEP = 16
"""Lines. A part begins at a multiple of it, one step above the place's, and is three steps long."""
LONGEST = 2_000
"""Characters. Of a longer part the end is left out, line by line."""


def part_around(text: str, line: int) -> tuple[int, str]:
    """The first line (from 0) of the part around a line, and its text; the last part where the line is beyond."""
    lines = split_lines(text)
    first = max(0, min(line, max(len(lines) - 1, 0)) // STEP - 1) * STEP
    part: list[str] = []
    size = 0
    for each in lines[first : first + 3 * STEP]:
        size += len(each)
        if size > LONGEST:
            break
        part.append(each)
    return first, "".join(part)


def visited_piece(name: str, text: str, line: int) -> Piece | None:
    """The part of a file around a line (from 0); None where it is blank.

    It has no path, since it is not the part that changes on disk.

    Args:
        name: How prompts name the file.
        text: All of it.
        line: The place.
    """
    first, part = part_around(text, line)
    if not part.strip():
        return None
    last = first + part.count("\n") + (not part.endswith("\n"))
    return Piece(name=f"{name} (lines {first + 1}-{last})", text=part, path=None, key=f"{name}\0{first}", part_of=name)
