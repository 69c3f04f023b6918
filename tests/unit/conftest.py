"""Ledgers in a folder of the test, for the tests of budgets and of `cachewise stats`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from cachewise.ledger.journal import FILE_NAME, Journal
from cachewise.ledger.ledger import Ledger
from cachewise.ledger.prices import Prices
from cachewise.ledger.report import read_entries, read_report
from support.ledger import HeldClock, NewLedger
from support.stats import Fill, filler


@pytest.fixture
def held_clock() -> HeldClock:
    return HeldClock()


@pytest.fixture
def ledger_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the commands and servers of the test look for the ledger; nothing is there yet."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path / "cachewise" / FILE_NAME


@pytest.fixture
async def new_ledger(ledger_path: Path, held_clock: HeldClock) -> AsyncIterator[NewLedger]:
    """Ledgers on one file, as several servers of one user have them."""
    made: list[Ledger] = []
    prices = Prices(held_clock.clock)
    prices.load()

    def one(at: Path | None = ledger_path) -> Ledger:
        made.append(Ledger(prices, None if at is None else Journal(at, held_clock.clock), held_clock.clock))
        return made[-1]

    yield one
    for ledger in made:
        await ledger.aclose()


@pytest.fixture(scope="module")
def patient_budget() -> Iterator[None]:
    """A busy machine must not look like a file that hangs: then each server decides alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cachewise.ledger.budget.RESERVE_SECONDS", 30.0)
        patch.setattr("cachewise.ledger.migrations.BUSY_MS", 20_000)
        yield


@pytest.fixture
def fill(ledger_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fill:
    """Writes entries to the ledger that `cachewise stats` reads, on the day that the clock is held at."""
    clock = HeldClock()
    monkeypatch.setattr("cachewise.cli.stats.read_report", lambda path, days: read_report(path, days, clock.clock))
    monkeypatch.setattr("cachewise.cli.stats.read_entries", lambda path, days: read_entries(path, days, clock.clock))
    return filler(ledger_path, clock)
