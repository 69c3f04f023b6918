"""`cachewise/status`: health, cost and cache figures, sent when they change and at most five times a second."""

from __future__ import annotations

import asyncio
from typing import Any

from cachewise.features.rooms import Rooms
from cachewise.lsp.wiring import Wire
from cachewise.providers.traits import traits

INTERVAL = 0.2
"""Seconds between two status messages, from the protocol's "at most 5 a second"."""
PAUSE = 0.01
"""Seconds from a change to its message: a request that begins goes out first."""


class StatusSender:
    """Sends the status after changes, merged; nothing before `start`."""

    def __init__(self, rooms: Rooms, wire: Wire) -> None:
        self._rooms = rooms
        self._wire = wire
        self._last: dict[str, Any] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._dirty = False
        self._started = False

    def start(self) -> None:
        """The client is ready: send the first status and follow the changes."""
        self._started = True
        self._rooms.health.changed = self.touch
        self._rooms.ledger.subscribe(self.touch)
        self._send()

    def touch(self) -> None:
        """Something that the status shows may have changed."""
        self._dirty = True
        if self._started and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(PAUSE, self._tick)

    def stop(self) -> None:
        """Send nothing more."""
        self._started = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _send(self) -> None:
        self._dirty = False
        status = status_json(self._rooms)
        if status != self._last:
            self._last = status
            self._wire.notify_json("cachewise/status", status, key="status")
            self._timer = asyncio.get_running_loop().call_later(INTERVAL, self._tick)

    def _tick(self) -> None:
        self._timer = None
        if self._dirty and self._started:
            self._send()


def status_json(rooms: Rooms) -> dict[str, Any]:
    """The protocol's status object as things stand now."""
    level, sentence = rooms.health.worst
    condition = rooms.health.condition
    ledger = rooms.ledger
    if condition is None and ledger.problem is not None:
        level, sentence, condition = "warning", ledger.problem, "ledger"
    return {
        "health": level,
        "quiescent": rooms.live == 0,
        "message": sentence,
        "condition": condition,
        "model": str(rooms.settings.model),
        "session": ledger.session.to_json(),
        "today": ledger.today.to_json(),
        "last": ledger.last.to_json() if ledger.last is not None else None,
        "prefix": _prefix(rooms),
        "answers": rooms.answers.status().to_json(),
    }


def _prefix(rooms: Rooms) -> dict[str, Any]:
    """The ledger's word on the prompt used last; before the first one, whether the model's cache can be used at all."""
    prefix = rooms.ledger.prefix
    model = rooms.settings.model
    if rooms.ledger.last is None and model.provider != "offline" and traits(model).style != "none":
        return {**prefix, "state": "cold"} if prefix["state"] == "unsupported" else prefix
    return prefix
