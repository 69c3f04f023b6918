"""Finds what a model wrote again of the text before the cursor: lines, the cursor's line, a half-typed word.

Not here: the text behind the cursor (`overlap.py`), and words written again in other letters (`fit.inline_range`).
"""

from __future__ import annotations

import re

from cachewise.shaping.brackets import PROSE, imbalance, in_string
from cachewise.shaping.indent import opens_block, width
from cachewise.shaping.place import Place
from cachewise.shaping.trim import joins

_TOKEN_AT_END = re.compile(r"(?:(?<![^\w\s)\]}\"'`])[-+*/%=<>!&|^~:?]+|(?<!\.)\.\.|,|(?<![\w.])[a-z]+)[ \t]*\Z")
_NEVER_DOUBLED = frozenset(
    {
        "and", "as", "async", "await", "case", "class", "const", "def", "enum", "extends", "fn", "for", "from", "func",
        "function", "if", "impl", "implements", "import", "in", "instanceof", "interface", "is", "let", "local", "mut",
        "new", "or", "pub", "raise", "return", "struct", "throw", "type", "use", "var", "while", "yield",
    }
)  # fmt: skip
_WORD_AT_END = re.compile(r"\w+\Z")
_WORD_AT_START = re.compile(r"\w+")
_MAX_LINES = 30
_SUBSTANCE = 6
"""A line with fewer characters (`}`, `end`, `pass`) may stand twice by right."""


def repeated_before(text: str, place: Place) -> int:
    """How many characters at the start of `text` repeat what stands before the cursor."""
    start = _repeated_lines(text, place)
    if place.blank:
        return start + _repeated_margin(text[start:], place)
    if start:
        return start
    body = text.lstrip(" \t\n")
    skipped = len(text) - len(body)
    line = place.prefix.strip(" \t")
    if (
        len(line) > 2
        and re.search(r"\w", line)
        and _continues(body, line)
        and not _is_call_of_itself(body, line, place)
        and not _is_content(text[:skipped], place)
    ):
        return skipped + _behind(body, len(line), place)
    head = (
        _repeated_head(body, line)
        or _repeated_marker(body, line, place)
        or _repeated_accessor(body, line, place)
        or _repeated_token(body, place)
    )
    if head:
        return skipped + _behind(body, head, place)
    word = _repeated_word(text, place)
    if word:
        return word
    if re.search(r"[^ \t][ \t]\Z", place.prefix) and re.match(r"[ \t][\w\"'(\[{]", text):
        return 1  # one space between two words, written by both sides
    return 0


def _repeated_lines(text: str, place: Place) -> int:
    """Characters of the lines above, and of the cursor's line, that an answer begins with once more."""
    lead = len(text) - len(text.lstrip("\n"))
    lines = text[lead:].split("\n")
    first = lines[0].strip()
    if len(first) < _SUBSTANCE:
        return 0
    for count in range(min(_MAX_LINES, len(place.above), len(lines)), 0, -1):
        above = place.above[-count:]
        if above[0].strip() != first or any(a.strip() != b.strip() for a, b in zip(above, lines, strict=False)):
            continue
        drop = lead + sum(len(line) + 1 for line in lines[:count])
        if place.blank:
            return min(drop, len(text))
        line = place.prefix.strip(" \t")
        last = lines[count] if count < len(lines) else ""
        body = last.lstrip(" \t")
        if _continues(body, line):
            return drop + len(last) - len(body) + _behind(body, len(line), place)
    return 0


def still_repeating(text: str, place: Place) -> bool:
    """Whether all complete lines of a stream say what lines above say, and have not come to the cursor yet."""
    lines = [line.strip() for line in text.lstrip("\n").split("\n")[:-1]][:_MAX_LINES]
    if not lines or len(lines[0]) < _SUBSTANCE:
        return False
    above = [line.strip() for line in place.above[-_MAX_LINES:]]
    size = len(lines)
    return any(above[at : at + size] == lines for at in range(len(above) - size + 1))


