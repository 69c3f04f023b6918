"""Where *Explain again* is offered, and what an answer of a changed context says of itself."""

from __future__ import annotations

from decimal import Decimal

import pytest
from lsprotocol import types

from cachewise.features.answer import Answer
from cachewise.features.outdated import Outdated, Place
from cachewise.lsp.actions import ASK, EXPLAIN, refresh_actions
from cachewise.model.snapshot import Snapshot
from cachewise.model.usage import Cost, Tokens, Usage
from cachewise.session.documents import Documents

URI = "file:///a.py"
TEXT = "one\ntwo\nthree\n"
USAGE = Usage(
    feature="explain",
    model="m",
    source="answers",
    tokens=Tokens(),
    cost=Cost(usd=Decimal(0), source="billed", saved=None),
    first_token_ms=None,
    total_ms=1,
    outcome="complete",
)


def snapshot(start: int, end: int, version: int = 1, uri: str = URI) -> Snapshot:
    return Snapshot(
        uri=uri,
        version=version,
        language="python",
        text=TEXT,
        start=start,
        end=end,
        path=None,
        folder=None,
        name="a.py",
    )


@pytest.mark.parametrize(
    ("where", "found"),
    [
        (snapshot(5, 5), True),
        (snapshot(0, 4), True),
        (snapshot(7, 14), True),
        (snapshot(0, 3), False),
        (snapshot(8, 14), False),
        (snapshot(5, 5, version=2), False),
        (snapshot(5, 5, uri="file:///b.py"), False),
    ],
    ids=["inside", "up to its start", "from its end", "before", "behind", "after an edit", "elsewhere"],
)
def test_near(where: Snapshot, found: bool) -> None:
    outdated = Outdated()
    outdated.note(snapshot(4, 7), None, outdated=True)
    assert outdated.near(where) == ((Place(URI, 1, 4, 7, None),) if found else ())


def test_a_new_answer_ends_it_for_its_question_alone() -> None:
    outdated = Outdated()
    for question in (None, "Why?"):
        outdated.note(snapshot(4, 7), question, outdated=True)
    outdated.note(snapshot(4, 7), None, outdated=False)
    assert [place.question for place in outdated.near(snapshot(4, 7))] == ["Why?"]


def test_the_oldest_are_forgotten() -> None:
    outdated = Outdated()
    for number in range(200):
        outdated.note(snapshot(4, 7), str(number), outdated=True)
    kept = [place.question for place in outdated.near(snapshot(4, 7))]
    assert kept == [str(number) for number in range(136, 200)]


@pytest.mark.parametrize(("question", "command"), [(None, EXPLAIN), ("Why?", ASK)])
def test_the_action_asks_the_same_question_anew(question: str | None, command: str) -> None:
    documents = Documents()
    documents.open(URI, "python", 1, TEXT)
    params = types.CodeActionParams(
        text_document=types.TextDocumentIdentifier(uri=URI),
        range=types.Range(start=types.Position(1, 0), end=types.Position(1, 0)),
        context=types.CodeActionContext(diagnostics=[]),
    )
    places = [Place(URI, 1, 4, 7, question)]
    [action] = refresh_actions(params, documents.get(URI), places)
    assert action.command is not None
    assert action.command.arguments is not None
    span = {"start": {"line": 1, "character": 0}, "end": {"line": 1, "character": 3}}
    expected = {"uri": URI, "range": span, "refresh": True, "show": True}
    assert action.command.command == command
    assert action.command.arguments == [expected if question is None else {**expected, "question": question}]
    params.context.only = [types.CodeActionKind.QuickFix]
    assert refresh_actions(params, documents.get(URI), places) == []


@pytest.mark.parametrize(
    ("age", "words"),
    [(None, "less than a minute ago"), (120, "2 minutes ago"), (7200, "2 hours ago"), (200_000, "2 days ago")],
)
def test_the_remark_names_the_age(age: float | None, words: str) -> None:
    answer = Answer(text="t", source="answers", model="m", usage=USAGE, age_seconds=age, context_changed=True)
    assert answer.remark is not None
    assert words in answer.remark
    assert answer.to_json()["contextChanged"] is True


def test_a_current_answer_has_no_remark() -> None:
    answer = Answer(text="t", source="answers", model="m", usage=USAGE, age_seconds=5.0)
    assert answer.remark is None
    assert "contextChanged" not in answer.to_json()
