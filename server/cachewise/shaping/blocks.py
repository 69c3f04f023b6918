"""Where the statement or block ends that a suggestion writes, by indentation and closing lines.

No parser: half-written code seldom parses, and indentation holds in all languages that people format.
Not here: other reasons to end (`stop.py`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from cachewise.shaping.brackets import imbalance
from cachewise.shaping.indent import is_label, opens_block, width
from cachewise.shaping.place import Place
from cachewise.shaping.spans import awaited

_CLOSER = re.compile(r"\s*(?:[)\]}]|</|#endif\b|-->|\*/)")
_CLOSING_WORD = re.compile(r"\s*(?:end|fi|done|esac)\b")
_WORD_LANGUAGES = frozenset({"lua", "ruby", "elixir", "julia", "shellscript", "crystal", "matlab", "vim"})
_C_LIKE = frozenset({"c", "cpp", "objective-c", "csharp"})
_MARGINAL = re.compile(r"#|\s*(?!default\b)[A-Za-z_]\w*:\s*\Z")
"""What stands further out than the block that it is in: directives and labels."""
_CONTINUATION = re.compile(
    r"\s*(?:(?:else|elif|elsif|elseif|except|finally|catch|rescue)\b"
    r"|(?:ensure|then|until|and|or)\b(?!\s*[(.=,])|\|\||&&|\|>|\.|\?|:(?!:)|\{|[)\]}])"
)
_DECORATION = re.compile(r"\s*(?:@\w|#\[)")
_ONLY_CLOSES = re.compile(r"\s*(?:[)\]}]+[;,]*|</[\w.:-]+>|end[,)]*)\s*\Z")


def block_end(lines: Sequence[str], place: Place, *, complete: bool = True) -> int | None:
    """The number of lines that make up the statement or block that the cursor is in; None where it does not end.

    A string or comment of several lines is one piece, if it is closed. Unless the lines are `complete`, it may be yet.
    """
    inside = _inside_spans(lines, place)
    if inside is None:
        return _block_end(lines, place, frozenset()) if complete else None
    return _block_end(lines, place, inside)


def _inside_spans(lines: Sequence[str], place: Place) -> frozenset[int] | None:
    """The lines that begin within a string or comment that the suggestion opens; None where one stays open."""
    waits: str | None = None
    inside = set()
    for number, line in enumerate((place.prefix + lines[0], *lines[1:])):
        if waits is not None:
            inside.add(number)
        waits = awaited(line, waits, place.language)
    return None if waits is not None else frozenset(inside)


def _block_end(lines: Sequence[str], place: Place, inside: frozenset[int]) -> int | None:
    """`block_end`, where the lines `inside` belong to the line before them."""
    full = [place.prefix + lines[0], *lines[1:]]
    first = next((n for n, line in enumerate(full) if line.strip()), None)
    if first is None:
        return None
    level = width(full[first])
    blank_before = False
    deeper = False
    head = last = full[first]
    opens = first == 0 and place.ends_line and not lines[0].strip() and not opens_block(head, place.language)
    for number in range(first + 1, len(full)):
        line = full[number]
        if number in inside:
            opens = False
            continue
        if not line.strip():
            blank_before = True
            continue
        ends = _ends_at(line, last, head, place, blank_before=blank_before, deeper=deeper)
        if opens and ends == "before" and width(line) == level:
            head = line  # the cursor's statement was whole, so the next one is what is suggested
        elif ends == "before":
            return number
        if ends == "behind":
            return number + 1
        if ends == "unless open":
            closed = place.around("\n".join(lines[: number + 1]))
            left = place.around("\n".join(lines[:number]))
            return number + (imbalance(closed, place.language) < imbalance(left, place.language))
        blank_before = opens = False
        deeper = deeper or width(line) > level
        last = line
    return None


def _ends_at(
    line: str, last: str, head: str, place: Place, *, blank_before: bool, deeper: bool
) -> Literal["before", "behind", "unless open"] | None:
    """Whether the block ends before or behind a line that follows it; None where it goes on."""
    own, level = width(line), width(head)
    if own > level:
        return None
    if own < level:
        if re.match(r"\s*[)\]}]", line):
            return "unless open"
        return None if place.language in _C_LIKE and _MARGINAL.match(line) else "before"
    if _DECORATION.match(last) and not blank_before:
        return None
    if _CONTINUATION.match(line) and not re.fullmatch(r"\s*[)\]}]+[;,)]*\s*", line):
        return None
    if is_label(line, place.language):
        return None
    if place.language == "yaml" and line.lstrip().startswith("- ") and re.search(r":\s*\Z", head):
        return None
    if _CLOSER.match(line) or (place.language in _WORD_LANGUAGES and _CLOSING_WORD.match(line)):
        waits = place.language in _C_LIKE and line.strip() == "}"
        return None if waits or place.blank else "behind"
    if place.blank and not blank_before and not (level == 0 and deeper) and not _ONLY_CLOSES.match(head):
        return None
    return "before"
