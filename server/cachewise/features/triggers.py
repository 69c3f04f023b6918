"""When a model is asked for a suggestion, and when the editor's question is better left unanswered.

Pure: decides by the text around the cursor, what was done last, and the settings. What is known already is shown
whatever these rules say, but for `never`. Not here: how long a pause is waited for (`typing.py`).

The rules for automatic requests were chosen by replaying a recording of typing under each (`bench/keystrokes.py`,
`docs/completion.md` has the figures). Asking only where nothing but closing brackets follows, as Copilot's filter does,
showed a suggestion before 21 % of keys; asking in front of other text as well doubles that, and more of the characters
are taken. Who types in front of a word is in the middle of one with every key, so that is no reason either, unless the
cursor was only put there. A deletion is no reason to be silent, but one to wait longer. Selected text is not seen here:
the protocol's question has a position only, and editors ask none while something is selected. The range of a code
action would not tell it either, since some editors send the line or a diagnostic's range where nothing is selected.
The extension for VS Code, which sees it, asks nothing then. What the question does tell is the selected entry of the
editor's own list: `entry.py`.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal
from urllib.parse import urlsplit

Edit = Literal["none", "typed", "deleted", "accepted"]
"""What was done to a document last; `none` where it was not edited yet."""
Spot = Literal["code", "comment", "string", "docstring"]

LONGEST_FILE = 2_000_000
"""Characters. A file beyond is data, and is asked about by hand only."""
LONGEST_LINE = 2_000
"""The same of the cursor's line."""

_NEVER_WRITTEN = frozenset({"cachewise", "git", "gitfs", "scm-history-item", "output", "debug", "search-editor"})
"""Schemes of documents that editors show and nobody types into."""
_WORD = re.compile(r"\w")
_HASH = frozenset({"python", "ruby", "shellscript", "perl", "r", "elixir", "makefile", "dockerfile", "toml", "julia"})
_SLASHES = frozenset({
    "javascript", "javascriptreact", "typescript", "typescriptreact", "go", "rust", "c", "cpp", "objective-c", "csharp",
    "java", "kotlin", "swift", "scala", "dart", "php", "zig", "groovy",
})  # fmt: skip
_DASHES = frozenset({"lua", "sql", "haskell", "elm", "ada"})
_APOSTROPHES = frozenset({
    "python", "ruby", "shellscript", "perl", "javascript", "javascriptreact", "typescript", "typescriptreact", "php",
    "dart", "lua", "sql", "toml", "groovy",
})  # fmt: skip
"""Languages in which a single quote begins a string; elsewhere it is a lifetime, a character or an apostrophe."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """The cursor, and how it came there."""

    text: str
    offset: int
    language: str
    uri: str
    last: Edit
    disabled: Collection[str] = ()
    """Languages for which completions are switched off, as patterns."""


def never(moment: Moment) -> str | None:
    """Why nothing may be suggested here, also not by hand; None where it may."""
    if any(fnmatchcase(moment.language, pattern) for pattern in moment.disabled):
        return "the language is switched off"
    if urlsplit(moment.uri).scheme in _NEVER_WRITTEN:
        return "the document is read-only"
    return None


def not_now(moment: Moment) -> str | None:
    """Why the model is not asked although the user has paused here; None where it is."""
    text, offset = moment.text, moment.offset
    if len(text) > LONGEST_FILE:
        return "the file is very long"
    if moment.last == "accepted":  # the next suggestion is asked for then already, where that is cheap
        return "something was accepted just now"
    start = max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset)) + 1
    end = min((at for at in (text.find("\n", offset), text.find("\r", offset)) if at >= 0), default=len(text))
    if end - start > LONGEST_LINE:
        return "the line is very long"
    before, after = text[start:offset], text[offset:end]
    if moment.last != "typed" and before[-1:].isalnum() and after[:1].isalnum():
        return "the cursor is in the middle of a word"
    where, inside = spot(before, moment.language)
    if where in ("comment", "docstring") and (after.strip() or not _WORD.search(inside)):
        return f"the cursor is in a {where}"
    return None


def spot(before: str, language: str) -> tuple[Spot, str]:
    """What the end of a line's beginning is part of, and what stands there of a comment or string.

    Looks at one line alone, so a string of several lines is taken for code: there the model is asked.
    """
    mark = "#" if language in _HASH else "//" if language in _SLASHES else "--" if language in _DASHES else ""
    if not mark:
        return "code", ""
    quotes = "\"'`" if language in _APOSTROPHES else '"`'
    at = 0
    while at < len(before):
        character = before[at]
        if before.startswith(mark, at):
            return "comment", before[at + len(mark) :]
        if character not in quotes:
            at += 1
            continue
        three = before[at : at + 3]
        quote = three if language == "python" and three in ('"""', "'''") else character
        close = _closing(before, at + len(quote), quote)
        if close < 0:
            return ("docstring" if len(quote) == 3 else "string"), before[at + len(quote) :]
        at = close
    return "code", ""


def _closing(line: str, at: int, quote: str) -> int:
    """The place behind the quote that closes a string; -1 if none does."""
    while at < len(line):
        if line[at] == "\\":
            at += 2
        elif line.startswith(quote, at):
            return at + len(quote)
        else:
            at += 1
    return -1
