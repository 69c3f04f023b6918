"""Reading the parameters of cachewise's own messages and commands: plain JSON in, typed values or -32602 out.

Standard LSP messages are read by lsprotocol; these are not in its tables.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeGuard

from cachewise.faults import InvalidParams
from cachewise.model.usage import FEATURES, Feature

Point = tuple[int, int]
"""Line and character, both from 0, in the client's position encoding."""
Token = int | str

_MAX_QUESTION = 20_000
"""Characters of a question. More is a file pasted by mistake, and would be paid for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A document and a place in it. `end` is None for a cursor."""

    uri: str
    start: Point
    end: Point | None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionParams:
    """What `cachewise/explain`, `cachewise/ask` and their commands are called with."""

    place: Place
    question: str | None
    refresh: bool
    work_done_token: Token | None
    partial_token: Token | None
    allow_over_budget: bool = False
    show: bool = False
    """Whether the server should open the virtual document itself, for clients that know nothing of cachewise."""
    document: str | None = None
    """The URI of a virtual document that this answer goes into; None for one of its own."""
    tell_document: bool = False
    """Whether the first message on the partial-result token names the virtual document."""


def question_params(params: object, *, needs_question: bool) -> QuestionParams:
    """The parameters of `cachewise/explain` (a range or a position) or `cachewise/ask` (a question).

    Raises:
        InvalidParams: naming the field that does not fit.
    """
    if not isinstance(params, dict):
        raise InvalidParams("The parameters must be an object.")
    document = params.get("textDocument")
    if not isinstance(document, dict):
        raise InvalidParams("textDocument must be an object with a uri.")
    return _question(params, document.get("uri"), needs_question, params.get("partialResultToken"))


def question_arguments(arguments: object, *, needs_question: bool, work_done_token: Token | None) -> QuestionParams:
    """The one argument object of the commands `cachewise.explain` and `cachewise.ask`; `token` streams the text.

    Raises:
        InvalidParams: naming the field that does not fit.
    """
    argument = only_object(arguments)
    merged = {"workDoneToken": work_done_token, **argument} if work_done_token is not None else argument
    return _question(merged, argument.get("uri"), needs_question, argument.get("token"))


def only_object(arguments: object) -> dict[str, Any]:
    """The single object that a command was given.

    Raises:
        InvalidParams: if there is another number of arguments, or it is no object.
    """
    if not isinstance(arguments, (list, tuple)) or len(arguments) != 1 or not isinstance(arguments[0], dict):
        raise InvalidParams("The command takes one argument, an object.")
    return arguments[0]


def place_argument(arguments: object) -> Place:
    """The place in a command's argument object: `uri` with `position` or `range`; only the uri is required.

    Raises:
        InvalidParams: naming the field that does not fit.
    """
    argument = only_object(arguments)
    return _place(argument, argument.get("uri"), required=False)


def task_argument(arguments: object) -> Feature | None:
    """The feature in a command's argument object: `task`; None where there is no argument, or no task in it.

    Raises:
        InvalidParams: there is no such feature.
    """
    task = only_object(arguments).get("task") if arguments else None
    if task is None:
        return None
    for feature in FEATURES:
        if feature == task:
            return feature
    raise InvalidParams(f"task must be one of {', '.join(FEATURES)}.")


def _question(params: dict[str, Any], uri: object, needs_question: bool, partial: object) -> QuestionParams:
    question = params.get("question")
    if question is not None and not isinstance(question, str):
        raise InvalidParams("question must be a string.")
    if needs_question and not (question and question.strip()):
        raise InvalidParams("question must not be empty.")
    if question is not None and len(question) > _MAX_QUESTION:
        raise InvalidParams(f"question is longer than {_MAX_QUESTION} characters.")
    return QuestionParams(
        place=_place(params, uri, required=not needs_question),
        question=question,
        refresh=refresh(params),
        allow_over_budget=allow_over_budget(params),
        work_done_token=_token(params.get("workDoneToken"), "workDoneToken"),
        partial_token=_token(partial, "the partial-result token"),
        show=_flag(params, "show"),
        document=_document(params.get("document")),
        tell_document=bool(params.get("document")),
    )


def allow_over_budget(params: dict[str, Any]) -> bool:
    """Whether the user has said that this request may pass the budgets.

    Raises:
        InvalidParams: it is neither true nor false.
    """
    return _flag(params, "allowOverBudget")


def refresh(params: dict[str, Any]) -> bool:
    """Whether the provider is to be asked although an answer is stored.

    Raises:
        InvalidParams: it is neither true nor false.
    """
    return _flag(params, "refresh")


def _flag(params: dict[str, Any], name: str) -> bool:
    if params.get(name) is not None and not isinstance(params[name], bool):
        raise InvalidParams(f"{name} must be true or false.")
    return bool(params.get(name))


def _document(value: object) -> str | None:
    if value is not None and not isinstance(value, (str, bool)):
        raise InvalidParams("document must be a URI, or true.")
    return value if isinstance(value, str) else None


def _place(params: dict[str, Any], uri: object, *, required: bool) -> Place:
    if not isinstance(uri, str) or not uri:
        raise InvalidParams("uri must be a non-empty string.")
    span, position = params.get("range"), params.get("position")
    if span is not None:
        if not isinstance(span, dict):
            raise InvalidParams("range must be an object with start and end.")
        start, end = _point(span.get("start"), "range.start"), _point(span.get("end"), "range.end")
        return Place(uri=uri, start=min(start, end), end=max(start, end))
    if position is not None:
        return Place(uri=uri, start=_point(position, "position"), end=None)
    if required:
        raise InvalidParams("A range or a position is needed.")
    return Place(uri=uri, start=(0, 0), end=None)


def _point(value: object, name: str) -> Point:
    if not isinstance(value, dict) or not (_is_count(value.get("line")) and _is_count(value.get("character"))):
        raise InvalidParams(f"{name} must have a line and a character, both whole numbers from 0.")
    return value["line"], value["character"]


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31


def _token(value: object, name: str) -> Token | None:
    if value is None or (isinstance(value, (int, str)) and not isinstance(value, bool)):
        return value
    raise InvalidParams(f"{name} must be a whole number or a string.")
