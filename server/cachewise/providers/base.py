"""What every provider is to the rest of cachewise: something that streams events for a request."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Protocol

from cachewise.model.events import ProviderRequest, StreamEvent, UsageReport


class Provider(Protocol):
    """A model provider. Built once, lives as long as the process, and holds one HTTP client."""

    def stream(self, request: ProviderRequest) -> AsyncGenerator[StreamEvent, None]:
        """Send the request and yield what comes back. Closing the generator, or cancelling the task that reads it,
        closes the provider's connection. Faults of the provider are yielded as `Failed`, not raised.

        Raises:
            ForbiddenHost: nothing was sent, because the key is not bound to the host.
        """
        ...

    async def late_report(self, generation_id: str) -> UsageReport | None:
        """The bill of a stream that was cancelled, asked for afterwards; None where it can't be had (yet)."""
        ...

    async def fills(self) -> int | None:
        """How many tokens of context the server's fill-in-the-middle has; None where it has none.

        The server is asked at most once in a while. A request whose plan has an `infill` may be sent to it.
        """
        ...

    async def aclose(self) -> None:
        """Close the HTTP client."""
        ...
