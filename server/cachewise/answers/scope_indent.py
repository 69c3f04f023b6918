"""Definitions by indentation and a leading keyword: broken Python, Ruby, Lua, shell and whatever else is not known.

Not here: languages whose definitions stand in braces (`scope_braces.py`).
"""

from __future__ import annotations

import re

from cachewise.answers.scope_span import Lines, Span, touched

_DEFINITION = re.compile(
    r"\s*(?:(?:async|export|default|local|private|public|protected|static|pub|abstract|inline)\s+)*"
    r"(?:def|class|module|function|func|fun|fn|sub|proc|defp|defmodule|defmacro|interface|struct|trait|impl|type)\b"
)
_DECORATOR = re.compile(r"\s*@\w")
_CLOSER = re.compile(r"\s*(?:end\b|\}|\)|fi\b|done\b)")


def find(text: str, start: int, end: int) -> Span | None:
    """The innermost definition whose indented body holds the selection; None where there is none."""
    lines = Lines(text)
    first, last = touched(lines, start, end)
    headers: list[int] = []
    limit = _depth(lines, first)
    for number in range(first, -1, -1):
        if lines.is_blank(number):
            continue
        indent = lines.indent(number)
        if number != first and indent >= limit:
            continue
        if _DEFINITION.match(lines.line(number)) and _last_line(lines, number) >= last:
            headers.insert(0, number)
            limit = indent
        elif number != first:
            limit = min(limit, indent)
        if limit == 0:
            break
    if not headers:
        return None
    own = headers[-1]
    bottom = _last_line(lines, own)
    while own > 0 and _DECORATOR.match(lines.line(own - 1)) and lines.indent(own - 1) == lines.indent(own):
        own -= 1
    outer = tuple(lines.line(number).strip() for number in headers[:-1])
    return Span(lines.starts[own], lines.end(bottom), outer)


def _depth(lines: Lines, first: int) -> int:
    """How deep the selection stands; a blank line stands as deep as the text above it, or below it if that is less."""
    if not lines.is_blank(first):
        return lines.indent(first)
    above = next((lines.indent(n) + 1 for n in range(first - 1, -1, -1) if not lines.is_blank(n)), 0)
    below = next((lines.indent(n) for n in range(first + 1, len(lines)) if not lines.is_blank(n)), 0)
    return min(above, below + 1) if below else 0


def _last_line(lines: Lines, header: int) -> int:
    """The last line of the body below a header, with a closing word at the header's own depth."""
    depth, bottom = lines.indent(header), header
    for number in range(header + 1, len(lines)):
        if lines.is_blank(number):
            continue
        if lines.indent(number) <= depth:
            if lines.indent(number) == depth and _CLOSER.match(lines.line(number)):
                bottom = number
            break
        bottom = number
    return bottom
