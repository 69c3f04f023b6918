"""Finds the code in what a chat model wrote around it: fences, and sentences such as "Here is the completion:".

Works on whole answers and on answers that are still streaming, where a fence may be open.
Not here: what of the code the document already has (`overlap.py`).
"""

from __future__ import annotations

import re

from cachewise.shaping.brackets import PROSE, in_string
from cachewise.shaping.place import Place

_OPENING = re.compile(r"[ \t]*(`{3,}|~{3,})[ \t]*([\w+#.\-]*(?:[ \t:{][^`]*?)?)[ \t]*\Z")
_PREAMBLE = re.compile(
    r"\s*(?:sure|certainly|of course|absolutely|okay)\s*[!.,:]?\s*\Z"
    r"|\s*(?:sure|certainly|of course|absolutely|okay|here(?:['\u2019]s| is| are)|below is|this (?:completes|is the)"
    r"|the (?:following|completion|completed|missing|code|rest|next|continuation|text)"
    r"|i(?:['\u2019](?:ll|ve)| will| have)|to complete|you can (?:complete|use)|based on|looking at"
    r"|let me (?:complete|continue|fill|finish|write))\b[^=;{}]*[:.!]\s*\Z"
    r"|\s*\*\*[A-Z][\w ]*(?::\*\*|\*\*:?)\s*\Z",
    re.IGNORECASE,
)
_EXCUSE = re.compile(
    r"\s*(?:(?:i['\u2019]m |i am )?(?:sorry|unable|afraid)|i apologi[sz]e|i can(?:['\u2019]t|not)"
    r"|i do(?:n['\u2019]t| not)|unfortunately|there(?:['\u2019]s| is| are) (?:nothing|no)|nothing (?:to|is|needs|more)"
    r"|no (?:completion|insertion|changes?|(?:further|additional|more) \w+)|it (?:looks|seems|appears)|without more"
    r"|the \w+ (?:already|is already|is complete|looks|seems|appears))\b[^=;{}]*[:.!]\s*\Z"
    r"|\s*[(<\[](?:no|nothing|empty) [\w ]+[)>\]]\s*\Z",
    re.IGNORECASE,
)
"""A line of a model that has no code to give. Whatever it goes on to say is to the reader, but for a fence."""
_TOLD = re.compile(
    r"\s*(?:sure|certainly|here(?:['\u2019]s| is)|below is|the|this)[ ,!][^`=;{}\n]*[: ]\s*`([^`\n]+)`\.?\s*\Z",
    re.IGNORECASE,
)
"""A sentence that ends with the code between backticks."""
_WRAPPERS = frozenset({"markdown", "md"})
_TEXTS = PROSE | {"yaml", "vue", "svelte", "javascriptreact", "typescriptreact"}
"""Languages in which text stands between code without a mark of its own."""
_BACKTICK_LANGUAGES = frozenset(
    {"go", "javascript", "javascriptreact", "typescript", "typescriptreact", "shellscript", "sql", "ruby", "perl"}
)


def code_span(text: str, place: Place) -> tuple[int, int]:
    """Start and end of the part of an answer that is meant for the document."""
    inline = _inline(text, place)
    if inline is not None:
        return inline
    lines = text.split("\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    first = _skip_preamble(lines, 0, place)
    opening = _OPENING.match(lines[first]) if first < len(lines) else None
    if opening is not None and (not place.in_prose or opening[2].lower() in _WRAPPERS):
        start = min(starts[first + 1], len(text))
        nested = opening[2].lower() in _WRAPPERS
        closing = _closing(lines, first + 1, opening[1], nested=nested)
    else:
        start = min(starts[first], len(text)) if any(line.strip() for line in lines[:first]) else 0
        closing = None if place.in_prose or place.in_fence else _stray(lines, first)
    if closing is None:
        return start, len(text)
    return start, max(start, starts[closing] - 1)


def _skip_preamble(lines: list[str], first: int, place: Place) -> int:
    """The number of the first line that is neither blank nor a sentence to the reader."""
    while first < len(lines) and not lines[first].strip():
        first += 1
    if first >= len(lines):
        return 0
    if place.in_prose or (first == len(lines) - 1 and _takes_sentences(place)):
        return first
    if not _takes_sentences(place) and _EXCUSE.match(lines[first]):
        return next((number for number in range(first, len(lines)) if _OPENING.match(lines[number])), len(lines))
    if not _PREAMBLE.match(lines[first]):
        return first
    first += 1
    while first < len(lines) and (not lines[first].strip() or _PREAMBLE.match(lines[first])):
        first += 1
    return first


def _takes_sentences(place: Place) -> bool:
    """Whether a sentence may be meant for the document although code stands around."""
    return place.language in _TEXTS or in_string(place.prefix, place.language)


def _closing(lines: list[str], first: int, fence: str, *, nested: bool) -> int | None:
    """The line that closes a fence. Around Markdown it is the last of an odd number, the others are content."""
    closers = [
        number
        for number in range(first, len(lines))
        if (found := _OPENING.match(lines[number])) and found[1].startswith(fence) and (nested or not found[2])
    ]
    if nested:
        return closers[-1] if len(closers) % 2 and not any(line.strip() for line in lines[closers[-1] + 1 :]) else None
    return closers[0] if closers else None


def _stray(lines: list[str], first: int) -> int | None:
    """A closing fence without an opening one: the model went on as if the fence were open."""
    for number in range(max(first, 1), len(lines)):
        if lines[number].rstrip() in ("```", "~~~"):
            return number
    return None


def _inline(text: str, place: Place) -> tuple[int, int] | None:
    """The inside of an answer that is one line between backticks."""
    told = _TOLD.match(text)
    if told is not None and not place.in_prose and not _takes_sentences(place):
        return told.span(1)
    body = text.strip()
    if "\n" in body or len(body) < 3 or place.in_prose or body.strip("`") == "":
        return None
    ticks = "```" if body.startswith("```") else "`"
    if ticks == "`" and place.language in _BACKTICK_LANGUAGES:
        return None
    if body.startswith(ticks) and body.endswith(ticks) and "`" not in body[len(ticks) : -len(ticks)]:
        start = text.index(body) + len(ticks)
        return start, start + len(body) - 2 * len(ticks)
    return None
