"""Definitions in languages that put bodies in braces, by matching brackets outside strings and comments.

Not here: a real parser for each of them. Regular expressions of JavaScript and nested template strings are read
approximately.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from cachewise.answers.scope_span import Lines, Span, touched

_TOKEN = re.compile(
    r"""//[^\r\n]*|/\*.*?(?:\*/|\Z)|"(?:[^"\\\r\n]|\\.)*"|`(?:[^`\\]|\\.)*`|'(?:[^'\\\r\n]|\\.){1,12}'"""
    r"""|[{}();]|\n[ \t]*\r?(?=\n)""",
    re.DOTALL,
)
_CONTROL = re.compile(
    r"(?:\}?\s*)?(?:if|else|for|foreach|while|do|switch|match|try|catch|finally|loop|unsafe|select|synchronized|using"
    r"|lock|defer|guard|when|with|return|throw|case|default)\b"
)
_NAMED = re.compile(
    r"\b(?:class|struct|enum|union|interface|trait|impl|namespace|mod|module|object|record|protocol|extension|package"
    r"|func|function|fn|fun|def|type|contract|actor)\b|\)[^;{}=]*$|^[.#@&:\[\w*-][^;{}=]*$"
)


_VALUE = re.compile(r"(?<![=])[=(,\[?&|+:]$|\breturn$")
"""What a brace that begins a value stands behind."""
_ARROW = re.compile(r"(?:\)|\b\w+)\s*=>$")


_LONGEST_HEADER = 4000


@dataclass(frozen=True, slots=True)
class _Pair:
    head: int
    """Where its header begins."""
    brace: int
    close: int


def find(text: str, start: int, end: int, *, arrows: bool = False) -> Span | None:
    """The innermost definition in braces that holds the selection; None where there is none.

    Args:
        text: The whole document.
        start: Where the selection starts.
        end: Where it ends.
        arrows: Whether `=> {` begins a function in this language.
    """
    lines = Lines(text)
    first, last = touched(lines, start, end)
    low = min(lines.end(first), max(start, _first_text(text, lines.starts[first])))
    high = max(end if last == lines.at(end) else lines.end(last), low)
    around = [p for p in _pairs(text) if p.head <= low and high <= p.close and _is_definition(text, p, arrows)]
    if not around:
        return None
    around.sort(key=lambda pair: (pair.head, -pair.close))
    own = around[-1]
    headers = tuple(_header(text, pair) for pair in around[:-1])
    return Span(lines.starts[lines.at(own.head)] if _alone(text, lines, own.head) else own.head, own.close, headers)


def _pairs(text: str) -> list[_Pair]:
    """All pairs of braces with the place where the text that leads up to each begins."""
    pairs: list[_Pair] = []
    stack: list[tuple[int, int, int]] = []
    head, depth = _first_text(text, 0), 0
    for token in _TOKEN.finditer(text):
        mark, place = token.group(), token.start()
        if mark == "(":
            depth += 1
        elif mark == ")":
            depth = max(0, depth - 1)
        elif mark == "{":
            stack.append((head, place, depth))
            head, depth = _first_text(text, place + 1), 0
        elif mark == "}":
            head, depth = _first_text(text, place + 1), 0
            if stack:
                began, brace, around = stack.pop()
                pairs.append(_Pair(began, brace, place + 1))
                if around:  # it stood in parentheses, so what leads up to the next brace began before it
                    head, depth = began, around
        elif depth == 0 and (mark == ";" or mark.startswith("\n")):
            head = _first_text(text, token.end())
    return pairs


def _is_definition(text: str, pair: _Pair, arrows: bool) -> bool:
    header = _header(text, pair)
    if not header or _CONTROL.match(header) or _VALUE.search(header):
        return False
    return _NAMED.search(header) is not None or (arrows and _ARROW.search(header) is not None)


def _header(text: str, pair: _Pair) -> str:
    """What leads up to the brace, on one line and without comments."""
    return " ".join(
        re.sub(
            r"//[^\r\n]*|/\*.*?\*/",
            " ",
            text[max(pair.head, pair.brace - _LONGEST_HEADER) : pair.brace],
            flags=re.DOTALL,
        ).split()
    )


def _first_text(text: str, offset: int) -> int:
    while offset < len(text) and text[offset].isspace():
        offset += 1
    return offset


def _alone(text: str, lines: Lines, offset: int) -> bool:
    """Whether nothing stands before `offset` on its line."""
    return not text[lines.starts[lines.at(offset)] : offset].strip()
