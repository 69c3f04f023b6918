"""The table of commands behind `workspace/executeCommand`. Fixed, typed, and none takes a path to write or a URL."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from lsprotocol import types

from cachewise.faults import InvalidParams
from cachewise.features.rooms import Rooms
from cachewise.lsp.params import (
    QuestionParams,
    Token,
    allow_over_budget,
    only_object,
    place_argument,
    question_arguments,
    task_argument,
)
from cachewise.lsp.questions import answer
from cachewise.lsp.show import Shower
from cachewise.lsp.wiring import Wire
from cachewise.lsp.writing import write_documentation

Command = Callable[[types.ExecuteCommandParams], Awaitable[Any]]


class Commands:
    """Runs the commands of one client."""

    def __init__(
        self,
        rooms: Rooms,
        wire: Wire,
        shower: Shower,
        new_token: Callable[[], Awaitable[Token | None]],
        capabilities: Callable[[], dict[str, Any]],
    ) -> None:
        self._rooms = rooms
        self._wire = wire
        self._shower = shower
        self._new_token = new_token
        self._capabilities = capabilities
        self._table: dict[str, Command] = {
            "cachewise.explain": self._explain,
            "cachewise.ask": self._ask,
            "cachewise.document": self._document,
            "cachewise.usage": self._usage,
            "cachewise.clearAnswers": self._clear_answers,
            "cachewise.prewarm": self._prewarm,
            "cachewise.accepted": self._accepted,
        }

    @property
    def names(self) -> tuple[str, ...]:
        """What the server announces."""
        return tuple(self._table)

    async def run(self, params: types.ExecuteCommandParams) -> Any:
        """Run one command.

        Raises:
            InvalidParams: there is no such command, or its arguments do not fit.
            RequestFailed: it could not be carried out.
        """
        command = self._table.get(params.command)
        if command is None:
            raise InvalidParams(f"There is no command {params.command!r}.")
        return await command(params)

    async def _explain(self, params: types.ExecuteCommandParams) -> Any:
        shape = await self._question(params, needs_question=False)
        if self._rooms.settings.code_lens and shape["source"] == "provider":
            self._shower.explained()
        return shape

    async def _ask(self, params: types.ExecuteCommandParams) -> Any:
        return await self._question(params, needs_question=True)

    async def _question(self, params: types.ExecuteCommandParams, *, needs_question: bool) -> Any:
        asked: QuestionParams = question_arguments(
            params.arguments, needs_question=needs_question, work_done_token=params.work_done_token
        )
        name = self._rooms.documents.snapshot(asked.place.uri, asked.place.start, asked.place.end).name
        page = self._rooms.pages.begin(
            "ask" if needs_question else "explain", name, asked.question, into=asked.document, refresh=asked.refresh
        )
        return await answer(
            self._rooms,
            self._wire,
            asked,
            page=page,
            shower=self._shower if asked.show else None,
            new_token=self._new_token if asked.work_done_token is None else None,
        )

    async def _document(self, params: types.ExecuteCommandParams) -> None:
        given = params.work_done_token

        async def token() -> Token | None:
            return await self._new_token() if given is None else given

        edits = (self._capabilities().get("workspace") or {}).get("workspaceEdit")
        versioned = isinstance(edits, dict) and edits.get("documentChanges") is True
        await write_documentation(self._rooms, self._wire, params.arguments, versioned=versioned, token=token)

    async def _usage(self, params: types.ExecuteCommandParams) -> Any:
        await self._rooms.ledger.refresh()
        return self._rooms.ledger.usage_json()

    async def _prewarm(self, params: types.ExecuteCommandParams) -> Any:
        from cachewise.features.warm import warm

        place = place_argument(params.arguments)
        allow = allow_over_budget(only_object(params.arguments))
        snapshot = self._rooms.documents.snapshot(place.uri, place.start, place.end)
        return (await warm(self._rooms, snapshot, allow_over_budget=allow)).to_json()

    async def _clear_answers(self, params: types.ExecuteCommandParams) -> int:
        task = task_argument(params.arguments)
        count = await self._rooms.answers.clear(task)
        self._rooms.check_answers()
        self._rooms.health.changed()  # the status tells how many there are
        return count

    async def _accepted(self, params: types.ExecuteCommandParams) -> Any:
        from cachewise.features.accepted import accepted

        arguments = params.arguments or []
        if not arguments or not isinstance(arguments[0], str) or len(arguments) > 2:
            raise InvalidParams("The command takes the id of a suggestion, and how many characters were accepted.")
        characters = arguments[1] if len(arguments) == 2 else None
        if characters is not None and (type(characters) is not int or characters < 0):
            raise InvalidParams("The number of accepted characters must be a whole number from 0.")
        accepted(self._rooms, arguments[0], characters)
