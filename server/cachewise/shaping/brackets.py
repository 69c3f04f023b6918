"""How well the brackets and quotes of a text pair up: a measure to choose between two readings of a suggestion.

A scanner, not a parser: strings and line comments are passed over where the language's are known. What it gets wrong
it gets wrong in both readings alike, and so the difference still tells.
"""

from __future__ import annotations

import re

_CLOSES = {")": "(", "]": "[", "}": "{"}
CLOSERS = frozenset(_CLOSES)

HASH = frozenset({"python", "yaml", "shellscript", "ruby", "perl", "r", "toml", "dockerfile", "makefile", "starlark"})
DASHES = frozenset({"lua", "sql", "haskell"})
PROSE = frozenset({"markdown", "plaintext", "html", "latex", "restructuredtext", "mdx", "xml"})
_CHARACTER = frozenset({"c", "cpp", "objective-c", "rust", "go", "java", "csharp", "kotlin", "swift", "scala"})
BACKTICK = frozenset({"go", "javascript", "javascriptreact", "typescript", "typescriptreact"})


def _tokens(language: str) -> re.Pattern[str]:
    """What matters in a language: brackets, whole strings, comments, and quotes that stand alone."""
    parts = [r'"""', r"'''"]
    if language not in PROSE:
        parts.append(r'"(?:\\.|[^"\\\n])*"')
        parts.append(r"'(?:\\[^'\n]*|[^'\\\n])'" if language in _CHARACTER else r"'(?:\\.|[^'\\\n])*'")
        if language in BACKTICK:
            parts.append(r"`(?:\\.|[^`\\])*`")
        comment = "#" if language in HASH else "--" if language in DASHES else r"//"
        parts.append(rf"(?:^|(?<=\s)){comment}[^\n]*")
        parts.append('"' if language in _CHARACTER else "[\"']")
    parts.append(r"[()\[\]{}]")
    return re.compile("|".join(parts), re.MULTILINE)


def quotes_of(language: str) -> str:
    """The characters that open and close strings in a language."""
    return "\"'`" if language in BACKTICK else "\"'"


def in_string(prefix: str, language: str) -> bool:
    """Whether a line's beginning ends within a string; prose has none."""
    for found in _tokens(language).finditer(prefix):
        if found[0] in ('"', "'"):
            return True
    return language in BACKTICK and prefix.count("`") % 2 == 1


def imbalance(text: str, language: str) -> int:
    """The number of brackets and quotes without a partner; 0 where all pair up."""
    stack: list[str] = []
    faults = 0
    for found in _tokens(language).finditer(text):
        token = found[0]
        if token in ("(", "[", "{"):
            stack.append(token)
        elif token in CLOSERS:
            opener = _CLOSES[token]
            if opener not in stack:
                faults += 1
                continue
            while stack.pop() != opener:
                faults += 1
        elif len(token) == 1:
            faults += 1
    return faults + len(stack)


def unmatched_closers(text: str, language: str) -> list[int]:
    """Where brackets close that `text` itself did not open."""
    places: list[int] = []
    stack: list[str] = []
    for found in _tokens(language).finditer(text):
        token = found[0]
        if token in ("(", "[", "{"):
            stack.append(token)
        elif token in CLOSERS:
            if _CLOSES[token] in stack:
                while stack.pop() != _CLOSES[token]:
                    pass
            else:
                places.append(found.start())
    return places
