"""Waiting for a busy provider and trying lost connections again, by a clock that only counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from pydantic_ai.exceptions import ModelHTTPError, UsageLimitExceeded

from cachewise.answers.agent_faults import CacheError, RateLimitError
from cachewise.answers.agent_faults import ConnectionError as NoConnection
from cachewise.answers.agent_wait import is_busy, patiently, retry_after


class Attempts:
    """Fails in the given ways, then succeeds; notes the pauses."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.made = 0
        self.pauses: list[float] = []

    async def __call__(self) -> str:
        self.made += 1
        if self.failures:
            raise self.failures.pop(0)
        return "done"

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)

    async def run(self, max_wait: float = 10.0, initial_wait: float = 1.0, **options: Any) -> str:
        return await patiently(self, max_wait=max_wait, initial_wait=initial_wait, sleep=self.sleep, **options)


def busy(status: int = 429, **headers: str) -> ModelHTTPError:
    return ModelHTTPError(status, "acme-1", headers={name.replace("_", "-"): value for name, value in headers.items()})


class ModelRateLimitError(Exception):
    """As pydantic-ai names what has no HTTP status."""


@pytest.mark.parametrize(
    ("failures", "pauses"),
    [
        pytest.param([], [], id="nothing-wrong"),
        pytest.param([busy()], [1.0], id="once"),
        pytest.param([busy(), busy(), busy()], [1.0, 2.0, 4.0], id="twice-as-long-each-time"),
        pytest.param([busy(retry_after="3")], [3.0], id="retry-after"),
        pytest.param([busy(retry_after="0")], [0.0], id="at-once"),
        pytest.param([busy(retry_after="2.5"), busy()], [2.5, 2.0], id="named-then-not"),
        pytest.param([busy(529), busy(503)], [1.0, 2.0], id="overloaded"),
        pytest.param([ModelRateLimitError()], [1.0], id="no-status"),
    ],
)
async def test_a_busy_provider_is_waited_for(failures: list[Exception], pauses: list[float]) -> None:
    attempts = Attempts(*failures)
    assert await attempts.run() == "done"
    assert attempts.pauses == pauses
    assert attempts.made == len(failures) + 1


@pytest.mark.parametrize(
    ("failures", "waited", "asked"),
    [
        pytest.param([busy() for _ in range(99)], 7.0, None, id="for-ever-busy"),
        pytest.param([busy(retry_after="11")], 0.0, 11.0, id="asks-for-too-much-at-once"),
        pytest.param([busy(retry_after="6"), busy(retry_after="6")], 6.0, 6.0, id="asks-for-too-much-in-sum"),
    ],
)
async def test_max_wait_is_hard(failures: list[Exception], waited: float, asked: float | None) -> None:
    attempts = Attempts(*failures)
    with pytest.raises(RateLimitError) as caught:
        await attempts.run(max_wait=10.0)
    assert sum(attempts.pauses) == waited
    assert caught.value.retry_after == asked
    assert isinstance(caught.value.__cause__, ModelHTTPError)
    assert isinstance(caught.value, CacheError)


@pytest.mark.parametrize(
    "failure",
    [busy(400), busy(401), busy(500), UsageLimitExceeded("own limit"), ValueError("x"), KeyError("x")],
    ids=["rejected", "key", "server", "own-limit", "value", "other"],
)
async def test_anything_else_goes_through_at_once(failure: Exception) -> None:
    attempts = Attempts(failure)
    with pytest.raises(type(failure)):
        await attempts.run()
    assert attempts.made == 1


@pytest.mark.parametrize(
    ("config", "made"), [({}, 3), ({"max_retries": 1}, 1), ({"max_retries": 5}, 5)], ids=["default", "one", "five"]
)
async def test_lost_connections_are_tried_again(config: dict[str, float], made: int) -> None:
    attempts = Attempts(*(ConnectionResetError() for _ in range(9)))
    with pytest.raises(NoConnection):
        await attempts.run(retry_config=config)
    assert attempts.made == made


@pytest.mark.parametrize("failure", [TimeoutError, ConnectionRefusedError, ConnectionResetError])
async def test_a_connection_that_comes_back(failure: type[Exception]) -> None:
    attempts = Attempts(failure(), failure())
    assert await attempts.run(retry_config={"jitter": 0.0}) == "done"
    assert attempts.pauses == [1.0, 2.0]


async def test_nothing_is_tried_again_once_a_piece_is_out() -> None:
    attempts = Attempts(busy())
    with pytest.raises(ModelHTTPError):
        await attempts.run(may_repeat=lambda: False)
    assert attempts.made == 1


def later(seconds: float) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize(
    ("header", "low", "high"),
    [("7", 7, 7), ("1.5", 1.5, 1.5), (later(90_000), 80_000, 90_001), (later(-60), 0, 0)],
    ids=["seconds", "fraction", "date", "date-gone-by"],
)
def test_retry_after(header: str, low: float, high: float) -> None:
    found = retry_after(busy(retry_after=header))
    assert found is not None
    assert low <= found <= high


@pytest.mark.parametrize("header", ["", "soon", "nan", "inf", "-", "Mon, 99 Foo"])
def test_a_retry_after_that_says_nothing(header: str) -> None:
    assert retry_after(busy(retry_after=header)) is None


def test_a_cause_is_looked_into() -> None:
    outer = RuntimeError("outer")
    outer.__cause__ = busy(retry_after="4")
    assert is_busy(outer)
    assert retry_after(outer) == 4
    outer.__cause__.__cause__ = outer
    assert not is_busy(ValueError())
