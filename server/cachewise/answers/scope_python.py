"""Definitions in Python, by its own parser.

Not here: files that do not parse, which are most files while somebody types (`scope_indent.py`).
"""

from __future__ import annotations

import ast
import functools
import warnings
from dataclasses import dataclass

from cachewise.answers.scope_span import Lines, Span, touched

_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True, slots=True)
class _Statement:
    """What is needed of a statement. Lines count from 0."""

    first: int
    """Decorators belong to what they decorate."""
    last: int
    header: tuple[int, int] | None
    """First and last line of a definition's `def` or `class`, up to just before its body; None for anything else."""
    inside: tuple[_Statement, ...]
    """The statements inside, whatever branch they stand in."""


def find(text: str, start: int, end: int) -> Span | None:
    """The innermost function or class that holds the selection, else the top statements it touches.

    None if the text does not parse or the selection touches no statement.
    """
    outline = _outline(text)
    if outline is None:
        return None
    lines = Lines(text)
    first, last = touched(lines, start, end)
    chain: list[tuple[_Statement, str]] = []
    body = outline
    while (inner := _holding(body, first, last)) is not None:
        if inner.header is not None:
            words = (lines.line(number).strip() for number in range(inner.header[0], inner.header[1] + 1))
            chain.append((inner, " ".join(words).strip()))
        body = inner.inside
    if chain:
        own = chain[-1][0]
        return Span(lines.starts[own.first], lines.end(own.last), tuple(header for _, header in chain[:-1]))
    reached = [statement for statement in outline if statement.first <= last and statement.last >= first]
    if not reached:
        return None
    return Span(lines.starts[reached[0].first], lines.end(reached[-1].last))


@functools.lru_cache(maxsize=4)
def _outline(text: str) -> tuple[_Statement, ...] | None:
    """The statements of a text, None if it does not parse.

    Remembered, since questions about one version of a file come in groups, and parsing takes 5 ms for 20 kB.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # invalid escapes are the user's affair
            return _statements(ast.parse(text))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _statements(node: ast.AST) -> tuple[_Statement, ...]:
    found: list[_Statement] = []
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt):
            found.append(_statement(child))
        elif isinstance(child, ast.ExceptHandler | ast.match_case):
            found.extend(_statements(child))
    return tuple(found)


def _statement(node: ast.stmt) -> _Statement:
    first, header = node.lineno - 1, None
    if isinstance(node, _Definition):
        header = node.lineno - 1, max(node.lineno - 1, node.body[0].lineno - 2)
        first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)]) - 1
    return _Statement(first, (node.end_lineno or node.lineno) - 1, header, _statements(node))


def _holding(body: tuple[_Statement, ...], first: int, last: int) -> _Statement | None:
    return next((inner for inner in body if inner.first <= first and last <= inner.last), None)
