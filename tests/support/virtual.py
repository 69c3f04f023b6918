"""An event loop on which time passes only when nothing is left to do, and then at once to what comes next.

Work for threads is done on the spot, so that a run is the same each time. Not for code that waits for a real thread or
a socket.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class _Skipping(selectors.DefaultSelector):
    """Does not wait: what would have been waited for is added to the loop's time."""

    skip: Callable[[float], None]

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        found = super().select(0)
        if not found and timeout != 0:
            if timeout is None:
                raise RuntimeError("everything waits, and nothing will ever come")
            self.skip(timeout)
        return found


class VirtualLoop(asyncio.SelectorEventLoop):
    """Starts at 0 seconds."""

    def __init__(self) -> None:
        self._seconds = 0.0
        selector = _Skipping()
        selector.skip = self._skip
        super().__init__(selector)

    def time(self) -> float:
        return self._seconds

    def run_in_executor(  # type: ignore[override]
        self, executor: Any, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:
            future.set_exception(error)
        return future

    def _skip(self, seconds: float) -> None:
        self._seconds += seconds


def run(work: Coroutine[Any, Any, T]) -> T:
    """Like `asyncio.run`, in no time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(work)
