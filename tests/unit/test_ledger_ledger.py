from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest

from cachewise.ledger.journal import Journal
from cachewise.ledger.ledger import RECENT, Ledger
from cachewise.ledger.meter import Meter
from cachewise.ledger.prices import Prices
from cachewise.model.events import Opened, UsageReport
from cachewise.model.usage import Tokens, Totals
from support.ledger import HAIKU, HeldClock, plan, traits, usage

COLD = UsageReport(tokens=Tokens(input=12_500, cache_read=0, cache_write=12_000, output=100), billed=Decimal("0.016"))


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock()


@pytest.fixture
async def ledger(tmp_path: Path, clock: HeldClock) -> AsyncIterator[Ledger]:
    made = Ledger(Prices(clock.clock), Journal(tmp_path / "ledger.sqlite3", clock.clock), clock.clock)
    yield made
    await made.aclose()


def start(ledger: Ledger) -> Meter:
    return ledger.start(feature="explain", plan=plan(), traits=traits(), model=HAIKU, session_id="w")


def explain(ledger: Ledger, report: UsageReport | None = COLD) -> Meter:
    meter = start(ledger)
    meter.opened(Opened("gen-1"))
    meter.delta("x" * 400)
    if report:
        meter.report(report)
    meter.finish("complete" if report else "cancelled")
    return meter


async def test_a_request_enters_every_sum(ledger: Ledger) -> None:
    meter = explain(ledger)
    assert meter.usage is not None
    assert ledger.last is meter.usage
    assert ledger.session == ledger.today
    assert ledger.session.cost == Decimal("0.016")
    got = ledger.usage_json()
    assert got["byFeature"]["explain"]["requests"] == got["byModel"][str(HAIKU)]["requests"] == 1
    assert len(got["days"]) == 1
    assert got["recent"] == [meter.usage.to_json()]
    assert await ledger.flush()
    assert ledger.usage_json() == got


async def test_a_late_bill_corrects_every_sum_by_the_difference(ledger: Ledger) -> None:
    meter = explain(ledger, None)
    estimated = ledger.session.cost
    assert estimated == Decimal("0.016")
    explain(ledger)
    assert await ledger.flush()
    meter.amend(UsageReport(tokens=COLD.tokens, billed=Decimal("0.02")))
    for _ in range(2):
        assert ledger.session == ledger.today
        assert ledger.session.cost == Decimal("0.036")
        assert ledger.session.requests == 2
        assert [one["costUsd"] for one in ledger.usage_json()["recent"]] == [0.02, 0.016]
        assert await ledger.flush()


async def test_today_sums_all_servers_and_the_session_only_this_one(
    ledger: Ledger, tmp_path: Path, clock: HeldClock
) -> None:
    other = Ledger(Prices(), Journal(tmp_path / "ledger.sqlite3", clock.clock), clock.clock)
    explain(other)
    assert await other.aclose()
    explain(ledger)
    await ledger.refresh()
    assert ledger.today.requests == 2
    assert ledger.session.requests == 1
    assert [day["requests"] for day in ledger.usage_json()["days"]] == [2]


async def test_subscribers_hear_on_the_loop_of_every_change(ledger: Ledger, tmp_path: Path, clock: HeldClock) -> None:
    heard: asyncio.Queue[tuple[int, bool]] = asyncio.Queue()
    main = threading.main_thread()
    end = ledger.subscribe(lambda: heard.put_nowait((ledger.today.requests, threading.current_thread() is main)))
    await ledger.refresh()
    while not heard.empty():
        heard.get_nowait()
    explain(ledger)
    assert heard.get_nowait() == (1, True)
    other = Ledger(Prices(), Journal(tmp_path / "ledger.sqlite3", clock.clock), clock.clock)
    explain(other)
    assert await other.aclose()
    await ledger.refresh()
    assert await asyncio.wait_for(heard.get(), 10) == (2, True)
    end()
    end()
    explain(ledger)
    assert heard.empty()


async def test_a_subscriber_that_fails_loses_nothing(ledger: Ledger) -> None:
    def fail() -> None:
        raise RuntimeError("no status today")

    ledger.subscribe(fail)
    explain(ledger)
    assert ledger.session.requests == 1


