r"""Trims what surrounds a suggestion: cursor and end marks of models, line ends, white space at the end.

Not here: code fences and sentences around the code (`fences.py`), and text that the document already has
(`overlap.py`).
"""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

from cachewise.shaping.brackets import CLOSERS
from cachewise.shaping.place import Place, newlines

Eol = Literal["\n", "\r\n", "\r"]
CURSOR_MARK = "<|cursor|>"
"""What prompts put in the place of the cursor, and models sometimes repeat."""

_END_MARKS = (
    "<|endoftext|>",
    "<|im_end|>",
    "<|eot_id|>",
    "<|fim_prefix|>",
    "<|fim_suffix|>",
    "<|fim_middle|>",
    "<|fim_pad|>",
    "<|file_sep|>",
    "<EOT>",
)
_END_MARK = re.compile("|".join(map(re.escape, _END_MARKS)))
_MARK_BEGUN = re.compile(r"<(?:\|[a-z_]+\|?|EOT?)\Z")
_UNSEEN = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069\ufeff]")
"""What a document can hold and nobody sees: control characters, and those that turn the order of text on the screen."""
_THOUGHTS = re.compile(r"\A\s*<think>.*?(?:</think>\n*|\Z)", re.DOTALL)
"""What a reasoning model of a local server says to itself first."""
_HARD_BREAK_LANGUAGES = frozenset({"markdown", "mdx", "plaintext"})


def eol_of(text: str) -> Eol:
    r"""The line end that a document uses: its first one, or ``\n`` where it has none."""
    found = re.search(r"\r\n|\r|\n", text)
    if found is None:
        return "\n"
    end = found[0]
    return "\r\n" if end == "\r\n" else "\r" if end == "\r" else "\n"


def joins(character: str) -> bool:
    """Whether a character makes one visible character with the one before it, as accents and parts of emoji do."""
    if not character:
        return False
    return unicodedata.combining(character) != 0 or character in "\u200d\ufe0e\ufe0f" or "🏻" <= character <= "🏿"


def cleaned(raw: str) -> str:
    r"""What the model wrote, without its marks and control characters, and with ``\n`` as the only line end.

    A mark that the stream has only begun is left out as well.
    """
    text = _UNSEEN.sub("", newlines(raw))
    if "<" not in text:
        return text
    text = _THOUGHTS.sub("", text.replace(CURSOR_MARK, ""))
    ended = _END_MARK.search(text)
    if ended is not None:
        return text[: ended.start()]
    begun = _MARK_BEGUN.search(text)
    if begun is not None and any(mark.startswith(begun[0]) for mark in (CURSOR_MARK, *_END_MARKS)):
        return text[: begun.start()]
    return text


def trimmed(text: str, place: Place) -> str:
    """The suggestion without white space that would be left hanging at the end of a line.

    In front of text that goes on in the cursor's line, spaces at the end are kept, and a line end is kept where the
    suggestion fills lines of its own before that text: what the editor closed, for one.
    """
    if place.language not in _HARD_BREAK_LANGUAGES:
        text = re.sub(r"[ \t]+(?=\n)", "", text)
    body = text.rstrip(" \t\n")
    if place.ends_line or not body:
        return body
    tail = text[len(body) :]
    block = place.closing_tag or place.rest[0] == "}" or (place.rest[0] in CLOSERS and "\n" in tail)
    if block and body.lstrip(" \t").startswith("\n"):
        return f"{body}\n{place.indent}"
    if "\n" in tail:
        return f"{body}\n{place.indent}" if place.blank else body
    return body if place.rest[0] in " \t" else text


def with_eol(text: str, eol: str) -> str:
    """The text with the document's line ends."""
    return text if eol == "\n" else text.replace("\n", eol)
