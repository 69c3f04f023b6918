"""Budgets: what is predicted, what is refused and with which words, and that the day's cap holds."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cachewise.faults import OverBudget
from cachewise.ledger import budget as budget_module
from cachewise.ledger import store as store_module
from cachewise.ledger.budget import Caps, Hold, forecast
from cachewise.ledger.journal import Journal
from cachewise.ledger.ledger import Ledger
from cachewise.ledger.meter import Meter
from cachewise.ledger.prefix import PrefixMemory
from cachewise.ledger.prices import Price, Prices
from cachewise.ledger.shape import Shape
from cachewise.model.events import UsageReport
from cachewise.model.names import ModelName, Ttl
from cachewise.model.usage import Tokens
from support.ledger import HAIKU, HeldClock, plan, traits

PRICE = Price(
    plain=Decimal("1e-6"),
    read=Decimal("0.1e-6"),
    write_5m=Decimal("1.25e-6"),
    write_1h=Decimal("2e-6"),
    output=Decimal("5e-6"),
)
NO_CAPS = Caps(None, None)
UNLISTED = ModelName("openai", "a-model-of-tomorrow")
Make = Callable[..., Ledger]


@pytest.fixture(autouse=True, scope="module")
def patience() -> Iterator[None]:
    """A busy machine must not look like a file that hangs: then each server decides alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(budget_module, "RESERVE_SECONDS", 30.0)
        patch.setattr(store_module, "BUSY_MS", 20_000)
        yield


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "ledger.sqlite3"


@pytest.fixture
async def make(path: Path, clock: HeldClock) -> AsyncIterator[Make]:
    """Ledgers on one file, as several servers of one user have them."""
    made: list[Ledger] = []
    prices = Prices(clock.clock)
    prices.load()

    def one(at: Path | None = path) -> Ledger:
        made.append(Ledger(prices, None if at is None else Journal(at, clock.clock), clock.clock))
        return made[-1]

    yield one
    for ledger in made:
        await ledger.aclose()


async def reserve(
    ledger: Ledger, caps: Caps, *, model: ModelName = HAIKU, max_tokens: int = 100, allow: bool = False, tail: int = 500
) -> Hold | None:
    return await ledger.reserve(
        plan=plan(tail=tail),
        traits=traits(),
        model=model,
        session_id="w",
        max_tokens=max_tokens,
        caps=caps,
        allow_over=allow,
    )


def spend(ledger: Ledger, hold: Hold | None, usd: str) -> Meter:
    """Send the request, and let the provider bill this much for it."""
    meter = ledger.start(feature="explain", plan=plan(), traits=traits(), model=HAIKU, session_id="w", hold=hold)
    meter.report(UsageReport(tokens=Tokens(), billed=Decimal(usd)))
    meter.finish("complete")
    return meter


def per_day(usd: str) -> Caps:
    return Caps(Decimal(usd), None)


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


# 12,500 tokens, 12,000 of them marked. Written once at 1.25, and 500 plain; the worst case is half as long again, and
# all of it at the price of a write.
COLD = Decimal("0.0155") + Decimal("0.0005")
WORST = Decimal("0.0234375") + Decimal("0.0005")


@pytest.mark.parametrize(
    ("style", "marks", "likely", "worst"),
    [
        pytest.param("control", {2: "5m"}, "0.0155", "0.0234375", id="marked for five minutes"),
        pytest.param("control", {2: "1h"}, "0.0245", "0.0375", id="marked for an hour"),
        pytest.param("control", {}, "0.0125", "0.01875", id="not marked"),
        pytest.param("automatic", {}, "0.0125", "0.01875", id="automatic"),
        pytest.param("none", {}, "0.0125", "0.01875", id="not cached at all"),
    ],
)
def test_a_cold_request_is_predicted(style: str, marks: dict[int, Ttl], likely: str, worst: str) -> None:
    shape = Shape.of(plan(marks=marks), traits(style))  # type: ignore[arg-type]
    expected = PrefixMemory().expect(HAIKU, "w", shape, 0.0)
    cost = forecast(expected, PRICE, 100)
    assert cost is not None
    assert cost.likely == Decimal(likely) + Decimal("0.0005")
    assert cost.worst == Decimal(worst) + Decimal("0.0005")


