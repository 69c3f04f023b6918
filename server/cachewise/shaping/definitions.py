"""Where functions, classes and types begin in a text, line by line, by the words that introduce them.

Good enough to offer something there; a line too many or too few does no harm. Not here: where a definition ends
(`answers/scope.py`).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

LONGEST_LINE = 300
"""Characters. What is longer was not written by hand, and the patterns below are not meant for it."""
_WORDS = re.compile(
    r"\s*(?:(?:export|default|declare|pub(?:\([^)]*\))?|public|private|protected|internal|static|final|abstract|sealed"
    r"|async|unsafe|const|extern|override|open|data|local|partial)\s+)*"
    r"(?:def|class|fn|func|fun|function\*?|struct|enum|trait|interface|impl|record|protocol)\s+"
    r"(?:\([^)]*\)\s*)?"  # the receiver of a Go method
    r"(?:[^\W\d]\w*[.:])*"  # the table of a Lua function
    r"([^\W\d]\w*)"
)
_GO_TYPE = re.compile(r"type\s+([^\W\d]\w*)\s+(?:struct|interface)\b")
_TYPED = re.compile(
    r"\s*(?!(?:return|else|new|if|for|while|switch|throw|case|await|yield)\b)"
    r"[^\W\d][\w<>\[\],&:.*?]*\s[\w<>\[\],&:.*? ]*?([^\W\d]\w*)\s?\([^;{}]*\)[^;{}=]*\{\s*$"
)
"""`static int area(Box box) {`: a type, a name, parameters and an opening brace."""
_TYPED_LANGUAGES = frozenset({"c", "cpp", "csharp", "dart", "java", "objective-c"})
_SCRIPT_METHOD = re.compile(
    r"\s+(?:(?:public|private|protected|static|async|override|readonly|get|set)\s+)*\*?\s?"
    r"(?!(?:if|for|while|switch|catch|function|return|with)\b)([#$\w][$\w]*)\s*(?:<[^<>()]*>)?\([^;{}]*\)[^;{}=()]*\{\s*$"
)
"""`  async load(url: string): Promise<void> {`: a method has no word of its own in front of its name."""
_SCRIPT_VALUE = re.compile(
    r"\s*(?:export\s+)?(?:default\s+)?(?:const|let|var)\s+([$\w]+)\s*(?::[^=]+)?=\s*(?:async\s+)?"
    r"(?:function\b|(?:<[^<>()]*>)?\([^;{}]*\)[^;{}=()]*=>|[$\w]+\s*=>|class\b)"
)
_SCRIPT_TYPE = re.compile(r"(?:export\s+)?(?:declare\s+)?type\s+([$\w]+)\s*(?:<[^=]*>)?\s*=")
_SCRIPTS = frozenset({"javascript", "javascriptreact", "typescript", "typescriptreact", "svelte", "vue"})
_LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Definition:
    """The line that begins a definition. Offsets in the text."""

    line: int
    """From 0."""
    name: str
    start: int
    """Of the name."""


def definitions(text: str, language: str) -> list[Definition]:
    """All definitions of a text, in order."""
    found = []
    start = 0
    for number, line in enumerate(_LINE_END.split(text)):
        if 0 < len(line) <= LONGEST_LINE:
            name = _name(line, language)
            if name is not None:
                found.append(Definition(number, name[0], start + name[1]))
        start += len(line)
        if start < len(text):
            start += 2 if text.startswith("\r\n", start) else 1
    return found


def definition_at(text: str, language: str, start: int, end: int) -> Definition | None:
    """The first definition that begins between two offsets."""
    starts = [0, *(match.end() for match in _LINE_END.finditer(text))]
    first, last = bisect_right(starts, start) - 1, bisect_right(starts, max(start, end - 1)) - 1
    return next((d for d in definitions(text, language) if first <= d.line <= last), None)


def _name(line: str, language: str) -> tuple[str, int] | None:
    for pattern in (_WORDS, *_own_patterns(language)):
        match = pattern.match(line)
        if match is not None:
            return match[1], match.start(1)
    return None


def _own_patterns(language: str) -> tuple[re.Pattern[str], ...]:
    """What a language has beyond the words that introduce a definition."""
    if language == "go":
        return (_GO_TYPE,)
    if language in _TYPED_LANGUAGES:
        return (_TYPED,)
    return (_SCRIPT_VALUE, _SCRIPT_TYPE, _SCRIPT_METHOD) if language in _SCRIPTS else ()
