"""Documentation comments: what a model wrote, as a comment in a language's own style, and where that belongs.

Only comments are ever written: whatever the text holds, it can't end the comment that it stands in. Not here: asking
(`features/document.py`).
"""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Sequence
from dataclasses import dataclass

from cachewise.shaping.trim import eol_of

_LINE_ENDS = re.compile(r"\r\n|[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]")
"""Everything that some language takes for the end of a line."""
_UNSEEN = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
"""Characters that could make a comment look like something else."""
_LINES = {"rust": "///", "go": "//", "lua": "---", "csharp": "///", "swift": "///", "zig": "///", "dart": "///"}
_HASH = frozenset({"ruby", "shellscript", "perl", "r", "elixir", "yaml", "toml", "julia", "nim", "powershell"})
_BLOCK_START, _BLOCK_END = "/**", "*/"
_MARKERS = re.compile(r"^\s*(?:/\*\*|\*/|\*(?=\s|$)|///|//|---|#(?=\s|$))\s?")


_SOURCE_LINES = re.compile(r"(?<=\n)|(?<=\r)(?!\n)")


@dataclass(frozen=True, slots=True)
class _Head:
    """The start of a Python definition; places are the tokenizer's rows and columns."""

    colon: tuple[int, int]
    block: bool
    """Whether its body stands on lines of its own."""
    inner: str | None
    """The body's indentation, where there is a body."""
    docstring: tuple[tuple[int, int], tuple[int, int]] | None


@dataclass(frozen=True, slots=True)
class Insertion:
    """Replace the text between two offsets."""

    start: int
    end: int
    text: str


def prose(raw: str) -> list[str]:
    """The lines of documentation in an answer, without fence, quotes and comment markers."""
    lines = [_UNSEEN.sub("", line).rstrip() for line in _LINE_ENDS.split(raw)]
    fences = [number for number, line in enumerate(lines) if line.lstrip().startswith("```")]
    if fences and fences[0] == next((n for n, line in enumerate(lines) if line), 0):
        lines = lines[fences[0] + 1 : fences[-1] if len(fences) > 1 else None]
    text = "\n".join(lines).strip("\n")
    for quote in ('"""', "'''"):
        bare = text.strip()
        for prefix in ("", "r", "R"):
            if bare.startswith(prefix + quote):
                text = bare[len(prefix) + 3 :].removesuffix(quote)
    lines = text.split("\n")
    filled = [line for line in lines if line.strip()]
    if filled and all(_MARKERS.match(line) for line in filled):
        lines = [_MARKERS.sub("", line).removesuffix(_BLOCK_END).rstrip() for line in lines]
    return _dedented(lines)


def insertion(text: str, language: str, line: int, raw: str) -> Insertion | None:
    """Where the documentation of a definition goes, and how it looks there; what documents it already is replaced.

    Args:
        text: The whole document.
        language: The LSP language id.
        line: The number of the line that begins the definition, from 0.
        raw: What the model wrote.

    Returns:
        None where there is nothing to write, or no place for it.
    """
    lines, eol = prose(raw), eol_of(text)
    if not lines:
        return None
    source = _SOURCE_LINES.split(text)
    if language == "python":
        return _docstring(source, line, lines, eol)
    return _comment_above(source, language, line, lines, eol)


def _comment_above(source: Sequence[str], language: str, line: int, lines: list[str], eol: str) -> Insertion:
    while line > 0 and source[line - 1].lstrip().startswith(("@", "#[")):
        line -= 1
    indent = _indent(source[line])
    marker = "#" if language in _HASH else _LINES.get(language)
    first = line
    if marker is not None:
        while first > 0 and _is_prose(source[first - 1].lstrip(), marker):
            first -= 1
        body = [f"{indent}{marker} {text}".rstrip() for text in lines]
    else:
        if line > 0 and source[line - 1].rstrip().endswith(_BLOCK_END):
            above = line - 1
            while above > 0 and "/*" not in source[above]:
                above -= 1
            if source[above].lstrip().startswith(_BLOCK_START):
                first = above
        safe = [text.replace(_BLOCK_END, "* /").replace("/*", "/ *") for text in lines]
        body = [f"{indent}{_BLOCK_START}", *(f"{indent} * {text}".rstrip() for text in safe), f"{indent} {_BLOCK_END}"]
    start, end = sum(map(len, source[:first])), sum(map(len, source[:line]))
    return Insertion(start, end, "".join(text + eol for text in body))


