"""Requests to the client, and its replies to them: each goes to whoever waits for it.

Not here: the client's own requests (`requests.py`), and how messages are read and written (`messages.py`, `wire.py`).
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from typing import Any

import cattrs

from cachewise.faults import RequestFailed
from cachewise.lsp.errors import brief
from cachewise.lsp.messages import MsgId, Reply


class Asking:
    """What one client was asked and has not answered yet.

    Args:
        send: Sends a message.
        futures: Those of pygls' own helpers, by request.
        kinds: The types of whole replies that these expect, by request.
        converter: Makes values of these types.
    """

    def __init__(
        self,
        send: Callable[[dict[str, Any]], None],
        futures: dict[MsgId, Any],
        kinds: dict[MsgId, Any],
        converter: cattrs.Converter,
    ) -> None:
        self._send = send
        self._numbers = itertools.count(1)
        self._asked: dict[MsgId, asyncio.Future[Any]] = {}
        self._futures = futures
        self._kinds = kinds
        self._converter = converter

    async def ask(self, method: str, params: dict[str, Any] | None, timeout: float) -> Any:
        """Send a request of plain JSON and wait for its result.

        Raises:
            TimeoutError: No reply within `timeout` seconds; a later one is ignored.
            RequestFailed: The client answered with an error.
        """
        msg_id = f"cachewise-{next(self._numbers)}"
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._asked[msg_id] = future
        try:
            given = {} if params is None else {"params": params}  # JSON-RPC knows no null here
            self._send({"jsonrpc": "2.0", "id": msg_id, "method": method, **given})
            async with asyncio.timeout(timeout):
                return await future
        finally:
            del self._asked[msg_id]

    def settle(self, reply: Reply) -> None:
        """Hands a reply to whoever waits for it; nobody does when they have given up or the id is unknown."""
        if reply.id is None:
            return
        error = None
        if reply.error is not None:
            code = reply.error.get("code") if isinstance(reply.error, dict) else None
            error = RequestFailed(f"The editor could not do what it was asked (error {brief(code)}).")
        waiting = self._asked.get(reply.id)
        if waiting is not None and not waiting.done():
            waiting.set_exception(error) if error else waiting.set_result(reply.result)
        future = self._futures.pop(reply.id, None)
        kind = self._kinds.pop(reply.id, None)
        if future is None or future.done():
            return
        if error is not None:
            future.set_exception(error)
            return
        try:
            result = reply.result
            if kind is not None:
                whole = {"jsonrpc": "2.0", "id": reply.id, "result": result}
                result = self._converter.structure(whole, kind).result
        except Exception:
            future.set_exception(RequestFailed("The editor's reply does not fit the protocol."))
        else:
            future.set_result(result)
