"""Parameters of cachewise's own messages: what fits and what comes of it, and that all else is refused."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cachewise.faults import InvalidParams
from cachewise.lsp.params import Place, QuestionParams, place_argument, question_arguments, question_params

URI = "file:///a.py"
HERE = {"line": 1, "character": 2}
THERE = {"line": 3, "character": 0}
PLACE = Place(uri=URI, start=(1, 2), end=None)


def params(**more: Any) -> QuestionParams:
    values: dict[str, Any] = {"question": None, "refresh": False, "work_done_token": None, "partial_token": None}
    return QuestionParams(**{"place": PLACE, **values, **more})


GOOD: dict[str, tuple[bool, dict[str, Any], QuestionParams]] = {
    "a position": (False, {"position": HERE}, params()),
    "a range": (
        False,
        {"range": {"start": HERE, "end": THERE}},
        params(place=Place(uri=URI, start=(1, 2), end=(3, 0))),
    ),
    "a range backwards": (
        False,
        {"range": {"start": THERE, "end": HERE}},
        params(place=Place(uri=URI, start=(1, 2), end=(3, 0))),
    ),
    "a range goes before a position": (
        False,
        {"position": THERE, "range": {"start": HERE, "end": HERE}},
        params(place=Place(uri=URI, start=(1, 2), end=(1, 2))),
    ),
    "a question only": (
        True,
        {"question": "Why?"},
        params(place=Place(uri=URI, start=(0, 0), end=None), question="Why?"),
    ),
    "explain with a question": (False, {"position": HERE, "question": "Why?"}, params(question="Why?")),
    "tokens": (
        False,
        {"position": HERE, "workDoneToken": 0, "partialResultToken": ""},
        params(work_done_token=0, partial_token=""),
    ),
    "null means absent": (
        False,
        {"position": HERE, "range": None, "question": None, "refresh": None, "workDoneToken": None, "show": None},
        params(),
    ),
    "refresh and show": (False, {"position": HERE, "refresh": True, "show": True}, params(refresh=True, show=True)),
    "a document": (
        False,
        {"position": HERE, "document": "cachewise:/a.md"},
        params(document="cachewise:/a.md", tell_document=True),
    ),
    "a document to tell": (False, {"position": HERE, "document": True}, params(tell_document=True)),
    "unknown fields are left alone": (False, {"position": HERE, "colour": "red"}, params()),
    "the largest place": (
        False,
        {"position": {"line": 2**31 - 1, "character": 2**31 - 1}},
        params(place=Place(uri=URI, start=(2**31 - 1, 2**31 - 1), end=None)),
    ),
}


@pytest.mark.parametrize(("question", "given_params", "wanted"), GOOD.values(), ids=GOOD)
def test_what_fits(question: bool, given_params: dict[str, Any], wanted: QuestionParams) -> None:
    message = {"textDocument": {"uri": URI}, **given_params}
    assert question_params(message, needs_question=question) == wanted
    # The commands take the same in one flat object.
    argument = {"uri": URI, **given_params}
    if "partialResultToken" in argument:
        argument["token"] = argument.pop("partialResultToken")
    assert question_arguments([argument], needs_question=question, work_done_token=None) == wanted


BAD: dict[str, dict[str, Any]] = {
    "uri": {"uri": 5, "position": HERE},
    "empty uri": {"uri": "", "position": HERE},
    "no place": {"uri": URI},
    "position": {"uri": URI, "position": "here"},
    "character": {"uri": URI, "position": {"line": 0, "character": None}},
    "boolean line": {"uri": URI, "position": {"line": False, "character": 0}},
    "range": {"uri": URI, "range": []},
    "range.end": {"uri": URI, "range": {"start": HERE, "end": {}}},
    "question": {"uri": URI, "position": HERE, "question": {}},
    "long question": {"uri": URI, "position": HERE, "question": "x" * 20_001},
    "refresh": {"uri": URI, "position": HERE, "refresh": 1},
    "show": {"uri": URI, "position": HERE, "show": "true"},
    "token": {"uri": URI, "position": HERE, "token": 1.5},
    "workDoneToken": {"uri": URI, "position": HERE, "workDoneToken": []},
}


@pytest.mark.parametrize("argument", BAD.values(), ids=BAD)
def test_what_does_not_fit(argument: dict[str, Any]) -> None:
    with pytest.raises(InvalidParams):
        question_arguments([argument], needs_question=False, work_done_token=None)


def test_the_clients_own_work_token_counts_unless_the_argument_has_one() -> None:
    argument = {"uri": URI, "position": HERE}
    assert question_arguments([argument], needs_question=False, work_done_token="w").work_done_token == "w"
    inner = question_arguments([{**argument, "workDoneToken": "x"}], needs_question=False, work_done_token="w")
    assert inner.work_done_token == "x"


def test_a_place_needs_no_more_than_a_document() -> None:
    assert place_argument([{"uri": URI}]) == Place(uri=URI, start=(0, 0), end=None)
    assert place_argument([{"uri": URI, "position": HERE}]) == PLACE


NAMES = (
    *("uri", "textDocument", "position", "range", "start", "end", "line", "character"),
    *("question", "refresh", "show", "token", "workDoneToken", "partialResultToken"),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(NAMES),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@given(JSON, st.booleans())
def test_anything_is_read_or_refused(value: Any, question: bool) -> None:
    readers = (
        lambda: question_params(value, needs_question=question),
        lambda: question_arguments(value, needs_question=question, work_done_token=None),
        lambda: place_argument(value),
    )
    for read in readers:
        with suppress(InvalidParams):
            assert isinstance(read(), QuestionParams | Place)