async def test_stored_answers_and_offline_completions_are_recorded(ledger: Ledger) -> None:
    ledger.record(usage(source="answers", cost="0", saved="0.02"))
    ledger.record(usage(source="offline", cost="0", saved=None))
    assert ledger.session.requests == 0
    assert ledger.session.answers_hits == 1
    assert ledger.session.answers_saved == Decimal("0.02")
    assert len(ledger.usage_json()["recent"]) == 2


async def test_suggestions_are_counted(ledger: Ledger) -> None:
    ledger.offered(shown=1)
    ledger.offered(shown=2, rejected=1)
    ledger.offered(accepted=1, characters=12)
    ledger.offered(accepted=1, characters=-5)
    ledger.offered(typed=1)
    for _ in range(2):
        for totals in (ledger.session, ledger.today):
            assert (totals.shown, totals.accepted, totals.accepted_characters) == (3, 2, 12)
            assert (totals.typed, totals.rejected) == (1, 1)
        assert await ledger.flush()
    completions = ledger.usage_json()["completions"]
    assert completions["acceptanceRate"] == pytest.approx(2 / 3)
    assert completions["acceptedCharacters"] == 12


async def test_recent_is_bounded(ledger: Ledger) -> None:
    for number in range(RECENT + 5):
        ledger.record(usage(total_ms=number))
    recent = ledger.usage_json()["recent"]
    assert [one["totalMs"] for one in recent] == list(range(5, RECENT + 5))


async def test_a_bill_for_a_request_that_is_not_recent_any_more(ledger: Ledger) -> None:
    meter = explain(ledger, None)
    for _ in range(RECENT):
        ledger.record(usage(cost="0"))
    meter.amend(UsageReport(tokens=COLD.tokens, billed=Decimal("0.02")))
    assert ledger.session.cost == Decimal("0.02")
    assert {one["costUsd"] for one in ledger.usage_json()["recent"]} == {0.0}


async def test_prefix_follows_the_prompt_used_last_and_the_time(ledger: Ledger, clock: HeldClock) -> None:
    assert ledger.prefix["state"] == "unsupported"
    meter = start(ledger)
    assert ledger.prefix == {"tokens": 12_000, "state": "cold", "expiresAt": None}
    meter.delta("a")
    assert ledger.prefix["state"] == "warm"
    assert ledger.prefix["expiresAt"] == "2026-05-28T20:31:40Z"
    clock.tick(301)
    assert ledger.prefix["state"] == "cold"


async def test_without_a_journal_today_is_the_session(clock: HeldClock) -> None:
    ledger = Ledger(Prices(), None, clock.clock)
    explain(ledger)
    clock.tick(86_400)
    explain(ledger)
    assert ledger.session.requests == 2
    assert ledger.today.requests == 1
    assert len(ledger.usage_json()["days"]) == 2
    assert ledger.problem is None
    assert await ledger.flush()
    await ledger.refresh()
    assert await ledger.aclose()


async def test_warm_up_loads_prices_and_todays_sums(tmp_path: Path, clock: HeldClock, ledger: Ledger) -> None:
    explain(ledger)
    assert await ledger.flush()
    prices = Prices()
    other = Ledger(prices, Journal(tmp_path / "ledger.sqlite3", clock.clock), clock.clock)
    await other.warm_up()
    assert prices.loaded
    assert other.today.requests == 1
    assert await other.aclose()


async def test_a_journal_that_can_not_be_written_is_only_a_problem(tmp_path: Path, clock: HeldClock) -> None:
    (tmp_path / "state").write_text("in the way")
    ledger = Ledger(Prices(), Journal(tmp_path / "state" / "ledger.sqlite3", clock.clock), clock.clock)
    explain(ledger)
    await ledger.refresh()
    assert ledger.problem is not None
    assert ledger.today == ledger.session
    assert not await ledger.aclose()


def test_before_any_request(clock: HeldClock) -> None:
    ledger = Ledger(Prices(), None, clock.clock)
    assert ledger.last is None
    assert ledger.session == Totals()
    assert ledger.usage_json()["recent"] == []


def test_a_ledger_outside_of_a_loop_counts_too(clock: HeldClock) -> None:
    ledger = Ledger(Prices(), None, clock.clock)
    explain(ledger)
    assert ledger.session.requests == 1
