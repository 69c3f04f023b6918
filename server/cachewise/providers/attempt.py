"""How long a request may take, and the record of what became of it.

The record is how the transport tells `stream.py` what the vendors' SDKs, which stand between them, do not hand on.
Not here: filling it in (`transport.py`) and judging it (`stream.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx2

from cachewise.faults import RequestFailed


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long anything may take, in seconds."""

    connect: float = 10.0
    first_event: float = 30.0
    """From sending the request to the first piece of an answer."""
    idle: float = 45.0
    """Between two reads. Providers send comments to show that they are alive."""
    whole: float = 180.0
    retry_base: float = 0.5
    """The first wait before a retry where the provider asks for none; it doubles each time."""
    late: tuple[float, ...] = (0.5, 1.0, 2.0, 4.0, 8.0)
    """Waits before each question for a bill that comes late."""

    @property
    def timeout(self) -> httpx2.Timeout:
        """The same for the HTTP client."""
        return httpx2.Timeout(connect=self.connect, read=self.idle, write=self.idle, pool=self.connect)


@dataclass(slots=True, kw_only=True)
class Attempt:
    """What became of one HTTP request. Filled in by the transport while it happens, read by `stream.py`."""

    on_open: Callable[[str | None], None] | None = None
    """Called with the generation id when the headers of a good response are in."""
    on_sent: Callable[[], None] | None = None
    """Called when the first byte of the request leaves."""
    sent: bool = False
    """Whether any of the request left, so that the provider may have it."""
    status: int | None = None
    retry_after: float | None = None
    """Seconds."""
    fault: RequestFailed | None = None
    """Why the transport itself refused the request or the response. The SDKs wrap what it raises."""

    def leave(self) -> None:
        """Note that the request is on its way."""
        if not self.sent:
            self.sent = True
            if self.on_sent is not None:
                self.on_sent()


current_attempt: ContextVar[Attempt | None] = ContextVar("cachewise_provider_attempt", default=None)


def retry_after(headers: httpx2.Headers) -> float | None:
    """Seconds that a response asks to wait: `Retry-After-Ms`, or `Retry-After` as seconds or as a date."""
    for name, scale in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        text = headers.get(name, "").strip()
        try:
            seconds = float(text) / scale
        except ValueError:
            continue
        return seconds if 0 <= seconds < float("inf") else None
    try:
        when = parsedate_to_datetime(headers.get("retry-after", ""))
    except ValueError:
        return None
    aware = when if when.tzinfo else when.replace(tzinfo=UTC)
    return max(0.0, (aware - datetime.now(UTC)).total_seconds())
