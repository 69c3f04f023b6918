"""Strings and comments that go on over several lines: what indentation says in them says nothing about the code.

A scanner by line, for languages whose marks are known. Not here: brackets (`brackets.py`).
"""

from __future__ import annotations

import re

from cachewise.shaping.brackets import BACKTICK, DASHES, HASH

_ENDS = {'"""': '"""', "'''": "'''", "`": "`", "/*": "*/", "<!--": "-->", "[[": "]]", "--[[": "]]"}
_TRIPLE = frozenset({"python", "starlark"})
_MARKUP = frozenset({"html", "xml", "vue", "svelte"})
_PLAIN = frozenset({"markdown", "mdx", "plaintext", "latex", "restructuredtext", "yaml", "toml"})


def awaited(line: str, waits: str | None, language: str) -> str | None:
    """What ends the string or comment that is open at the end of a line; None where none is.

    Args:
        line: The line, without its end.
        waits: What was awaited at its start.
        language: The LSP language id.
    """
    tokens = _tokens(language)
    if tokens is None:
        return None
    at = 0
    while True:
        if waits is not None:
            end = re.compile(rf"(?<!\\){re.escape(waits)}").search(line, at)
            if end is None:
                return waits
            at = end.end()
        found = tokens.search(line, at)
        if found is None:
            return None
        at, waits = found.end(), _ENDS.get(found[0])


def _tokens(language: str) -> re.Pattern[str] | None:
    """What opens something, and what is passed over whole; None where a language has nothing of several lines."""
    if language in _PLAIN:
        return None
    if language in _MARKUP:
        return re.compile("<!--")
    parts = [r'"""', r"'''"] if language in _TRIPLE else []
    parts += [r"--\[\[", r"\[\["] if language == "lua" else []
    parts += [r'"(?:\\.|[^"\\])*"', r"'(?:\\.|[^'\\])*'"]
    if language in BACKTICK:
        parts.append("`")
    if language in HASH:
        parts.append("#.*")
    else:
        parts += ["--.*"] if language in DASHES else [r"//.*", r"/\*"]
    return re.compile("|".join(parts))
