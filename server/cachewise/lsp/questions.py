"""Explain and ask over LSP: as requests with partial results, and as commands with a virtual document.

One function, `answer`, serves both; what differs is who is told while the answer streams.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from cachewise.faults import Fault
from cachewise.features.answer import Listener
from cachewise.features.pages import Part
from cachewise.features.rooms import Rooms
from cachewise.ledger.readout import footnote, readout
from cachewise.lsp.params import QuestionParams, Token
from cachewise.lsp.progress import DeltaStream, WorkDone
from cachewise.lsp.show import Shower
from cachewise.lsp.wiring import Wire
from cachewise.model.usage import Usage


async def answer(
    rooms: Rooms,
    wire: Wire,
    params: QuestionParams,
    *,
    page: Part | None = None,
    shower: Shower | None = None,
    new_token: Callable[[], Awaitable[Token | None]] | None = None,
) -> dict[str, Any]:
    """Answer a question; text goes out as it comes, and the work-done end carries the cost in every case.

    Raises:
        UnknownDocument: before anything was sent.
        RequestFailed: no key, or the provider failed.
    """
    from cachewise.features.explain import explain

    place = params.place
    # Taken before the first await: the answer is about what the user saw when asking.
    snapshot = rooms.documents.snapshot(place.uri, place.start, place.end)
    token = params.work_done_token if new_token is None else await new_token()
    work = WorkDone(wire, token)
    deltas = DeltaStream(wire, params.partial_token) if params.partial_token is not None else None
    used: list[Usage] = []

    def on_text(text: str) -> None:
        if deltas is not None:
            deltas.write(text)
        if page is not None:
            page.write(text)

    verb = "Answering about" if params.question is not None else "Explaining"
    work.begin(f"{verb} {snapshot.name}")
    ending, origin = "cancelled", ""
    try:
        if page is not None and deltas is not None and params.tell_document:
            deltas.announce(page.uri)
        if page is not None and shower is not None:
            await shower.open(page.uri)
        result = await explain(
            rooms,
            snapshot,
            params.question,
            Listener(on_text, used.append),
            refresh=params.refresh,
            allow_over_budget=params.allow_over_budget,
        )
        ending, origin = readout(result.usage), footnote(result.usage, result.age_seconds)
        if result.remark is not None:
            ending += f" · {result.remark}"
        shape = result.to_json()
    except Fault as fault:
        ending = f"{readout(used[-1])} · {fault.sentence}" if used else fault.sentence
        raise
    except asyncio.CancelledError:
        if deltas is not None:
            deltas.drop()
        ending = readout(used[-1]) if used else "cancelled"
        raise
    finally:
        if deltas is not None:
            deltas.close()
        if page is not None:
            page.finish(ending, origin)
        work.end(ending)
    if page is not None:
        shape["document"] = page.uri
        if shower is not None:
            await shower.finished(page)
    return shape
