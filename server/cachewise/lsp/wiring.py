"""What the handlers need of the connection to the client, as a protocol that tests can stand in for."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, Protocol


class Wire(Protocol):
    """The way to the client. Nothing here blocks."""

    def notify_json(self, method: str, params: dict[str, Any], key: Hashable | None = None) -> None:
        """Queue a notification; an unsent one with the same key is replaced."""

    def pending(self, key: Hashable) -> bool:
        """Whether a message with that key still waits to be written."""
        ...

    async def ask_json(self, method: str, params: dict[str, Any] | None, timeout: float) -> Any:
        """Send a request to the client and wait for its result.

        Raises:
            TimeoutError: it did not answer within `timeout` seconds.
            Fault: it answered with an error.
        """
        ...
