"""The loopback provider: four wires and a control endpoint on one port of 127.0.0.1.

Not here: how requests are answered (`serve.py`, `control.py`), and running it as a process (`__main__.py`).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import Any

from cachewise.simulator import prices
from cachewise.simulator.account import Account
from cachewise.simulator.control import Control
from cachewise.simulator.http import Exchange, HttpServer
from cachewise.simulator.records import Journal, Record
from cachewise.simulator.routing import Router
from cachewise.simulator.script import Script
from cachewise.simulator.serve import Kitchen
from cachewise.simulator.wire import Wire
from cachewise.simulator.wire_anthropic import AnthropicWire
from cachewise.simulator.wire_infill import InfillWire
from cachewise.simulator.wire_openai import OpenAIWire
from cachewise.simulator.wire_openrouter import OpenRouterWire


class Simulator:
    """An async context manager around a running simulator.

    Args:
        script: Delays and faults, none by default; `follow` replaces it later.
        port: 0 takes a free one.
        clock: Seconds for all cache and stickiness times. Delays and the times in records are always real.
    """

    def __init__(
        self,
        script: Script | None = None,
        *,
        port: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._ahead = 0.0
        self._wanted_port = port
        self._journal = Journal()
        self._kitchen = Kitchen(script or Script(), Account(self._now), Router(self._now), self._journal)
        self._server = HttpServer(self._serve, self._journal.changed)
        self._control = Control(self._kitchen, open_sockets=lambda: self.open_sockets, advance=self.advance)
        self._wires: dict[str, Wire] = {
            "/api/v1/chat/completions": OpenRouterWire(),
            "/v1/chat/completions": OpenAIWire(),
            "/anthropic/v1/messages": AnthropicWire(),
            "/infill": InfillWire(),
        }

    async def __aenter__(self) -> Simulator:
        await prices.load()
        await self._server.start(self._wanted_port)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._server.aclose()

    @property
    def port(self) -> int:
        """The port it listens on; 0 before it does."""
        return self._server.port

    @property
    def origin(self) -> str:
        """`http://127.0.0.1:PORT`; the control endpoints are below `/simulator/`."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def openrouter_url(self) -> str:
        """Base URL for OpenRouter clients."""
        return f"{self.origin}/api/v1"

    @property
    def openai_url(self) -> str:
        """Base URL for OpenAI clients and for those of local servers."""
        return f"{self.origin}/v1"

    @property
    def anthropic_url(self) -> str:
        """Base URL for Anthropic clients, which add `/v1/messages` themselves."""
        return f"{self.origin}/anthropic"

    @property
    def urls(self) -> dict[str, str]:
        """All base URLs, by wire."""
        return {
            "origin": self.origin,
            "openrouter": self.openrouter_url,
            "openai": self.openai_url,
            "anthropic": self.anthropic_url,
        }

    @property
    def requests(self) -> list[Record]:
        """The completion requests received so far, those still running included."""
        return list(self._journal)

    @property
    def open_sockets(self) -> int:
        """How many client connections are open."""
        return self._server.open_sockets

    @property
    def script(self) -> Script:
        """What it follows."""
        return self._kitchen.script

    def follow(self, script: Script) -> None:
        """Follow another script from the next request on."""
        self._kitchen.follow(script)

    def account(self) -> dict[str, Any]:
        """What `GET /simulator/account` answers."""
        return self._control.account()

    def advance(self, seconds: float) -> None:
        """Let time pass for the caches and the stickiness, at once."""
        self._ahead += seconds

    async def until(self, holds: Callable[[], bool], within: float = 5.0) -> None:
        """Wait for a condition on the requests or the open sockets.

        Raises:
            TimeoutError: It did not hold within so many seconds.
        """
        if not await self._journal.until(holds, within):
            raise TimeoutError(f"the simulator did not get there within {within:g} seconds")

    def _now(self) -> float:
        return self._clock() + self._ahead

    async def _serve(self, exchange: Exchange) -> None:
        request = exchange.request
        wire = self._wires.get(request.path)
        if request.path == "/infill" and (not self.script.context or request.body == b"{}"):
            wire = None  # a question whether there is such a thing, and no completion
        if wire is not None and request.method == "POST":
            await self._kitchen.serve(wire, exchange)
        else:
            await self._control.serve(exchange)
