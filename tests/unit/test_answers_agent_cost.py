"""What a run cost, by whoever knows best, and the books that must never be in the way."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cachewise.answers.agent_cost import Expense, ModelCosts, cost_of, noop_expense_recorder, record
from cachewise.model.usage import UNKNOWN_COST, Cost

PRICES = {"acme-1": ModelCosts(3.0, 15.0, 3.75, 0.3)}
EXPENSE = Expense(model="acme-1", task_name="chat", paid=Decimal("0.5"), source="billed", saved=None)


def response(*, listed: str | Exception | None = None, details: dict[str, Any] | None = None, **usage: int) -> Any:
    """A response as pydantic-ai has it, as far as its price goes."""

    def cost() -> Any:
        if isinstance(listed, Exception):
            raise listed
        if listed is None:
            raise LookupError("no such model")
        return SimpleNamespace(total_price=Decimal(listed))

    counts = {"input_tokens": 0, "output_tokens": 0, "cache_read_tokens": 0, "cache_write_tokens": 0} | usage
    return SimpleNamespace(provider_details=details, usage=SimpleNamespace(**counts), cost=cost)


def known(usd: str, source: Any) -> Cost:
    return Cost(usd=Decimal(usd), source=source, saved=None)


@pytest.mark.parametrize(
    ("responses", "expected"),
    [
        pytest.param([response(details={"cost": 0.00123}, listed="9")], known("0.00123", "billed"), id="bill-first"),
        pytest.param([response(details={"cost": 0})], known("0", "billed"), id="billed-0-is-0"),
        pytest.param([response(details={"is_byok": False})], known("0", "billed"), id="0-that-was-left-out"),
        pytest.param(
            [response(details={"cost": 0.001, "is_byok": True, "upstream_inference_cost": 0.02})],
            known("0.021", "billed"),
            id="own-key-pays-twice",
        ),
        pytest.param([response(listed="0.25")], known("0.25", "estimated"), id="price-list"),
        pytest.param([response()], UNKNOWN_COST, id="unknown-model"),
        pytest.param([response(listed=ValueError("no usage"))], UNKNOWN_COST, id="usage-left-out"),
        pytest.param([response(listed=AssertionError())], UNKNOWN_COST, id="model-left-out"),
        pytest.param([response(details={"cost": "much"})], UNKNOWN_COST, id="odd-bill"),
        pytest.param([], UNKNOWN_COST, id="no-response"),
        pytest.param(
            [response(details={"cost": 0.5}), response(listed="0.25")], known("0.75", "estimated"), id="bill-and-list"
        ),
        pytest.param([response(details={"cost": 0.5}), response()], UNKNOWN_COST, id="a-part-unknown-is-all-unknown"),
        pytest.param(
            [response(details={"cost": 0.5}), response(details={"cost": 0.25})], known("0.75", "billed"), id="two-bills"
        ),
    ],
)
async def test_cost(responses: list[Any], expected: Cost) -> None:
    assert await cost_of(responses, model="acme-9", custom_costs=PRICES) == expected


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ({"input_tokens": 1_000_000}, "3"),
        ({"output_tokens": 1_000_000}, "15"),
        ({"input_tokens": 1_000_000, "cache_read_tokens": 1_000_000}, "0.3"),
        ({"input_tokens": 1_000_000, "cache_write_tokens": 1_000_000}, "3.75"),
        ({"input_tokens": 1000, "cache_read_tokens": 800, "cache_write_tokens": 100, "output_tokens": 50}, "0.001665"),
        ({}, "0"),
    ],
    ids=["input", "output", "read", "written", "all", "nothing"],
)
async def test_own_prices_come_before_the_list(usage: dict[str, Any], expected: str) -> None:
    found = await cost_of([response(listed="9", **usage)], model="acme-1", custom_costs=PRICES)
    assert found == known(expected, "estimated")


async def test_a_bill_comes_before_own_prices() -> None:
    found = await cost_of([response(details={"cost": 0.5}, input_tokens=9)], model="acme-1", custom_costs=PRICES)
    assert found == known("0.5", "billed")


@given(st.lists(st.decimals(min_value=0, max_value=10, places=6), min_size=1, max_size=5))
def test_bills_add_up_exactly(bills: list[Decimal]) -> None:
    found = asyncio.run(cost_of([response(details={"cost": str(bill)}) for bill in bills], model="m"))
    assert found.usd == sum(bills)


async def test_recorders() -> None:
    lines: list[Any] = []

    async def three(model: str, task_name: str, cost: float | None) -> None:
        lines.append((model, task_name, cost))

    def four(model: str, task_name: str, cost: float | None, expense: Expense) -> None:
        lines.append(expense)

    class Ledger:
        async def __call__(self, model: str, task_name: str, cost: float | None) -> None:
            lines.append(type(cost))

    for recorder in (three, four, Ledger(), noop_expense_recorder):
        await record(recorder, EXPENSE)
    assert lines == [("acme-1", "chat", 0.5), EXPENSE, float]


async def test_a_recorder_that_never_ends_is_left(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("cachewise.answers.agent_cost._RECORDER_SECONDS", 0.01)

    async def endless(model: str, task_name: str, cost: float | None) -> None:
        await asyncio.Event().wait()

    await record(endless, EXPENSE)
    assert len(caplog.records) == 1
    assert "chat" not in caplog.text


async def test_a_cancel_is_not_swallowed_by_the_books() -> None:
    async def endless(model: str, task_name: str, cost: float | None) -> None:
        await asyncio.Event().wait()

    task = asyncio.create_task(record(endless, EXPENSE))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
