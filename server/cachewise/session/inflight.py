"""Newest wins: of the requests that carry the same key, only the last one goes on.

Editors differ in whether they cancel what they no longer need, and one of them never does. So the server ends the
older request of a document itself. That request must answer "nothing" and not "cancelled", which is for a client that
asked for it, and so the two have to be told apart.

Not here: what is answered in either case (`features/complete.py`), and deadlines.
"""

from __future__ import annotations

import asyncio
from types import TracebackType


class Inflight:
    """At most one live ticket per key, such as a document's URI. For one event loop."""

    def __init__(self) -> None:
        self._live: dict[str, Ticket] = {}

    def enter(self, key: str) -> Ticket:
        """A ticket to run under; entering it (``async with``) ends the block of the ticket that held the key."""
        return Ticket(self, key)

    def supersede(self, key: str) -> bool:
        """End the block that holds a key without a newer one, as when its document closes. False if there is none."""
        ticket = self._live.get(key)
        if ticket is None:
            return False
        ticket._supersede()
        return True

    def __len__(self) -> int:
        return len(self._live)

    def __contains__(self, key: object) -> bool:
        return key in self._live


class Ticket:
    """The right to work for a key, for as long as its ``async with`` block runs.

    When a newer ticket takes the key, the block's task is cancelled at its next suspension, `superseded` is set, and
    the cancellation ends with the block: the statement behind the block runs, as with `asyncio.timeout`. If the task
    was also cancelled from outside, before or after, the `CancelledError` goes on.
    """

    __slots__ = ("_cancels", "_inflight", "_key", "_task", "superseded")

    def __init__(self, inflight: Inflight, key: str) -> None:
        self._inflight = inflight
        self._key = key
        self._task: asyncio.Task[object] | None = None
        self._cancels = 0
        self.superseded = False
        """Whether a newer ticket took the key; it stays set after the block."""

    async def __aenter__(self) -> Ticket:
        if self._task is not None:
            raise RuntimeError("a ticket is good for one block")
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a ticket needs a task to run in")
        live = self._inflight._live
        older = live.get(self._key)
        if older is not None:
            if older._task is task:
                raise RuntimeError("the task already holds this key")
            older._supersede()
        self._task = task
        self._cancels = task.cancelling()
        live[self._key] = self
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if not self.superseded:
            del self._inflight._live[self._key]
            return False
        assert self._task is not None
        arrived = kind is asyncio.CancelledError
        if not arrived:
            # The block ended otherwise. A cancellation that is still on its way must not hit what comes behind it.
            try:
                await asyncio.sleep(0)
            except asyncio.CancelledError:
                if self._task.uncancel() > self._cancels:
                    raise
                return False
        outside = self._task.uncancel() > self._cancels
        return arrived and not outside

    def _supersede(self) -> None:
        assert self._task is not None
        del self._inflight._live[self._key]
        self.superseded = True
        self._task.cancel()
