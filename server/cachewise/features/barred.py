"""Files in which nothing is suggested: secret ones, and unless somebody asks by hand, those that nobody may write to.

The file system is asked, in a thread, and then not again for a moment, which is several keystrokes. What is sent to a
model does not hang on that moment: the gathering of its prompt asks again, each time (`context/gather.py`).
"""

from __future__ import annotations

import asyncio
import os
import stat
import time
from collections.abc import Callable

FRESH = 1.0
"""Seconds for which an answer holds."""
_REMEMBERED = 64
_WRITABLE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


class Barred:
    """Asks about files, and remembers what it has heard."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: dict[tuple[str, bool], tuple[float, bool]] = {}

    async def is_barred(self, path: str | None, *, invoked: bool) -> bool:
        """Whether nothing is to be suggested in a file; never for a document that is none."""
        if path is None:
            return False
        key, now = (path, invoked), self._clock()
        known = self._known.get(key)
        if known is not None and now < known[0] + FRESH:
            return known[1]
        found = await asyncio.to_thread(_look, path, invoked=invoked)
        self._known.pop(key, None)
        self._known[key] = now, found
        if len(self._known) > _REMEMBERED:
            del self._known[next(iter(self._known))]
        return found


def _look(path: str, *, invoked: bool) -> bool:
    from cachewise.context.secrets import is_secret  # no part of the start: its patterns take a while to compile

    if is_secret(path):
        return True
    try:
        return not invoked and not os.stat(path).st_mode & _WRITABLE
    except OSError:
        return False  # a new file
