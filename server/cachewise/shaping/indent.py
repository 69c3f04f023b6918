"""Brings the indentation of a suggestion's lines to that of the document around it.

Two faults of models are mended: spaces where the document has tabs or the other way round, and following lines that
are indented as if the cursor's line began at the margin. The number of lines never changes.
Not here: where a block ends (`stop.py`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache

from cachewise.shaping.place import Place
from cachewise.shaping.spans import awaited

TAB_WIDTH = 4
"""Columns that a tab counts when levels are compared; only the order of levels matters."""

_BRACES = re.compile(r"(?:[{(\[]|=>|->|\bthen|\bdo)\s*\Z|\bfunction\b[^()]*\([^()]*\)\s*\Z")
_COLON = re.compile(r":\s*(?:#.*)?\Z")


def width(line: str) -> int:
    """The columns of white space that a line begins with."""
    columns = 0
    for character in line:
        if character == "\t":
            columns += TAB_WIDTH - columns % TAB_WIDTH
        elif character == " ":
            columns += 1
        else:
            break
    return columns


def opens_block(line: str, language: str) -> bool:
    """Whether the lines behind this one have to be indented deeper."""
    if language in ("python", "starlark") and _COLON.search(line):
        return True
    if language == "lua" and _BRACES.search(line):
        return True
    return bool(re.search(r"[{(\[]\s*\Z", line))


def is_label(line: str, language: str) -> bool:
    """Whether a line is one of those that may stand at the level of the `switch` they belong to."""
    return language != "python" and re.match(r"\s*(?:case\b|default\s*:)", line) is not None


def unit_of(lines: Iterable[str]) -> str | None:
    r"""One level of indentation as these lines have it, ``\t`` or some spaces; None where none is indented."""
    tabs = spaces = last = 0
    steps: Counter[int] = Counter()
    for line in lines:
        body = line.lstrip(" \t")
        if not body:
            continue
        lead = len(line) - len(body)
        if line[0] == "\t":
            tabs += 1
            continue
        spaces += lead > 1
        steps[abs(lead - last)] += 1
        last = lead
    if not tabs and not spaces:
        return None
    if tabs > spaces:
        return "\t"
    return " " * max((2, 3, 4, 8), key=lambda step: (steps[step], step == 4))


def settled(lines: Sequence[str], place: Place) -> list[str]:
    """The suggestion's lines with the document's kind of indentation, at the document's level.

    The first line continues the cursor's line and is changed only where that is blank so far.
    """
    wanted = _unit_around(place)
    settled_lines = list(lines)
    if wanted is not None:
        begin = 0 if place.blank else 1
        own = _own_unit(lines, place)
        settled_lines[begin:] = [_restyled(line, own, wanted) for line in lines[begin:]]
    shift = _shift(settled_lines, place)
    if shift:
        settled_lines[1:] = [shift + line if line.strip() else line for line in settled_lines[1:]]
    return settled_lines


@lru_cache(maxsize=4)
def _unit_around(place: Place) -> str | None:
    """The document's unit. Asked for with each line that streams in, and always the same."""
    return unit_of((*place.above, place.prefix + "x", *place.below))


def _own_unit(lines: Sequence[str], place: Place) -> int:
    """The spaces that the model indents by, where the document has tabs.

    Told from the first indented line alone, so that it is the same while lines are still coming in.
    """
    head = place.prefix + lines[0]
    first = next((line for line in (lines if place.blank else lines[1:]) if line[:1] == " " and line.strip()), "")
    lead = len(first) - len(first.lstrip(" "))
    level = width(head) // TAB_WIDTH + opens_block(head, place.language)
    if level and lead == 8 * level and first is not lines[0]:
        return 8
    return 2 if lead % TAB_WIDTH == 2 else TAB_WIDTH


def _restyled(line: str, own: int, wanted: str) -> str:
    body = line.lstrip(" \t")
    lead = line[: len(line) - len(body)]
    if wanted == "\t" and lead and "\t" not in lead:
        levels, odd = divmod(len(lead), own)
        return "\t" * levels + " " * odd + body
    if wanted != "\t" and "\t" in lead:
        return lead.replace("\t", wanted) + body
    return line


def _shift(lines: Sequence[str], place: Place) -> str:
    """What the lines behind the first one lack, because the model counted from the cursor's line."""
    head = place.prefix + lines[0]
    level = width(head)
    following = next((line for line in lines[1:] if line.strip()), None)
    if following is None or level == 0 or not opens_block(head, place.language):
        return ""
    if awaited(head, None, place.language) is not None:
        return ""
    if width(following) > level or re.match(r"\s*(?:[)\]}]|end\b)", following) or is_label(following, place.language):
        return ""
    return head[: len(head) - len(head.lstrip(" \t"))]
