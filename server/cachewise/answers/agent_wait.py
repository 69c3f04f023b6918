"""Trying a run of an agent again: real rate limits with the provider's own pause, and lost connections.

Works on any exception that looks like pydantic-ai's: `status_code`, `retry_after`, `headers`. Not here: the limits
that the caller sets himself (pydantic-ai's `UsageLimits`), which no waiting changes.
"""

from __future__ import annotations

import asyncio
import email.utils
import random
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any, TypeVar

from cachewise.answers.agent_faults import ConnectionError as NoConnection
from cachewise.answers.agent_faults import RateLimitError

T = TypeVar("T")

DEFAULT_RETRY_CONFIG: Mapping[str, float] = {
    "max_retries": 3,
    "initial_delay": 1.0,
    "max_delay": 10.0,
    "jitter": 0.1,
}
_BUSY = frozenset({429, 503, 529})
_LOST = (TimeoutError, ConnectionRefusedError, ConnectionResetError)


async def patiently(
    run: Callable[[], Awaitable[T]],
    *,
    max_wait: float,
    initial_wait: float,
    retry_config: Mapping[str, float] | None = None,
    may_repeat: Callable[[], bool] = lambda: True,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
) -> T:
    """Call `run` until it succeeds, waiting `max_wait` seconds altogether and not a moment longer.

    Args:
        run: One attempt.
        max_wait: Seconds that all pauses together may take.
        initial_wait: The first pause where the provider names none; each further one is twice as long.
        retry_config: `max_retries`, `initial_delay`, `max_delay` and `jitter` for lost connections.
        may_repeat: Whether another attempt is still possible; False once a piece of the answer is out.
        sleep: For tests.

    Raises:
        RateLimitError: the provider is busy for longer than `max_wait`.
        ConnectionError: of `agent_faults`: no connection in `max_retries` attempts.
        Exception: whatever else `run` raises, at once.
    """
    config = {**DEFAULT_RETRY_CONFIG, **(retry_config or {})}
    waited, pause, losses = 0.0, initial_wait, 0
    while True:
        try:
            return await run()
        except Exception as error:
            if not may_repeat():
                raise
            if is_busy(error):
                asked = retry_after(error)
                delay = pause if asked is None else asked
                if waited + delay > max_wait:
                    raise RateLimitError(
                        f"The provider is busy and asks for {delay:.1f} s; {waited:.1f} s of the {max_wait:.1f} s "
                        "that max_wait allows are used up.",
                        retry_after=asked,
                    ) from error
                pause *= 2
            elif isinstance(error, _LOST):
                losses += 1
                if losses >= config["max_retries"]:
                    raise NoConnection(f"The provider could not be reached in {losses} attempts.") from error
                delay = min(config["initial_delay"] * 2 ** (losses - 1), config["max_delay"])
                delay *= 1 + random.uniform(-config["jitter"], config["jitter"])  # noqa: S311  # spreads callers
                delay = max(0.0, min(delay, max_wait - waited))
            else:
                raise
        waited += delay
        await sleep(delay)


def is_busy(error: BaseException) -> bool:
    """Whether the provider said that the same request may succeed later."""
    return any(
        getattr(one, "status_code", None) in _BUSY or type(one).__name__ == "ModelRateLimitError"
        for one in _causes(error)
        if isinstance(one, Exception)
    )


def retry_after(error: BaseException) -> float | None:
    """Seconds that the provider asked to wait; None where it named none."""
    for one in _causes(error):
        asked: Any = getattr(one, "retry_after", None)
        if isinstance(asked, int | float) and not isinstance(asked, bool) and asked >= 0:
            return float(asked)
        for headers in (getattr(one, "headers", None), getattr(getattr(one, "response", None), "headers", None)):
            if isinstance(headers, Mapping):
                value = next((v for k, v in headers.items() if str(k).lower() == "retry-after"), None)
                if (seconds := _seconds(value)) is not None:
                    return seconds
    return None


def _seconds(value: object) -> float | None:
    """A `Retry-After` header: seconds, or a date."""
    text = str(value or "").strip()
    try:
        seconds = float(text)
    except ValueError:
        try:
            seconds = email.utils.parsedate_to_datetime(text).timestamp() - time.time()
        except (ValueError, TypeError, OverflowError):
            return None
    return max(0.0, seconds) if seconds < float("inf") else None


def _causes(error: BaseException) -> Iterator[BaseException]:
    one: BaseException | None = error
    seen: set[int] = set()
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        yield one
        one = one.__cause__
