"""What the simulator remembers of the requests it received: bodies, headers, bills and how each one ended.

Times are those of `time.monotonic`, which on Linux all processes share, so that a test in another process can compare
them with its own. Keys are remembered as fingerprints only. Not here: what was cached (`account.py`).
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from cachewise.simulator.account import Charge
from cachewise.simulator.prompt import Prompt, WireName

Outcome = Literal["open", "complete", "gone", "fault", "refused"]
_SECRET_HEADERS = frozenset({"authorization", "x-api-key", "proxy-authorization", "cookie"})


@dataclass(slots=True, kw_only=True)
class Record:
    """One request to a completion endpoint. Grows while the request runs.

    `outcome`: `open` while it runs; then `complete`, `gone` (the client left), `fault` (as scripted), or `refused`
    (wrong key, bad body).
    """

    number: int
    """Counts from 0."""
    wire: WireName
    path: str
    headers: Mapping[str, str]
    """Names in lower case; see `fingerprint` for keys."""
    raw_body: bytes = field(repr=False)
    """Emptied once many newer requests came."""
    received_at: float
    headers_at: float | None = None
    first_token_at: float | None = None
    ended_at: float | None = None
    gone_at: float | None = None
    """When the client's leaving was noticed."""
    status: int | None = None
    """The HTTP status that was sent; None where none was."""
    fault: str | None = None
    outcome: Outcome = "open"
    prompt: Prompt | None = field(default=None, repr=False)
    """Emptied together with the body."""
    model: str | None = None
    session_id: str | None = None
    stream: bool = False
    upstream: str | None = None
    generation_id: str | None = None
    charge: Charge | None = None
    owed: bool = False
    """Whether the request is billed."""
    output_tokens: int = 0
    text: str = field(default="", repr=False)
    """What was sent of the answer."""
    cost: Decimal | None = None
    """The bill in dollars; None where the model has no known price, or before the end."""
    uncached_cost: Decimal | None = None
    finish: str | None = None

    @property
    def body(self) -> Any:
        """The JSON body; None where it was none, or is no longer kept."""
        try:
            return json.loads(self.raw_body)
        except ValueError:
            return None

    def to_json(self, *, bodies: bool = True) -> dict[str, Any]:
        """A plain object; money as strings, so that no digit is lost."""
        charge = self.charge
        plain: dict[str, Any] = {
            name: getattr(self, name)
            for name in (
                "number", "wire", "path", "received_at", "headers_at", "first_token_at", "ended_at", "gone_at",
                "status", "fault", "outcome", "model", "session_id", "stream", "upstream", "generation_id",
                "output_tokens", "text", "finish", "owed",
            )
        }  # fmt: skip
        plain["headers"] = dict(self.headers)
        plain["cost"] = None if self.cost is None else str(self.cost)
        plain["uncached_cost"] = None if self.uncached_cost is None else str(self.uncached_cost)
        plain["billed"] = charge and {
            "read": charge.read,
            "write": charge.write,
            "write_1h": charge.write_1h,
            "plain": charge.plain,
            "total": charge.total,
        }
        if bodies:
            plain["body"] = self.body
        return plain


def fingerprint(value: str) -> str:
    """What stands for a key in a record: enough to recognise it, not enough to use it."""
    return f"sha256:{hashlib.sha256(value.encode()).hexdigest()[:16]}"


def without_secrets(headers: Mapping[str, str]) -> dict[str, str]:
    """Headers with each key replaced by its fingerprint (of the key alone, without `Bearer`)."""
    return {
        name: fingerprint(value.removeprefix("Bearer ")) if name in _SECRET_HEADERS else value
        for name, value in headers.items()
    }


class Journal:
    """The latest records, and a way to wait until they fulfil a condition."""

    def __init__(self, *, kept: int = 5000, bodies_kept: int = 256) -> None:
        self._records: deque[Record] = deque(maxlen=kept)
        self._bodies_kept = bodies_kept
        self._changed: asyncio.Event = asyncio.Event()
        self.count = 0
        """How many requests came in."""
        self.ended = 0
        """How many of them have ended."""

    def __iter__(self) -> Iterator[Record]:
        return iter(self._records)

    def __len__(self) -> int:
        return len(self._records)

    def __getitem__(self, index: int) -> Record:
        return self._records[index]

    def add(self, record: Record) -> None:
        """Remember a request that just came in."""
        self._records.append(record)
        self.count += 1
        if len(self._records) > self._bodies_kept:
            old = self._records[-1 - self._bodies_kept]
            old.raw_body, old.prompt = b"", None
        self.changed()

    def find(self, generation_id: str) -> Record | None:
        """The record of a generation."""
        return next((r for r in reversed(self._records) if r.generation_id == generation_id), None)

    def changed(self) -> None:
        """Wake those who wait."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def until(self, holds: Callable[[], bool], within: float) -> bool:
        """Wait until a condition on the simulator holds; it is looked at again with every change.

        Returns:
            Whether it held within so many seconds.
        """
        try:
            async with asyncio.timeout(within):
                while not holds():
                    await self._changed.wait()
        except TimeoutError:
            return False
        return True
