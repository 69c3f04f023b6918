"""Budgets: what is refused and with which words, what is set aside and given back, and by which day it counts."""

from __future__ import annotations

import sqlite3
from decimal import Decimal
from pathlib import Path

import pytest

from cachewise.faults import OverBudget
from cachewise.ledger.budget import Caps
from cachewise.ledger.ledger import Ledger
from cachewise.ledger.prices import Prices
from cachewise.model.names import ModelName
from support.ledger import HeldClock, NewLedger, per_day, reserve, spend

pytestmark = pytest.mark.usefixtures("patient_budget")

NO_CAPS = Caps(None, None)
UNLISTED = ModelName("openai", "a-model-of-tomorrow")

# 12,500 tokens, 12,000 of them marked. Written once at 1.25, and 500 plain; the worst case is half as long again, and
# all of it at the price of a write.
COLD = Decimal("0.0155") + Decimal("0.0005")
WORST = Decimal("0.0234375") + Decimal("0.0005")


def check_refused(refused: pytest.ExceptionInfo[OverBudget], budget: str, estimate: str | None, limit: str) -> None:
    """A sentence with the figures and what to do, and the same figures for programs."""
    fault = refused.value
    assert fault.code == -32803
    assert fault.data() == {
        "kind": "overBudget",
        "budget": budget,
        "estimateUsd": None if estimate is None else pytest.approx(float(estimate)),
        "limitUsd": float(limit),
    }
    assert budget in fault.sentence
    assert "allowOverBudget" in fault.sentence


async def test_without_a_budget_nothing_is_asked(new_ledger: NewLedger, ledger_path: Path) -> None:
    ledger = new_ledger()
    assert await reserve(ledger, NO_CAPS, model=UNLISTED) is None
    assert not ledger_path.exists()


async def test_a_request_over_its_own_budget_is_refused_by_its_likely_cost(new_ledger: NewLedger) -> None:
    ledger = new_ledger()
    assert await reserve(ledger, Caps(None, COLD)) is None
    with pytest.raises(OverBudget) as refused:
        await reserve(ledger, Caps(None, Decimal("0.0159")))
    check_refused(refused, "budget.perRequestUsd", str(COLD), "0.0159")
    assert "$0.016" in refused.value.sentence
    assert await reserve(ledger, Caps(None, Decimal("0.0159")), allow=True) is None


async def test_the_day_is_held_by_the_worst_case(new_ledger: NewLedger) -> None:
    ledger = new_ledger()
    cap = WORST + Decimal("0.001")
    hold = await reserve(ledger, Caps(cap, None))
    assert hold is not None
    assert hold.usd == WORST
    assert hold.in_file
    with pytest.raises(OverBudget) as refused:
        await reserve(ledger, Caps(cap, None))
    check_refused(refused, "budget.perDayUsd", str(WORST), str(cap))
    assert "$0.024" in refused.value.sentence
    spend(ledger, hold, "0.0005")
    assert await reserve(ledger, Caps(cap, None)) is not None


async def test_what_is_not_sent_gives_its_money_back(new_ledger: NewLedger) -> None:
    one, other = new_ledger(), new_ledger()
    hold = await reserve(one, per_day("0.03"))
    with pytest.raises(OverBudget):
        await reserve(other, per_day("0.03"))
    one.release(hold)
    one.release(hold)
    one.release(None)
    assert await one.flush()
    assert await reserve(other, per_day("0.03")) is not None


async def test_two_servers_keep_one_budget(new_ledger: NewLedger) -> None:
    one, other = new_ledger(), new_ledger()
    spend(one, await reserve(one, per_day("0.05")), "0.02")
    running = await reserve(other, per_day("0.05"))
    assert running is not None
    with pytest.raises(OverBudget):
        await reserve(one, per_day("0.05"))
    spend(other, running, "0.005")
    assert await other.flush()
    assert await reserve(one, per_day("0.05")) is not None


async def test_a_restart_forgets_nothing_and_a_killed_server_keeps_its_place(
    new_ledger: NewLedger, ledger_path: Path
) -> None:
    killed = new_ledger()
    spend(killed, await reserve(killed, per_day("0.06")), "0.02")
    await reserve(killed, per_day("0.06"))
    assert await killed.flush()
    again = new_ledger()
    with pytest.raises(OverBudget) as refused:
        await reserve(again, per_day("0.06"))
    assert "$0.044 is spent or set aside" in refused.value.sentence


async def test_a_new_day_begins_with_its_whole_budget(
    new_ledger: NewLedger, held_clock: HeldClock, ledger_path: Path
) -> None:
    ledger = new_ledger()
    spend(ledger, await reserve(ledger, per_day("0.025")), "0.02")
    await reserve(ledger, per_day("1"))
    with pytest.raises(OverBudget):
        await reserve(ledger, per_day("0.025"))
    held_clock.tick(86_400)
    assert await reserve(ledger, per_day("0.025")) is not None
    held_clock.tick(3 * 86_400)
    assert await reserve(ledger, per_day("0.025")) is not None
    connection = sqlite3.connect(ledger_path)
    assert connection.execute("SELECT COUNT(*) FROM reservations").fetchone() == (1,)
    connection.close()


async def test_an_allowed_request_passes_the_cap_and_counts(new_ledger: NewLedger) -> None:
    ledger = new_ledger()
    hold = await reserve(ledger, per_day("0.001"), allow=True)
    assert hold is not None
    spend(ledger, hold, "0.02")
    with pytest.raises(OverBudget):
        await reserve(ledger, per_day("0.03"))


async def test_a_budget_of_nothing_allows_only_what_is_free(new_ledger: NewLedger) -> None:
    ledger = new_ledger()
    with pytest.raises(OverBudget):
        await reserve(ledger, Caps(Decimal(0), Decimal(0)))
    assert await reserve(ledger, Caps(Decimal(0), Decimal(0)), model=ModelName("local", "llama")) is None


@pytest.mark.parametrize(
    ("caps", "budget"),
    [
        pytest.param(per_day("5"), "budget.perDayUsd", id="day"),
        pytest.param(Caps(None, Decimal(5)), "budget.perRequestUsd", id="request"),
        pytest.param(Caps(Decimal(5), Decimal(5)), "budget.perDayUsd", id="both"),
    ],
)
async def test_an_unknown_price_can_not_be_held_to_a_budget(new_ledger: NewLedger, caps: Caps, budget: str) -> None:
    ledger = new_ledger()
    with pytest.raises(OverBudget) as refused:
        await reserve(ledger, caps, model=UNLISTED)
    check_refused(refused, budget, None, "5")
    assert "no list price" in refused.value.sentence
    assert await reserve(ledger, caps, model=UNLISTED, allow=True) is None


@pytest.mark.parametrize(
    ("spent", "cap", "words"),
    [
        pytest.param("0.79", "1", None, id="below"),
        pytest.param("0.8", "1", "80% of today's budget of $1.00 is spent", id="four fifths"),
        pytest.param("1.5", "1", "Today's budget of $1.00 is spent", id="all of it"),
        pytest.param("5", None, None, id="no budget"),
        pytest.param("0", "0", None, id="no spending allowed, none done"),
    ],
)
def test_the_warning(spent: str, cap: str | None, words: str | None, held_clock: HeldClock) -> None:
    ledger = Ledger(Prices(held_clock.clock), None, held_clock.clock)
    spend(ledger, None, spent)
    sentence = ledger.budget_warning(None if cap is None else Decimal(cap))
    assert (sentence is None) is (words is None)
    assert (words or "") in (sentence or "")
