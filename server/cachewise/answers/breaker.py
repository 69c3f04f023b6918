"""A circuit breaker: after a few failures in a row the other side is left alone for a while.

Not here: what counts as a failure; the tier that uses it says so.
"""

from __future__ import annotations

import time
from collections.abc import Callable


class Breaker:
    """Closed while things work, open after `failures` in a row, half-open (one try) once `cooldown` has passed.

    Args:
        failures: How many in a row open it.
        cooldown: Seconds that it stays open.
        clock: Seconds that never go back.
    """

    def __init__(
        self, *, failures: int = 3, cooldown: float = 30.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._limit = failures
        self._cooldown = cooldown
        self._clock = clock
        self._failures = 0
        self._opened_at: float | None = None
        self._trying = False

    @property
    def is_open(self) -> bool:
        """Whether callers are being turned away, or a single one is finding out if things work again."""
        return self._opened_at is not None

    def allow(self) -> bool:
        """Whether to go ahead. Who gets True has to call `succeeded`, `failed` or `gave_up` afterwards."""
        if self._opened_at is None:
            return True
        if self._trying or self._clock() - self._opened_at < self._cooldown:
            return False
        self._trying = True
        return True

    def succeeded(self) -> None:
        """The other side works."""
        self._failures = 0
        self._opened_at = None
        self._trying = False

    def failed(self) -> None:
        """The other side does not work."""
        self._failures += 1
        if self._trying or self._failures >= self._limit:
            self._opened_at = self._clock()
        self._trying = False

    def gave_up(self) -> None:
        """The caller was cancelled before it found out: the next one may try."""
        self._trying = False
