"""Code actions: which are offered when, and what their commands carry."""

from __future__ import annotations

from typing import Any

import pytest
from lsprotocol import types

from cachewise.lsp.actions import ASK, DOCUMENT, EXPLAIN, code_actions, first_definition
from cachewise.session.documents import Documents

URI = "file:///a.py"


def span(start: tuple[int, int], end: tuple[int, int]) -> types.Range:
    return types.Range(start=types.Position(*start), end=types.Position(*end))


def argument_of(action: types.CodeAction) -> dict[str, Any]:
    """The one argument of the action's command."""
    assert action.command is not None
    assert action.command.arguments is not None
    [argument] = action.command.arguments
    assert isinstance(argument, dict)
    return argument


SELECTION, CURSOR = span((1, 0), (4, 2)), span((1, 0), (1, 0))


def problem(message: str = "undefined name") -> types.Diagnostic:
    return types.Diagnostic(range=span((2, 4), (2, 9)), message=message)


def offered(
    where: types.Range, problems: int = 0, only: list[types.CodeActionKind | str] | None = None
) -> list[types.CodeAction]:
    context = types.CodeActionContext(diagnostics=[problem(f"problem {n}") for n in range(problems)], only=only)
    return code_actions(
        types.CodeActionParams(text_document=types.TextDocumentIdentifier(uri=URI), range=where, context=context)
    )


CASES: dict[str, tuple[types.Range, int, list[types.CodeActionKind | str] | None, list[str]]] = {
    "a cursor on nothing": (CURSOR, 0, None, []),
    "a selection": (SELECTION, 0, None, [EXPLAIN]),
    "a problem under the cursor": (CURSOR, 1, None, [ASK]),
    "a selection with problems": (SELECTION, 2, None, [EXPLAIN, ASK, ASK]),
    "only quick fixes": (SELECTION, 1, [types.CodeActionKind.QuickFix], [ASK]),
    "only quick fixes, as a string": (SELECTION, 1, ["quickfix"], [ASK]),
    "only refactorings": (SELECTION, 1, [types.CodeActionKind.Refactor], []),
    "only a kind of its own": (SELECTION, 1, ["source.fixAll.ruff"], []),
    "every kind": (SELECTION, 1, [types.CodeActionKind.Empty], [ASK]),
    "more problems than anybody reads": (CURSOR, 50, None, [ASK] * 5),
}


@pytest.mark.parametrize(("where", "problems", "only", "commands"), CASES.values(), ids=CASES)
def test_offers(
    where: types.Range, problems: int, only: list[types.CodeActionKind | str] | None, commands: list[str]
) -> None:
    actions = offered(where, problems, only)
    assert [action.command.command for action in actions if action.command] == commands


def test_the_selection_is_what_is_explained() -> None:
    [action] = offered(SELECTION)
    assert argument_of(action) == {
        "uri": URI,
        "range": {"start": {"line": 1, "character": 0}, "end": {"line": 4, "character": 2}},
        "show": True,
    }
    assert action.kind is None, "a kind would hide it from clients that ask for fixes only"


def test_a_problem_is_asked_about_where_it_is() -> None:
    [action] = offered(CURSOR, 1)
    assert action.kind == types.CodeActionKind.QuickFix
    argument = argument_of(action)
    assert argument["range"]["start"] == {"line": 2, "character": 4}
    assert argument["question"].endswith("problem 0")
    assert [found.message for found in action.diagnostics or []] == ["problem 0"]


def test_a_long_message_is_cut() -> None:
    context = types.CodeActionContext(diagnostics=[problem("x" * 10_000)])
    params = types.CodeActionParams(text_document=types.TextDocumentIdentifier(uri=URI), range=CURSOR, context=context)
    [action] = code_actions(params)
    assert len(argument_of(action)["question"]) < 600


TEXT = "import os\n\n\nclass A:\n    def f(self):\n        return 1\n"
PLACES = {
    "on it": (span((3, 2), (3, 2)), 3),
    "a selection that begins above": (span((0, 0), (6, 0)), 3),
    "a method": (span((4, 0), (5, 3)), 4),
    "in a body": (span((5, 3), (5, 3)), None),
    "below the end": (span((90, 0), (99, 0)), None),
}


@pytest.mark.parametrize(("where", "line"), PLACES.values(), ids=PLACES)
def test_documentation_goes_to_the_first_definition(where: types.Range, line: int | None) -> None:
    documents = Documents()
    documents.open(URI, "python", 1, TEXT)
    found = first_definition(documents.get(URI), where)
    assert found == line
    context = types.CodeActionContext(diagnostics=[])
    params = types.CodeActionParams(text_document=types.TextDocumentIdentifier(uri=URI), range=where, context=context)
    offers = [argument_of(a) for a in code_actions(params, found) if a.command and a.command.command == DOCUMENT]
    position = {"line": line, "character": 0}
    assert offers == ([] if line is None else [{"uri": URI, "position": position}])
