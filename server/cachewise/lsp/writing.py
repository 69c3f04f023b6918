"""`cachewise.document` over LSP: the documentation reaches the document as an edit that the editor applies.

An edit names the version that it was made for where the client can check that. Not here: what is written
(`features/document.py`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from cachewise.faults import Fault, InvalidParams, RequestFailed
from cachewise.features.answer import Listener
from cachewise.features.rooms import Rooms
from cachewise.ledger.readout import readout
from cachewise.lsp.params import Token, allow_over_budget, only_object, place_argument, refresh
from cachewise.lsp.progress import WorkDone
from cachewise.lsp.wiring import Wire
from cachewise.model.usage import Usage

APPLY_DEADLINE = 10.0
"""Seconds to wait for an editor to apply an edit; some ask their user first."""


async def write_documentation(
    rooms: Rooms,
    wire: Wire,
    arguments: object,
    *,
    versioned: bool,
    token: Callable[[], Awaitable[Token | None]],
) -> None:
    """Ask for the documentation of a definition, and have it written.

    Args:
        rooms: The side rooms.
        wire: The way to the client.
        arguments: Those of the command.
        versioned: Whether the client can check the version of the document that an edit is for.
        token: Where the progress goes.

    Raises:
        InvalidParams: the arguments name no place.
        RequestFailed: there is no definition or no answer, or the editor did not apply the edit.
    """
    from cachewise.features.document import document

    argument, place = only_object(arguments), place_argument(arguments)
    if argument.get("position") is None and argument.get("range") is None:
        raise InvalidParams("A range or a position is needed.")
    again, allowed = refresh(argument), allow_over_budget(argument)
    snapshot = rooms.documents.snapshot(place.uri, place.start, place.end)
    work = WorkDone(wire, await token())
    work.begin(f"Documenting in {snapshot.name}")
    used: list[Usage] = []
    ending = "cancelled"
    try:
        listener = Listener(lambda text: None, used.append)
        written = await document(rooms, snapshot, listener, refresh=again, allow_over_budget=allowed)
        open_document, edit = rooms.documents.get(place.uri), written.insertion
        start, end = open_document.position_at(edit.start), open_document.position_at(edit.end)
        change = {"range": {"start": _point(start), "end": _point(end)}, "newText": edit.text}
        await _apply(wire, place.uri, written.version if versioned else None, change)
        ending = readout(written.answer.usage)
    except Fault as fault:
        ending = f"{readout(used[-1])} · {fault.sentence}" if used else fault.sentence
        raise
    except asyncio.CancelledError:
        ending = readout(used[-1]) if used else "cancelled"
        raise
    finally:
        work.end(ending)


async def _apply(wire: Wire, uri: str, version: int | None, change: dict[str, Any]) -> None:
    edit: dict[str, Any] = {"changes": {uri: [change]}}
    if version is not None:
        edit = {"documentChanges": [{"textDocument": {"uri": uri, "version": version}, "edits": [change]}]}
    try:
        reply = await wire.ask_json(
            "workspace/applyEdit", {"label": "Write documentation", "edit": edit}, APPLY_DEADLINE
        )
    except (TimeoutError, Fault):
        reply = None
    if not (isinstance(reply, dict) and reply.get("applied") is True):
        raise RequestFailed("The editor did not write the documentation. Ask again: it is kept.")


def _point(position: tuple[int, int]) -> dict[str, int]:
    return {"line": position[0], "character": position[1]}
