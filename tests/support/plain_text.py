"""A text edited the slow and obvious way: what the line index is compared with.

Everything is redone from the whole text at each step, one character at a time.
"""

from __future__ import annotations

import random

ALPHABET = (
    "a",
    "b",
    " ",
    "\t",
    "\n",
    "\r",
    "\r\n",
    "é",
    "e\u0301",
    "ß",
    "字",
    "😀",
    "👩\u200d💻",
    "\f",
    "\v",
    "\x1c",
    "\x85",
    "\u2028",
    "\u2029",
)
"""What random texts are made of: all three line ends, all lengths of UTF-8 and UTF-16, and no line ends at all."""


def unit_count(character: str, encoding: str) -> int:
    if encoding == "utf-32":
        return 1
    if encoding == "utf-16":
        return 2 if ord(character) > 0xFFFF else 1
    return len(character.encode("utf-8"))


def line_spans(text: str) -> list[tuple[int, int]]:
    """Start and end (before the line end) of each line."""
    spans: list[tuple[int, int]] = []
    start = index = 0
    while index < len(text):
        if text[index] not in "\r\n":
            index += 1
            continue
        spans.append((start, index))
        index += 2 if text[index : index + 2] == "\r\n" else 1
        start = index
    spans.append((start, len(text)))
    return spans


def offset_of(text: str, line: int, character: int, encoding: str) -> int:
    spans = line_spans(text)
    if line < 0:
        return 0
    if line >= len(spans):
        return len(text)
    start, end = spans[line]
    offset, left = start, character
    while offset < end and unit_count(text[offset], encoding) <= left:
        left -= unit_count(text[offset], encoding)
        offset += 1
    return offset


def position_of(text: str, offset: int, encoding: str) -> tuple[int, int]:
    spans = line_spans(text)
    number = max(n for n, (start, _) in enumerate(spans) if start <= max(0, offset))
    start, end = spans[number]
    return number, sum(unit_count(c, encoding) for c in text[start : min(end, max(0, offset))])


def edited(text: str, start: tuple[int, int], end: tuple[int, int], new: str, encoding: str) -> str:
    first, last = sorted((offset_of(text, *start, encoding), offset_of(text, *end, encoding)))
    return text[:first] + new + text[last:]


def random_text(rng: random.Random, longest: int) -> str:
    return "".join(rng.choice(ALPHABET) for _ in range(rng.randrange(longest + 1)))


def random_position(rng: random.Random, text: str) -> tuple[int, int]:
    """Mostly inside of the text; sometimes past a line's or the text's end, sometimes inside a character."""
    spans = line_spans(text)
    line = rng.randrange(len(spans) + (rng.random() < 0.1))
    start, end = spans[line] if line < len(spans) else (0, 0)
    return line, rng.randrange((end - start) * 2 + 3)
