"""Definitions in Python, by its own parser.

Not here: files that do not parse, which are most files while somebody types (`scope_indent.py`).
"""

from __future__ import annotations

import ast
import warnings

from cachewise.answers.scope_span import Lines, Span, touched

_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def find(text: str, start: int, end: int) -> Span | None:
    """The innermost function or class that holds the selection, else the top statements it touches.

    None if the text does not parse or the selection touches no statement.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # invalid escapes are the user's affair
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    lines = Lines(text)
    first, last = touched(lines, start, end)
    body: list[ast.stmt] = tree.body
    chain: list[_Definition] = []
    while (inner := _holding(body, first, last)) is not None:
        if isinstance(inner, _Definition):
            chain.append(inner)
        body = _statements(inner)
    if chain:
        own = chain[-1]
        headers = tuple(_header(lines, outer) for outer in chain[:-1])
        return Span(lines.starts[_first_line(own)], lines.end((own.end_lineno or own.lineno) - 1), headers)
    reached = [s for s in tree.body if _first_line(s) <= last and (s.end_lineno or s.lineno) - 1 >= first]
    if not reached:
        return None
    return Span(lines.starts[_first_line(reached[0])], lines.end((reached[-1].end_lineno or 1) - 1))


def _holding(body: list[ast.stmt], first: int, last: int) -> ast.stmt | None:
    for statement in body:
        if _first_line(statement) <= first and last <= (statement.end_lineno or statement.lineno) - 1:
            return statement
    return None


def _statements(statement: ast.stmt) -> list[ast.stmt]:
    """The statements inside a statement, whatever branch they stand in."""
    found: list[ast.stmt] = []
    for child in ast.iter_child_nodes(statement):
        if isinstance(child, ast.stmt):
            found.append(child)
        elif isinstance(child, ast.ExceptHandler | ast.match_case):
            found.extend(child.body)
    return found


def _first_line(statement: ast.stmt) -> int:
    """Decorators belong to what they decorate."""
    decorators = statement.decorator_list if isinstance(statement, _Definition) else []
    return min([statement.lineno, *(d.lineno for d in decorators)]) - 1


def _header(lines: Lines, definition: _Definition) -> str:
    """The lines from `def` or `class` to just before the body."""
    last = max(definition.lineno, definition.body[0].lineno - 1)
    return " ".join(lines.line(number - 1).strip() for number in range(definition.lineno, last + 1)).strip()