def test_a_warm_request_is_likely_cheap_and_at_worst_as_dear_as_a_cold_one() -> None:
    memory, shape = PrefixMemory(), Shape.of(plan(), traits())
    memory.remember(memory.expect(HAIKU, "w", shape, 0.0))
    cost = forecast(memory.expect(HAIKU, "w", shape, 10.0), PRICE, 100)
    assert cost is not None
    assert cost.likely == Decimal("0.0012") + Decimal("0.0005") + Decimal("0.0005")
    assert cost.worst == Decimal("0.01875") + Decimal("0.0005"), "its length is better known"


def test_without_a_list_price_nothing_is_predicted() -> None:
    assert forecast(PrefixMemory().expect(HAIKU, "w", Shape.of(plan(), traits()), 0.0), None, 100) is None


@given(tokens=st.integers(0, 200_000), output=st.integers(1, 8192), warm=st.booleans(), scale=st.floats(0.3, 4.0))
def test_the_worst_case_is_never_below_the_likely_one(tokens: int, output: int, warm: bool, scale: float) -> None:
    memory, shape = PrefixMemory(), Shape.of(plan({"a.py": ("a", tokens)}), traits())
    seen = Tokens(input=round(shape.tokens * scale), cache_read=0, cache_write=0)
    if warm:
        memory.remember(memory.expect(HAIKU, "w", shape, 0.0), seen)
    cost = forecast(memory.expect(HAIKU, "w", shape, 1.0), PRICE, output)
    assert cost is not None
    assert 0 < cost.likely <= cost.worst


async def test_without_a_budget_nothing_is_asked(make: Make, path: Path) -> None:
    ledger = make()
    assert await reserve(ledger, NO_CAPS, model=UNLISTED) is None
    assert not path.exists()


async def test_a_request_over_its_own_budget_is_refused_by_its_likely_cost(make: Make) -> None:
    ledger = make()
    assert await reserve(ledger, Caps(None, COLD)) is None
    with pytest.raises(OverBudget) as refused:
        await reserve(ledger, Caps(None, Decimal("0.0159")))
    check_refused(refused, "budget.perRequestUsd", str(COLD), "0.0159")
    assert "$0.016" in refused.value.sentence
    assert await reserve(ledger, Caps(None, Decimal("0.0159")), allow=True) is None


async def test_the_day_is_held_by_the_worst_case(make: Make) -> None:
    ledger = make()
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


async def test_what_is_not_sent_gives_its_money_back(make: Make) -> None:
    one, other = make(), make()
    hold = await reserve(one, per_day("0.03"))
    with pytest.raises(OverBudget):
        await reserve(other, per_day("0.03"))
    one.release(hold)
    one.release(hold)
    one.release(None)
    assert await one.flush()
    assert await reserve(other, per_day("0.03")) is not None


async def test_two_servers_keep_one_budget(make: Make) -> None:
    one, other = make(), make()
    spend(one, await reserve(one, per_day("0.05")), "0.02")
    running = await reserve(other, per_day("0.05"))
    assert running is not None
    with pytest.raises(OverBudget):
        await reserve(one, per_day("0.05"))
    spend(other, running, "0.005")
    assert await other.flush()
    assert await reserve(one, per_day("0.05")) is not None


async def test_a_restart_forgets_nothing_and_a_killed_server_keeps_its_place(make: Make, path: Path) -> None:
    killed = make()
    spend(killed, await reserve(killed, per_day("0.06")), "0.02")
    await reserve(killed, per_day("0.06"))
    assert await killed.flush()
    again = make()
    with pytest.raises(OverBudget) as refused:
        await reserve(again, per_day("0.06"))
    assert "$0.044 is spent or set aside" in refused.value.sentence