def _repeated_margin(text: str, place: Place) -> int:
    """Empty lines, and the indentation that the cursor's blank line already has."""
    start = len(text) - len(text.lstrip("\n"))
    while (blank := re.match(r"[ \t]+\n", text[start:])) is not None:
        start += blank.end()
    line = text[start:]
    level = width(place.prefix)
    parent = next((above for above in reversed(place.above) if above.strip()), "")
    if width(line) == level and level <= width(parent) and opens_block(parent, place.language):
        return start  # the line has to be deeper than the cursor is, by just this much
    taken = 0
    while taken < len(line) and line[taken] in " \t" and width(line[: taken + 1]) <= level:
        taken += 1
    return start + taken


def _continues(body: str, line: str) -> bool:
    return body.startswith(line) and not joins(body[len(line) : len(line) + 1])


def _behind(body: str, end: int, place: Place) -> int:
    """The end of a repeated piece, with the spaces that the cursor already stands behind."""
    if place.prefix[-1:] in (" ", "\t"):
        while end < len(body) and body[end] in " \t":
            end += 1
    return end


def _is_call_of_itself(body: str, line: str, place: Place) -> bool:
    """Whether `f(` before the cursor is followed by another `f(` that has its own closing bracket."""
    if line[-1] not in "([{":
        return False
    own = body.split("\n")[0]
    kept = imbalance(place.around(own), place.language)
    dropped = imbalance(place.around(own[len(line) :].rstrip(" \t").removesuffix(place.rest)), place.language)
    return kept < dropped


def _is_content(margin: str, place: Place) -> bool:
    """Whether an answer with this margin begins with a line inside the element that the editor has closed."""
    lead = margin.rpartition("\n")
    return place.closing_tag and lead[1] == "\n" and width(lead[2]) > width(place.prefix)


def _repeated_head(body: str, line: str) -> int:
    """Characters of an expression's head, `self.` or `compute(`, that end the cursor's line and begin the answer."""
    found = re.search(r"[\w.]*\w(?:\.|->|::)\Z", line)
    if found is None or found[0][0].isdigit():
        return 0
    head = found[0]
    while head:
        if body.startswith(head):
            return len(head)
        smaller = re.match(r"\w+(?:\.|->|::)(?=\w)", head)
        head = head[smaller.end() :] if smaller else ""
    return 0


def _repeated_accessor(body: str, line: str, place: Place) -> int:
    """Characters of a dot or an arrow that ends the cursor's line and begins the answer.

    Two dots are an operator in Lua and Rust, and behind a number.
    """
    found = re.search(r"(?:(?<![.\d?])\.|\?\.|->|::)\Z", line)
    if found is None or place.prefix[-1:] == " " or not re.match(re.escape(found[0]) + r"[^\W\d]", body):
        return 0
    return 0 if found[0] == "." and line != "." and place.language in ("lua", "rust") else len(found[0])


def _repeated_marker(body: str, line: str, place: Place) -> int:
    """Characters of a comment's or list's mark that stands before the cursor and is written again."""
    if re.search(r"\w", line) or place.prefix[-1:] != " ":
        return 0
    return len(line) if body.startswith(line + " ") else 0


def _repeated_token(body: str, place: Place) -> int:
    """Characters of an operator, a comma or a keyword that ends the cursor's line and begins the answer.

    A sign right before its operand may well be meant: `a - -1`.
    """
    found = _TOKEN_AT_END.search(place.prefix)
    if found is None or place.in_prose or place.language in PROSE or in_string(place.prefix, place.language):
        return 0
    mark = found[0].rstrip(" \t")
    if not body.startswith(mark) or mark == ",":
        return int(body.startswith(mark))
    spaced = found[0] != mark and body[len(mark) : len(mark) + 1] in (" ", "\t")
    return len(mark) if spaced and (mark in _NEVER_DOUBLED or not mark.isalpha()) else 0


def _repeated_word(text: str, place: Place) -> int:
    """The characters of a word that was half typed and is written again from its beginning."""
    typed = _WORD_AT_END.search(place.prefix)
    if typed is None or typed[0][0].isdigit() or not re.search(r"[^\W\d_]", typed[0]):
        return 0
    word = typed[0]
    written = _WORD_AT_START.match(text)
    if written is None or not _continues(text, word):
        return 0
    both = re.compile(rf"(?<!\w){re.escape(word + written[0])}")
    return 0 if any(both.search(line) for line in (*place.above, *place.below)) else len(word)
