"""Code actions: *Explain selection*, *Explain this problem*, *Write documentation*. All are commands."""

from __future__ import annotations

from lsprotocol import types

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


def begins_definition(document: Document, where: types.Range) -> bool:
    """Whether a function or class begins in the lines of a range."""
    last = min(where.end.line, where.start.line + _MAX_LINES, document.line_count - 1)
    return any(
        definitions(document.line(number), document.language) for number in range(max(where.start.line, 0), last + 1)
    )


def code_actions(params: types.CodeActionParams, *, documentable: bool = False) -> list[types.CodeAction]:
    """The actions for a selection, each diagnostic and a definition, as far as the client asked for their kinds."""
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
    if documentable and not only:
        argument = {"uri": uri, "position": _range(params.range)["start"]}
        actions.append(_action("Write documentation", DOCUMENT, argument))
    return actions


def _action(title: str, command: str, argument: dict[str, object]) -> types.CodeAction:
    if command != DOCUMENT:
        argument["show"] = True
    return types.CodeAction(title=title, command=types.Command(title=title, command=command, arguments=[argument]))


def _range(span: types.Range) -> dict[str, dict[str, int]]:
    return {
        "start": {"line": span.start.line, "character": span.start.character},
        "end": {"line": span.end.line, "character": span.end.character},
    }
