"""The real features in this process, on a virtual clock, with a provider that a test makes up.

No editor, no wire, no journal: documents are changed as the handlers change them, and a provider's stream is a list of
waits and texts. Not here: the clock (`virtual.py`), and servers in processes of their own (`server.py`).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from cachewise.app import build_rooms
from cachewise.features.ahead import on_intent
from cachewise.features.prompts import Prompts
from cachewise.features.rooms import Rooms
from cachewise.features.typing import Typing
from cachewise.ledger.clock import Clock
from cachewise.ledger.ledger import Ledger
from cachewise.ledger.prices import Prices
from cachewise.model.events import ProviderRequest, StreamEvent, UsageReport
from cachewise.model.names import ModelName
from cachewise.model.plan import PromptPlan
from cachewise.model.snapshot import Snapshot
from cachewise.providers.base import Provider
from cachewise.providers.registry import Providers
from cachewise.session.documents import Change
from cachewise.settings.load import load
from cachewise.settings.places import Places

Streams = Callable[[ProviderRequest, Snapshot], AsyncGenerator[StreamEvent, None]]
"""Answers a request, given also the document that its prompt was made of."""


class Watched(Prompts):
    """Plans as ever, and remembers which document each plan is of."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.asked: dict[int, tuple[PromptPlan, Snapshot]] = {}

    async def plan(self, snapshot: Snapshot, *args: Any, **more: Any) -> PromptPlan:
        plan = await super().plan(snapshot, *args, **more)
        self.asked[id(plan)] = plan, snapshot
        return plan


class Offhand:
    """A provider that streams what a function says."""

    def __init__(self, streams: Streams, prompts: Watched) -> None:
        self._streams = streams
        self._prompts = prompts

    async def stream(self, request: ProviderRequest) -> AsyncGenerator[StreamEvent, None]:
        request.reach.attempts += 1
        _, snapshot = self._prompts.asked.pop(id(request.plan))
        async for event in self._streams(request, snapshot):
            yield event

    async def fills(self) -> int | None:
        return None

    async def late_report(self, generation_id: str) -> UsageReport | None:
        return None

    async def aclose(self) -> None:
        pass


class _Only(Providers):
    """One provider for every model."""

    def __init__(self, provider: Provider) -> None:
        super().__init__({})
        self._provider = provider

    async def get(self, model: ModelName) -> Provider:
        return self._provider

    def require(self, model: ModelName) -> None:
        pass


def rooms_with(streams: Streams, home: Path, **settings: Any) -> Rooms:
    """Rooms on the running loop's clock, without a journal; the keywords are fields of `Settings`."""
    places = Places(config=home / "config", cache=home / "cache", state=home / "state")
    loaded = load({}, places)
    rooms = build_rooms(replace(loaded, settings=replace(loaded.settings, **settings)), places)
    clock = asyncio.get_running_loop().time
    prices = Prices()
    prompts = Watched(rooms.documents, prices, places.state, clock)
    rooms.prompts = prompts
    rooms.ledger = Ledger(prices, None, Clock(clock, clock))
    rooms.providers = _Only(Offhand(streams, prompts))
    rooms.typing = Typing(clock)
    return rooms


def edit(rooms: Rooms, uri: str, version: int, *changes: Change) -> None:
    """Change a document as the handler of `textDocument/didChange` does."""
    rooms.documents.change(uri, version, changes)
    rooms.typing.edited(uri, changes)
    if uri in rooms.pursuits:
        rooms.pursuits.changed(uri, rooms.documents.get(uri).text)
    on_intent(rooms, uri)


def close(rooms: Rooms, uri: str) -> None:
    """Close a document as the handler of `textDocument/didClose` does."""
    rooms.acceptance.closed(uri, rooms.documents.get(uri).text)
    rooms.documents.close(uri)
    rooms.inflight.supersede(uri)
    rooms.pursuits.close(uri)
    rooms.suggestions.forget(uri)
    rooms.typing.forget(uri)
