"""Completions taken from the workspace's own text.

The longest end of the text before the cursor that occurs somewhere else in the prompt is looked up, and what follows
it there, to the end of that statement or block, is the completion. So a completion reads like the code around it.
Not here: finding the cursor (`tails.py`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

_LONGEST = 400
_TRIES = 40
_MAX_LINES = 12
_END_OF_TEXT = "\0"
_FRAME_LINE = re.compile(r"^</?[A-Za-z][\w-]*(?: [^<>\n]*)?>$")
_WORD = re.compile(r"[A-Za-z_]\w{2,60}")
_LONE_WORD = re.compile(r"[^\w\n]*\w*")
"""A match that says nothing about the statement unless it is all of the line: only the word is completed."""
_OPENERS = (":", "{", "(", "[", "=>", "then", "do")


def continue_text(before: str, after: str, context: Sequence[str]) -> str:
    """A completion for the place between `before` and `after`; never empty."""
    whole = _END_OF_TEXT.join((*context, before + after))
    cursor = len(whole) - len(after)
    line = before.rsplit("\n", 1)[-1]
    for end, length in _other_places(whole, cursor, len(before)):
        found = whole[cursor - length : cursor]
        is_word = _LONE_WORD.fullmatch(found) and found.strip() != line.strip()
        text = _to_end_of_word(whole, end) if is_word else _to_end_of_block(whole, end)
        if text.strip() and not _stands_already(text, after):
            return text
    return _plausible(before, after, whole)


def _other_places(whole: str, cursor: int, limit: int) -> Iterator[tuple[int, int]]:
    """Ends of other occurrences of the text before the cursor, the longest such text first, and its length."""
    low, high = 0, min(_LONGEST, limit)
    while low < high:
        length = (low + high + 1) // 2
        if next(_occurrences(whole, cursor, length), None) is None:
            high = length - 1
        else:
            low = length
    seen: set[int] = set()
    while low > 0 and len(whole[cursor - low : cursor].strip()) > 1:
        for end in _occurrences(whole, cursor, low):
            if end not in seen:
                seen.add(end)
                yield end, low
            if len(seen) >= _TRIES:
                return
        low = low * 7 // 10


def _occurrences(whole: str, cursor: int, length: int) -> Iterator[int]:
    suffix = whole[cursor - length : cursor]
    at = whole.find(suffix)
    for _ in range(_TRIES):
        if at < 0:
            return
        if at + length != cursor:
            yield at + length
        at = whole.find(suffix, at + 1)


def _to_end_of_block(whole: str, start: int) -> str:
    """The text from `start` to the end of the statement that it stands in, with the block that it opens."""
    line_start = max(whole.rfind("\n", 0, start), whole.rfind(_END_OF_TEXT, 0, start)) + 1
    stop = whole.find(_END_OF_TEXT, start)
    lines = whole[start : stop if stop >= 0 else len(whole)].split("\n", _MAX_LINES + 1)[: _MAX_LINES + 1]
    head = whole[line_start:start]
    taken = [lines[0]]
    if not lines[0].strip() and not head.rstrip().endswith(_OPENERS):
        # The statement begins on the next line that has text.
        while len(taken) < len(lines) and not taken[-1].strip():
            taken.append(lines[len(taken)])
        head = "" if len(taken) > 1 else head
    if any(_FRAME_LINE.match(line) for line in taken):
        return ""
    first = head + taken[-1] if len(taken) == 1 else taken[-1]
    depth = _depth(first)
    level = _indentation(first)
    opens = first.rstrip().endswith(_OPENERS)
    for line in lines[len(taken) :]:
        if _FRAME_LINE.match(line):
            break
        closes = line.strip()[:1] in ("}", ")", "]") and _indentation(line) == level
        inside = opens and (not line.strip() or _indentation(line) > level)
        if not (depth > 0 or inside or (opens and closes)):
            break
        taken.append(line)
        depth += _depth(line)
        if closes and depth <= 0:
            break
    return "\n".join(taken).rstrip()


def _to_end_of_word(whole: str, start: int) -> str:
    found = re.compile(r"\w*").match(whole, start)
    return found[0] if found else ""


def _depth(line: str) -> int:
    return sum(line.count(c) for c in "([{") - sum(line.count(c) for c in ")]}")


def _indentation(line: str) -> int:
    return len(line) - len(line.lstrip())


def _stands_already(text: str, after: str) -> bool:
    """Whether the first line of a completion is what follows the cursor anyway."""
    first = text.strip().split("\n", 1)[0].strip()
    return after.lstrip().startswith(first)


def _plausible(before: str, after: str, whole: str) -> str:
    """A line for a place that has no like: the rest of a known word, the body of a block, or a use of the last name."""
    line = before.rsplit("\n", 1)[-1]
    partial = re.search(r"[A-Za-z_]\w*$", line)
    if partial is not None:
        known = (w for w in _WORD.findall(whole) if w.startswith(partial[0]) and w != partial[0])
        words = Counter(w for w in known if not after.startswith(w[len(partial[0]) :]))
        if words and not after[:1].isalnum():
            likeliest: str = words.most_common(1)[0][0]
            return likeliest[len(partial[0]) :]
    indent = " " * _indentation(line)
    if line.rstrip().endswith((":", "{")):
        parameters = [p for p in re.findall(r"[(,]\s*(\w+)", line) if p not in ("self", "cls")]
        body = f"return {parameters[0]}" if "def " in line and parameters else "pass"
        return f"\n{indent}    {body}" if line.rstrip().endswith(":") else f"\n{indent}    return;\n{indent}}}"
    names = re.findall(r"^\s*([A-Za-z_]\w*)\s*(?::[^=\n]{0,60})?=[^=]", before[-4000:], re.M)
    if names and not line.strip():
        return f"return {names[-1]}" if line else f"print({names[-1]})"
    return names[-1] if names and not line[-1:].isalnum() else "\n"
