"""The signatures of a source file: the lines that introduce its functions, classes and types, without the bodies.

With each comes what says what it is for in a line: decorators, the first line of its documentation, the annotated
names of a class, and the fields of a short type. Languages with a grammar are read off their syntax trees; others, and
what does not parse, by lines and indentation, like `definitions.py`. Not here: what a tree tells (`syntax/outline.py`),
and when signatures stand in for a file (`context/prefix.py`).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence

from cachewise.shaping.definitions import LONGEST_LINE, definitions
from cachewise.syntax.outline import outline
from cachewise.syntax.trees import has_grammar

SHORTEST = 1_500
"""Characters. A shorter file is as well shown whole."""
_WORTH = 0.6
"""Of the text: signatures that take more of it stand for too little."""
_LANGUAGES = {
    ".py": "python", ".pyi": "python", ".ts": "typescript", ".mts": "typescript", ".cts": "typescript",
    ".tsx": "typescriptreact", ".js": "javascript", ".mjs": "javascript", ".cjs": "javascript",
    ".jsx": "javascriptreact", ".vue": "vue", ".svelte": "svelte", ".go": "go", ".rs": "rust", ".c": "c", ".h": "c",
    ".cc": "cpp", ".cpp": "cpp", ".hpp": "cpp", ".cs": "csharp", ".java": "java", ".dart": "dart", ".m": "objective-c",
}  # fmt: skip
"""By the suffix; of others only the words that introduce a definition are known."""
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_HOLDS_OTHERS = re.compile(r"[^=({]*\b(?:class|interface|trait|impl|struct|enum|protocol|record|namespace|mod)\b")
_SHORT_TYPE = re.compile(r"[^=(]*\b(?:interface|struct|enum|type|union)\b")
_COMMENT = re.compile(r"\s*(?:///?|/\*\*?|\*|#(?=\s)|--)")
_ONLY_COMMENT_MARKS = re.compile(r"\s*[/*#-]+\s*$")
_DOCSTRING = re.compile(r"\s*[rRuU]?(\"\"\"|''')")
_LONGEST_HEAD = 12
_LONGEST_TYPE = 40
_LONGEST_COMMENT = 12


def signatures(text: str, name: str) -> str:
    """The signatures of a file, each line as it stands there but for documentation strings, which are closed.

    Empty where the file is short, or the signatures are too much of it to stand for the whole.

    Args:
        text: Of the file.
        name: Of the file; its suffix tells the language.
    """
    if len(text) < SHORTEST:
        return ""
    language = _LANGUAGES.get(os.path.splitext(name)[1].lower(), "")
    lines: list[str] = _LINE.findall(text)
    kept = set(_told(lines, language) if has_grammar(language) else _by_lines(lines, language, ((0, len(lines)),)))
    found = "".join(_closed(lines[number]) for number in sorted(kept))
    return found if len(found) <= _WORTH * len(text) else ""


def _told(lines: Sequence[str], language: str) -> Iterator[int]:
    """The numbers of the lines that tell the definitions of a text that has a syntax tree."""
    found = outline(lines, language)
    yield from found.members
    for start, end in found.heads:
        if any(len(line) > LONGEST_LINE for line in lines[start:end]):
            continue
        yield from range(start, end)
        if language != "python":
            yield from _comment_above(lines, start - 1)
        elif end < len(lines) and _DOCSTRING.match(lines[end]):
            yield end
    if found.broken:
        yield from _by_lines(lines, language, found.broken)


def _by_lines(lines: Sequence[str], language: str, parts: Sequence[tuple[int, int]]) -> Iterator[int]:
    """The same of the definitions that begin in parts of a text, by the words that introduce them."""
    starts = [definition.line for definition in definitions("".join(lines), language)]
    for first, end in parts:
        within = [start for start in starts if first <= start < end]
        inner = _inside_functions(lines, within)
        for start in within:
            if start not in inner:
                yield from _signature(lines, start, language)


def _inside_functions(lines: Sequence[str], starts: Sequence[int]) -> set[int]:
    """Those of the definitions that stand in the body of a function, by the indentation of those before them."""
    inner = set()
    around: list[tuple[int, bool]] = []
    for start in starts:
        indent = _indent(lines[start])
        while around and around[-1][0] >= indent:
            around.pop()
        inside = bool(around) and around[-1][1]
        if inside:
            inner.add(start)
        around.append((indent, inside or not _HOLDS_OTHERS.match(lines[start])))
    return inner


def _signature(lines: Sequence[str], start: int, language: str) -> Iterator[int]:
    """The numbers of the lines that a definition is told by, as far as lines show it."""
    above = start - 1
    while above >= 0 and lines[above].lstrip().startswith("@"):
        above -= 1
    yield from range(above + 1, start)
    if language != "python":
        yield from _comment_above(lines, above)
    head = _balanced(lines, start, _LONGEST_HEAD, "([", ")]")
    yield from range(start, head)
    if language == "python":
        if head < len(lines) and _DOCSTRING.match(lines[head]):
            yield head
    elif _SHORT_TYPE.match(lines[start]) and "{" in "".join(lines[start:head]):
        end = _balanced(lines, start, _LONGEST_TYPE, "{", "}")
        yield from range(head, end if end < start + _LONGEST_TYPE else head)


def _comment_above(lines: Sequence[str], last: int) -> Iterator[int]:
    """The first line with words of the comment that ends at a line."""
    first = last
    while first >= 0 and last - first < _LONGEST_COMMENT and _COMMENT.match(lines[first]):
        first -= 1
    words = (n for n in range(first + 1, last + 1) if not _ONLY_COMMENT_MARKS.match(lines[n]))
    yield from list(words)[:1]


def _balanced(lines: Sequence[str], start: int, most: int, opening: str, closing: str) -> int:
    """The line behind the one in which the brackets that a line opens are closed, at most so many further on."""
    depth = 0
    for number in range(start, min(start + most, len(lines))):
        line = lines[number]
        depth += sum(map(line.count, opening)) - sum(map(line.count, closing))
        if depth <= 0:
            return number + 1
    return min(start + most, len(lines))


def _closed(line: str) -> str:
    """A line, with the documentation string closed that it begins."""
    begun = _DOCSTRING.match(line)
    if begun is None or line.count(begun[1]) > 1:
        return line
    content = line.rstrip()
    return f"{content}{begun[1]}{line[len(line.rstrip(chr(13) + chr(10))) :]}"


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" \t"))
