"""The first sentence of a Markdown text, as a line of plain text that an editor may show anywhere.

Not here: whole texts as Markdown (`markdown.py`).
"""

from __future__ import annotations

import re

_HEADING = re.compile(r"^\s{0,3}(?:#{1,6}\s|[=-]{2,}\s*$|```|~~~|>|[-*+]\s*$)")
_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()]*\)")
_MARKS = re.compile(r"(?<!\w)\*{1,3}(?=\S)|(?<=\S)\*{1,3}(?!\w)|`|</?[A-Za-z][^<>]*>")
_END = re.compile(r"[.!?](?=\s+[^\s\da-z]|\s*$)")
_SHORTEST = 8
"""Characters before a full stop that can be its end: "e.g." is no sentence."""


def first_sentence(markdown: str, most: int = 100) -> str:
    """The first sentence of the first paragraph, without markup, line ends and control characters.

    Args:
        markdown: Text that a model wrote.
        most: Characters that may come of it; a longer one ends with an ellipsis.

    Returns:
        Empty where there is no sentence.
    """
    for paragraph in re.split(r"\n\s*\n", markdown[: 20 * most]):
        lines = [line for line in paragraph.split("\n") if not _HEADING.match(line)]
        text = _MARKS.sub("", _LINK.sub(r"\1", " ".join(lines)))
        text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
        if any(c.isalnum() for c in text):
            break
    else:
        return ""
    ends = (match.end() for match in _END.finditer(text) if match.end() > _SHORTEST)
    sentence = text[: next(ends, len(text))]
    if len(sentence) > most:
        sentence = sentence[: most - 1].rpartition(" ")[0] or sentence[: most - 1]
        sentence += "…"
    return sentence
