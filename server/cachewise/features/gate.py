"""Lets one request write a cold prefix while the others wait for its answer to begin, and then read it.

A provider's cache entry can be read once the first response of it begins. Requests that are sent at the same moment
would each write the same prefix, and pay for it. Not here: what is cold (`ledger/prefix.py`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Hashable

WAIT = 6.0
"""Seconds that a request waits for another's answer to begin. Sent alone it would have to be evaluated for as long."""


class Gate:
    """One entrance for each key: a model and a workspace folder."""

    def __init__(self, wait: float = WAIT) -> None:
        self._wait = wait
        self._first: dict[Hashable, asyncio.Event] = {}
        self._begun: set[Hashable] = set()

    async def enter(self, key: Hashable) -> bool:
        """Wait while another request is the first with a cold prefix, but never longer than the limit.

        Returns:
            Whether this request is the first now, so that the others wait for it: it has to call `leave`.
        """
        try:
            async with asyncio.timeout(self._wait):
                while (before := self._first.get(key)) is not None:
                    await before.wait()
                    if key in self._begun:
                        return False
        except TimeoutError:
            return False
        self._begun.discard(key)
        self._first[key] = asyncio.Event()
        return True

    def leave(self, key: Hashable, *, begun: bool) -> None:
        """The first request's answer has begun, or it is over without one: then one of the others becomes the first."""
        event = self._first.pop(key, None)
        if event is not None:
            if begun:
                self._begun.add(key)
            event.set()
