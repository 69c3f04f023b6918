"""Text taken apart into words: what the built-in completer counts and compares.

A word carries the one blank before it. A line end is a word too: it says where the next line's indentation stands
against this line's, never how wide it is, so that the same code matches at every depth. Not here: numbers for words
(`vocabulary.py`), and which text is indexed.
"""

from __future__ import annotations

import re

SAME, DEEPER, SHALLOWER, TOP = "\n=", "\n>", "\n<", "\n0"
LINE_ENDS: tuple[str, ...] = tuple(blank + mark for blank in ("", "\n") for mark in (SAME, DEEPER, SHALLOWER, TOP))
"""The second half is for line ends with an empty line behind them."""
LONGEST_LINE = 250
"""Characters. Longer lines are data or minified code, which nobody types."""
LONGEST_WORD = 64

_WORD = re.compile(r"[ \t]+(?=[ \t])|[ \t]?\w+|[ \t]?[^\w\s]|\s")
_DATA_WORDS = 12
_SLASHES = ("//", "/*", "* ", "*/")
_COMMENTS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("python", "shell", "yaml", "ruby", "toml", "r", "perl", "elixir", "make", "dockerfile"), ("#",)),
    **dict.fromkeys(("script", "c", "rust", "jvm", "csharp", "go", "swift", "dart", "php", "style"), _SLASHES),
    **dict.fromkeys(("lua", "sql", "haskell", "elm", "ada"), ("--",)),
}
_FAMILIES: tuple[tuple[str, str], ...] = (
    ("python", "python py pyi pyw"),
    ("script", "javascript javascriptreact typescript typescriptreact js jsx mjs cjs ts tsx mts cts vue svelte"),
    ("c", "c cpp objective-c objective-cpp cuda-cpp h hh hpp hxx cc cxx m mm cu"),
    ("markup", "html xml xhtml htm svg xsl handlebars"),
    ("style", "css scss sass less"),
    ("prose", "markdown md rst restructuredtext plaintext txt text latex tex"),
    ("yaml", "yaml yml dockercompose"),
    ("json", "json jsonc json5"),
    ("shell", "shellscript sh bash zsh ksh"),
    ("rust", "rust rs"),
    ("jvm", "java kotlin kt kts groovy scala"),
    ("ruby", "ruby rb"),
    ("csharp", "csharp cs"),
)


def family(language: str) -> str:
    """The group of languages whose text is compared: of an editor's language name, or of a file name's ending."""
    name = language.lower().rpartition(".")[2]
    return next((known for known, names in _FAMILIES if name in names.split()), name)


def comment_marks(language: str) -> tuple[str, ...]:
    """What a line that is only a comment begins with. Such lines are left out: they hide code from code."""
    return _COMMENTS.get(family(language), ())


def is_data(line_words: list[str]) -> bool:
    """Whether a line is part of a long table of numbers."""
    return len(line_words) > _DATA_WORDS and 3 * sum(word[-1].isdigit() for word in line_words) > len(line_words)


def words(line: str) -> list[str]:
    """The words of one line without its indentation and without blanks at its end."""
    return [word[:LONGEST_WORD] for word in _WORD.findall(line)] if len(line) <= LONGEST_LINE else []


def line_end(before: int, after: int, *, empty: bool) -> str:
    """The word between two lines with so many characters of indentation; `empty`: an empty line lies between."""
    if after == before:
        mark = SAME
    elif after > before:
        mark = DEEPER
    else:
        mark = SHALLOWER if after else TOP
    return "\n" + mark if empty else mark


def indentation(line: str) -> int:
    """How many characters of white space the line begins with."""
    return len(line) - len(line.lstrip())