async def test_a_new_day_begins_with_its_whole_budget(make: Make, clock: HeldClock, path: Path) -> None:
    ledger = make()
    spend(ledger, await reserve(ledger, per_day("0.025")), "0.02")
    await reserve(ledger, per_day("1"))
    with pytest.raises(OverBudget):
        await reserve(ledger, per_day("0.025"))
    clock.tick(86_400)
    assert await reserve(ledger, per_day("0.025")) is not None
    clock.tick(3 * 86_400)
    assert await reserve(ledger, per_day("0.025")) is not None
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT COUNT(*) FROM reservations").fetchone() == (1,)
    connection.close()


async def test_an_allowed_request_passes_the_cap_and_counts(make: Make) -> None:
    ledger = make()
    hold = await reserve(ledger, per_day("0.001"), allow=True)
    assert hold is not None
    spend(ledger, hold, "0.02")
    with pytest.raises(OverBudget):
        await reserve(ledger, per_day("0.03"))


async def test_a_budget_of_nothing_allows_only_what_is_free(make: Make) -> None:
    ledger = make()
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
async def test_an_unknown_price_can_not_be_held_to_a_budget(make: Make, caps: Caps, budget: str) -> None:
    ledger = make()
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
def test_the_warning(spent: str, cap: str | None, words: str | None, clock: HeldClock) -> None:
    ledger = Ledger(Prices(clock.clock), None, clock.clock)
    spend(ledger, None, spent)
    sentence = ledger.budget_warning(None if cap is None else Decimal(cap))
    assert (sentence is None) is (words is None)
    assert (words or "") in (sentence or "")


