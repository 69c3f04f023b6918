"""A server without a transport, and a client that speaks to it message by message."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Hashable
from typing import Any

from cachewise.lsp.outbox import Outbox
from cachewise.lsp.server import CachewiseServer
from support.echo_server import Echo

RPC = {"jsonrpc": "2.0"}
INITIALIZE: dict[str, Any] = {"processId": None, "rootUri": None, "capabilities": {}}


class Letterbox(Outbox):
    """Keeps what is sent instead of sending it."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.keys: list[Hashable | None] = []

    def send(self, body: bytes, key: Hashable | None = None) -> None:
        self.sent.append(json.loads(body))
        self.keys.append(key)

    def pending(self, key: Hashable) -> bool:
        return key == "waiting"


class Talk:
    """A server, and a client that speaks to it message by message."""

    def __init__(self, *, ready: bool = True) -> None:
        self.server = CachewiseServer("echo", "1.0")
        self.echo = Echo(self.server)
        self.echo.register()
        self.box = Letterbox()
        self.protocol = self.server.protocol
        self.protocol.outbox = self.box
        self.exits: list[int] = []
        self.protocol.on_exit = self.exits.append
        if ready:
            self.hear({**RPC, "id": "init", "method": "initialize", "params": INITIALIZE})
            self.box.sent.clear()

    def hear(self, message: Any) -> bool:
        return self.protocol.accept(json.dumps(message).encode())

    def notify(self, method: str, params: Any) -> None:
        self.hear({**RPC, "method": method, "params": params})

    def start(self, method: str, params: Any = None, msg_id: Any = 1) -> bool:
        return self.hear({**RPC, "id": msg_id, "method": method, **({} if params is None else {"params": params})})

    async def ask(self, method: str, params: Any = None, msg_id: Any = 1) -> dict[str, Any]:
        """The only reply to a request."""
        self.start(method, params, msg_id)
        await self.settle()
        (reply,) = self.replies(msg_id)
        return reply

    async def settle(self) -> None:
        """Lets everything run that can."""
        for _ in range(20):
            await asyncio.sleep(0)

    def replies(self, msg_id: Any = 1) -> list[dict[str, Any]]:
        return [message for message in self.box.sent if "method" not in message and message["id"] == msg_id]

    def codes(self, msg_id: Any = 1) -> list[int | None]:
        """The error codes of the replies; None stands for a success."""
        return [reply.get("error", {}).get("code") for reply in self.replies(msg_id)]