def _is_prose(line: str, marker: str) -> bool:
    """Whether it is a comment to people, and not one to a tool."""
    return line.startswith(marker) and not line.startswith(("#!", "//go:", "// +build", "//nolint"))


def _docstring(source: Sequence[str], line: int, lines: list[str], eol: str) -> Insertion | None:
    """Behind the colon of `def` or `class`, in the place of a docstring that is there."""
    indent = _indent(source[line])
    rows = [0]
    for piece in source:
        rows.append(rows[-1] + len(piece))

    def offset(place: tuple[int, int]) -> int:
        # The tokenizer saw the header without its indentation, and counts lines from 1.
        row, column = place
        return rows[line + row - 1] + column + (len(indent) if row == 1 else 0)

    code = "".join(source[line:])[len(indent) :].replace("\r\n", "\n").replace("\r", "\n")
    head = _python_head(code)
    if head is None:
        return None
    inner = head.inner or indent + ("\t" if "\t" in indent else "    ")
    quoted = _quoted(lines, inner, eol)
    if head.docstring is not None:
        return Insertion(offset(head.docstring[0]), offset(head.docstring[1]), quoted.removeprefix(inner).rstrip())
    if not head.block:
        start = offset(head.colon)
        line_text = source[line + head.colon[0] - 1]
        behind = line_text[start - rows[line + head.colon[0] - 1] :]
        return Insertion(start, start + len(behind) - len(behind.lstrip(" \t")), eol + quoted + inner)
    at = rows[line + head.colon[0]]
    lead = "" if source[line + head.colon[0] - 1].endswith(("\n", "\r")) else eol
    return Insertion(at, at, lead + quoted)


def _python_head(code: str) -> _Head | None:
    """What the tokenizer finds at the start of a definition; whatever is wrong behind that does not matter."""
    depth, colon, block, inner = 0, None, False, None
    docstring: tuple[tuple[int, int], tuple[int, int]] | None = None
    try:
        for token in tokenize.generate_tokens(io.StringIO(code).readline):
            if colon is None:
                depth += (token.string in ("(", "[", "{")) - (token.string in (")", "]", "}"))
                if token.type == tokenize.OP and token.string == ":" and depth == 0:
                    colon = token.end
                elif token.type in (tokenize.NEWLINE, tokenize.ENDMARKER):
                    return None
            elif not block:
                if token.type == tokenize.NEWLINE:
                    block = True
                elif token.type != tokenize.COMMENT:
                    return _Head(colon, block, inner, None)
            elif docstring is not None:
                whole = token.type in (tokenize.NEWLINE, tokenize.COMMENT)
                return _Head(colon, block, inner, docstring if whole else None)
            elif token.type == tokenize.INDENT:
                inner = token.string
            elif token.type == tokenize.STRING and inner is not None:
                docstring = token.start, token.end
            elif token.type not in (tokenize.NL, tokenize.COMMENT):
                break
    except (tokenize.TokenError, SyntaxError):
        block = True  # unfinished code behind the header
    return None if colon is None else _Head(colon, block, inner, None)


def _quoted(lines: list[str], indent: str, eol: str) -> str:
    """A docstring, each line with its indentation and end."""
    safe = [line.replace('"""', "'''") for line in lines]
    mark = 'r"""' if any("\\" in line for line in safe) else '"""'
    if safe[-1].endswith(('"', "\\")):
        safe[-1] += " "
    if len(safe) == 1:
        return f'{indent}{mark}{safe[0]}"""{eol}'
    body = [f"{indent}{mark}{safe[0]}", *(f"{indent}{line}".rstrip(" \t") for line in safe[1:-1])]
    return eol.join([*body, f"{indent}{safe[-1]}", f'{indent}"""', ""])


def _dedented(lines: list[str]) -> list[str]:
    """Without the margin that all lines but the first have, and without blank lines around."""
    while lines and not lines[0].strip():
        lines = lines[1:]
    while lines and not lines[-1].strip():
        lines = lines[:-1]
    rest = [line for line in lines[1:] if line.strip()]
    margin = min((len(line) - len(line.lstrip()) for line in rest), default=0)
    return [line.strip() if number == 0 else line[margin:].rstrip() for number, line in enumerate(lines)]


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" \t"))]
