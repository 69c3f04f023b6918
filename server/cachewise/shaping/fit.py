"""Makes what a model wrote fit the place it was asked for: the whole way from an answer to a suggestion.

Pure functions of the document's text and the answer. Offsets count code points.
Not here: ranges in the client's encoding (`lsp/`), and when to ask at all (`features/complete.py`).
"""

from __future__ import annotations

import re
import unicodedata

from cachewise.shaping.indent import settled
from cachewise.shaping.overlap import without_rest
from cachewise.shaping.place import WINDOW, Place
from cachewise.shaping.stop import MAX_LINES, Multiline, find_end, insertion_span
from cachewise.shaping.trim import cleaned, joins, trimmed, with_eol

_WORD_AT_END = re.compile(r"[\w\u0300-\u036f]+\Z")
_WORD_AT_START = re.compile(r"[\w\u0300-\u036f]+")


def fit(
    raw_text: str,
    before: str,
    after: str,
    *,
    multiline: Multiline,
    language: str,
    eol: str,
    max_lines: int = MAX_LINES,
) -> str:
    """What is to be inserted at the cursor; '' when nothing is left to suggest.

    Args:
        raw_text: The model's answer, whole or as far as it has streamed (`Progress.text`).
        before: The document's text before the cursor; its last few thousand characters are enough.
        after: The document's text behind the cursor; its first few thousand characters are enough.
        multiline: The setting of that name.
        language: The LSP language id.
        eol: The document's line end (`trim.eol_of`).
        max_lines: Lines at most.
    """
    place = Place.of(before, after, language)
    text = cleaned(raw_text)
    start, end = insertion_span(text, place)
    lines = settled(text[start:end].split("\n"), place)
    found = find_end(lines, place, multiline, complete=True, max_lines=max_lines)
    kept = "\n".join(lines if found is None else lines[: found[0]])
    kept, whole = without_rest(kept, place)
    if not whole:
        kept = trimmed(kept, place)
    return with_eol(kept, eol) if kept.strip() else ""


def inline_range(text: str, before: str) -> int:
    """How many code points before the cursor a suggestion replaces, all of them in the cursor's line.

    0, an insertion at the cursor, unless the suggestion writes the half-typed word again in other letters: `getName`
    where `getname` stands, or a letter with its accent where the plain one stands. A word that is repeated as it stands
    was taken out by `fit`.
    """
    typed = _WORD_AT_END.search(before[-WINDOW:])
    if typed is None or len(typed[0]) < 2 or not re.search(r"[^\W\d_]", typed[0]):
        return 0
    word = typed[0]
    written = _WORD_AT_START.match(text)
    if written is None or not _plain(written[0]).startswith(_plain(word)):
        return 0
    size = len(word)
    return 0 if text.startswith(word) and not joins(text[size : size + 1]) else size


def _plain(word: str) -> str:
    """A word without case and accents."""
    return "".join(c for c in unicodedata.normalize("NFD", word) if not unicodedata.combining(c)).casefold()
