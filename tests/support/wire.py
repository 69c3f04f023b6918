"""A connection to a client that only remembers what it is given, for tests of what stands right behind the wire."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any


@dataclass
class HeldWire:
    """Satisfies `cachewise.lsp.wiring.Wire`. Messages wait as `unsent` while `stuck`; else they are gone at once."""

    stuck: bool = False
    sent: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    answers: dict[str, Callable[[dict[str, Any]], Any]] = field(default_factory=dict)
    """What the client answers to requests, by method; one without an entry is never answered."""
    _unsent: set[Hashable] = field(default_factory=set)

    def notify_json(self, method: str, params: dict[str, Any], key: Hashable | None = None) -> None:
        self.sent.append((method, params))
        if self.stuck and key is not None:
            self._unsent.add(key)

    def pending(self, key: Hashable) -> bool:
        return key in self._unsent

    def go_on(self) -> None:
        """The client reads again."""
        self.stuck = False
        self._unsent.clear()

    async def ask_json(self, method: str, params: dict[str, Any] | None, timeout: float) -> Any:
        self.asked.append((method, params or {}))
        answer = self.answers.get(method)
        if answer is None:
            async with asyncio.timeout(0):
                await asyncio.Event().wait()
        assert answer is not None
        return answer(params or {})

    def values(self, token: int | str) -> list[dict[str, Any]]:
        """The progress sent on a token."""
        return [params["value"] for method, params in self.sent if method == "$/progress" and params["token"] == token]