@pytest.mark.parametrize("journal", ["none", "in the way"])
async def test_without_a_file_the_server_keeps_its_own_budget(
    make: Make, tmp_path: Path, journal: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("no folder")
    ledger = make(None if journal == "none" else tmp_path / "file" / "ledger.sqlite3")
    holds = [await reserve(ledger, per_day("0.05")) for _ in range(2)]
    assert [hold is not None and hold.in_file for hold in holds] == [False, False]
    with pytest.raises(OverBudget):
        await reserve(ledger, per_day("0.05"))
    spend(ledger, holds[0], "0.001")
    ledger.release(holds[1])
    assert await reserve(ledger, per_day("0.05")) is not None


async def test_a_file_that_hangs_is_not_waited_for(make: Make, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget_module, "RESERVE_SECONDS", 0.05)
    ledger = make()
    spend(ledger, await reserve(ledger, per_day("0.07")), "0.02")
    assert await ledger.flush()
    lock = sqlite3.connect(path, isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    hold = await reserve(ledger, per_day("0.07"))
    assert hold is not None
    assert not hold.in_file
    lock.execute("ROLLBACK")
    lock.close()
    assert await ledger.flush(10)
    # What was not granted in time is not in the file either, and what this server holds in memory counts beside it.
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT COUNT(*) FROM reservations").fetchone() == (0,)
    connection.close()
    monkeypatch.undo()
    second = await reserve(ledger, per_day("0.07"))
    assert second is not None
    assert second.in_file
    with pytest.raises(OverBudget):
        await reserve(ledger, per_day("0.07"))


async def test_a_cancelled_wait_reserves_nothing(make: Make, path: Path) -> None:
    ledger = make()
    tasks = [asyncio.create_task(reserve(ledger, per_day("1"))) for _ in range(5)]
    await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert all(task.cancelled() for task in tasks)
    assert await ledger.flush()
    assert await reserve(ledger, per_day("0.025")) is not None


async def test_a_ledger_that_was_lost_does_not_open_the_budget_again(make: Make, path: Path) -> None:
    ledger = make()
    spend(ledger, await reserve(ledger, per_day("0.03")), "0.02")
    assert await ledger.flush()
    for file in path.parent.iterdir():
        file.unlink()
    with pytest.raises(OverBudget):
        await reserve(ledger, per_day("0.03"))


CAP = Decimal("0.2")
STEPS = st.lists(
    st.tuples(st.sampled_from(["ask", "ask", "settle", "cancel", "restart"]), st.integers(0, 1), st.integers(0, 9)),
    max_size=40,
)


async def outcome(ledger: Ledger, tail: int) -> Hold | OverBudget:
    try:
        hold = await reserve(ledger, Caps(CAP, None), tail=tail)
    except OverBudget as fault:
        return fault
    assert hold is not None
    return hold


async def walk(path: Path, steps: list[tuple[str, int, int]]) -> None:
    clock = HeldClock()
    prices = Prices(clock.clock)
    prices.load()

    def server() -> Ledger:
        return Ledger(prices, Journal(path, clock.clock), clock.clock)

    servers = [server(), server()]
    running: list[list[Hold]] = [[], []]
    spent = Decimal(0)
    for step, which, number in steps:
        ledger, holds = servers[which], running[which]
        if step == "ask":
            answer = await outcome(ledger, 500 + 3000 * number)
            if isinstance(answer, Hold):
                holds.append(answer)
            else:
                held = sum((hold.usd for holds in running for hold in holds), Decimal(0))
                assert answer.estimate is not None
                assert spent + held + answer.estimate > CAP, "refused without a reason"
        elif step == "restart":
            # As a kill: what ran is never booked, and may have cost all that it could.
            spent += sum((hold.usd for hold in holds), Decimal(0))
            holds.clear()
            assert await ledger.flush()
            await ledger.aclose()
            servers[which] = server()
        elif holds:
            hold = holds.pop(number % len(holds))
            if step == "cancel":
                ledger.release(hold)
            else:
                cost = (hold.usd * number / 9).quantize(Decimal("1e-9"), rounding="ROUND_DOWN")
                spend(ledger, hold, str(cost))
                spent += cost
            # The other server may ask in the same moment; this one's news must be there.
            assert await ledger.flush()
        assert spent + sum((hold.usd for holds in running for hold in holds), Decimal(0)) <= CAP
    for ledger in servers:
        await ledger.aclose()


@settings(max_examples=25, deadline=None)
@given(steps=STEPS)
def test_no_order_of_events_passes_the_cap(steps: list[tuple[str, int, int]], tmp_path_factory: object) -> None:
    folder = tmp_path_factory.mktemp("walk")  # type: ignore[attr-defined]
    asyncio.run(walk(folder / "ledger.sqlite3", steps))


async def test_ten_thousand_triggers_in_a_minute_never_spend_over_the_cap(
    make: Make, clock: HeldClock, path: Path
) -> None:
    chance = random.Random(4)
    cap = Decimal("0.5")
    servers = [make(), make()]
    running: list[tuple[Ledger, Hold]] = []
    spent = Decimal(0)
    sent = 0

    def end(ledger: Ledger, hold: Hold) -> None:
        nonlocal spent
        cost = hold.usd * chance.randint(5, 100) / 100
        spent += cost.quantize(Decimal("1e-9"), rounding="ROUND_DOWN")
        spend(ledger, hold, str(cost.quantize(Decimal("1e-9"), rounding="ROUND_DOWN")))

    for lap in range(100):
        if lap == 50:
            # One of them is closed and started again, with requests in the middle; those are never booked.
            assert await servers[0].aclose()
            spent += sum((hold.usd for ledger, hold in running if ledger is servers[0]), Decimal(0))
            running = [one for one in running if one[0] is not servers[0]]
            servers[0] = make()
        asked = [chance.choice(servers) for _ in range(100)]
        answers = await asyncio.gather(*(reserve(ledger, Caps(cap, None)) for ledger in asked), return_exceptions=True)
        for ledger, answer in zip(asked, answers, strict=True):
            if isinstance(answer, Hold):
                running.append((ledger, answer))
                sent += 1
            else:
                assert isinstance(answer, OverBudget)
        while running and chance.random() < 0.9:
            end(*running.pop(chance.randrange(len(running))))
        clock.tick(0.6)
        assert spent + sum((hold.usd for _, hold in running), Decimal(0)) <= cap
    for one in running:
        end(*one)
    assert spent <= cap
    assert spent > cap * Decimal("0.9"), "the budget was there to be used"
    assert sent > 25
    for ledger in servers:
        await ledger.refresh()
    assert servers[1].today.cost <= cap
