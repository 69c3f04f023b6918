"""Code actions: *Explain selection*, *Explain again* and the like. All are commands."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lsprotocol import types

from cachewise.features.outdated import Place
from cachewise.features.problems import Problem
from cachewise.session.documents import Document
from cachewise.shaping.definitions import definitions

EXPLAIN = "cachewise.explain"
ASK = "cachewise.ask"
DOCUMENT = "cachewise.document"
_MAX_MESSAGE = 500
"""Characters of a diagnostic's message that go into the question."""
_MAX_PROBLEMS = 5
_MAX_LINES = 200
"""Lines of a selection that are looked through for a definition."""


def first_definition(document: Document, where: types.Range) -> int | None:
    """The first line of a range at which a function or class begins, if there is one."""
    first = max(where.start.line, 0)
    last = min(where.end.line, first + _MAX_LINES, document.line_count - 1)
    return next(
        (number for number in range(first, last + 1) if definitions(document.line(number), document.language)), None
    )


def code_actions(params: types.CodeActionParams, definition: int | None = None) -> list[types.CodeAction]:
    """The actions for a selection, each diagnostic and a definition, as far as the client asked for their kinds.

    Args:
        params: What the client asks for.
        definition: The line at which a function or class begins that could be documented.
    """
    only = [str(getattr(kind, "value", kind)) for kind in params.context.only or []]
    uri = params.text_document.uri
    actions = []
    if params.range.start != params.range.end and not only:
        actions.append(_action("Explain selection", EXPLAIN, {"uri": uri, "range": _range(params.range)}))
    if not only or any(kind in ("", types.CodeActionKind.QuickFix.value) for kind in only):
        for diagnostic in params.context.diagnostics[:_MAX_PROBLEMS]:
            question = "Explain this problem and how to solve it: " + diagnostic.message[:_MAX_MESSAGE]
            argument: dict[str, object] = {"uri": uri, "range": _range(diagnostic.range), "question": question}
            action = _action("Explain this problem", ASK, argument)
            action.kind = types.CodeActionKind.QuickFix
            action.diagnostics = [diagnostic]
            actions.append(action)
    if definition is not None and not only:
        argument = {"uri": uri, "position": {"line": definition, "character": 0}}
        actions.append(_action("Write documentation", DOCUMENT, argument))
    return actions


def reported(params: types.CodeActionParams, document: Document) -> tuple[list[str], list[Problem]]:
    """The lines of a document that a request for actions is about, and what the client says is wrong in them."""
    first = max(params.range.start.line, 0)
    last = min(params.range.end.line, first + _MAX_LINES, document.line_count - 1)
    found = [
        Problem(document.line(diagnostic.range.start.line).rstrip("\r\n"), diagnostic.message)
        for diagnostic in params.context.diagnostics[:_MAX_PROBLEMS]
        if 0 <= diagnostic.range.start.line < document.line_count
    ]
    return [document.line(number).rstrip("\r\n") for number in range(first, last + 1)], found


def refresh_actions(
    params: types.CodeActionParams, document: Document, outdated: Iterable[Place]
) -> list[types.CodeAction]:
    """*Explain again* for what was answered by an answer whose context has changed."""
    actions = []
    for place in outdated if not params.context.only else ():
        start, end = document.position_at(place.start), document.position_at(place.end)
        span = types.Range(start=types.Position(*start), end=types.Position(*end))
        argument: dict[str, object] = {"uri": place.uri, "range": _range(span), "refresh": True}
        if place.question is None:
            actions.append(_action("Explain again: what it depends on has changed", EXPLAIN, argument))
        else:
            argument["question"] = place.question
            actions.append(_action("Ask again: what it depends on has changed", ASK, argument))
    return actions


def as_client_knows(
    actions: Iterable[types.CodeAction], capabilities: dict[str, Any]
) -> list[types.CodeAction | types.Command]:
    """The actions themselves, or only their commands for a client that does not announce that it knows actions."""
    document = capabilities.get("textDocument")
    announced = document.get("codeAction") if isinstance(document, dict) else None
    if isinstance(announced, dict) and announced.get("codeActionLiteralSupport"):
        return list(actions)
    return [action.command for action in actions if action.command is not None]


def _action(title: str, command: str, argument: dict[str, object]) -> types.CodeAction:
    if command != DOCUMENT:
        argument["show"] = True
    return types.CodeAction(title=title, command=types.Command(title=title, command=command, arguments=[argument]))


def _range(span: types.Range) -> dict[str, dict[str, int]]:
    return {
        "start": {"line": span.start.line, "character": span.start.character},
        "end": {"line": span.end.line, "character": span.end.character},
    }
