from __future__ import annotations

import asyncio
import os
import random
import sqlite3
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cachewise.ledger import journal as journal_module
from cachewise.ledger.clock import day_start, local_day
from cachewise.ledger.journal import Journal
from cachewise.ledger.meter import Entry
from cachewise.ledger.rows import Offer
from cachewise.ledger.totals import Sums
from cachewise.model.usage import CacheMiss, Tokens
from support.ledger import HeldClock, usage

TESTS = Path(__file__).parents[1]
WAIT = 10.0


def entry(number: int = 0, *, at: float | None = None, **fields: Any) -> Entry:
    made = usage(**fields)
    return Entry(id=f"e{number}", time=HeldClock().moment if at is None else at, usage=made)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "ledger.sqlite3"


@pytest.fixture
async def make(path: Path) -> AsyncIterator[Callable[[], Journal]]:
    """Journals on one file, as servers of one user have them."""
    made: list[Journal] = []

    def one(clock: HeldClock | None = None) -> Journal:
        made.append(Journal(path, (clock or HeldClock()).clock))
        return made[-1]

    yield one
    for journal in made:
        await journal.aclose(WAIT)


Make = Callable[..., Journal]


async def test_an_entry_counts_at_once_and_is_there_after_a_restart(make: Make) -> None:
    journal = make()
    journal.append(entry())
    assert journal.today().cost == Decimal("0.0021")
    assert await journal.aclose(WAIT)
    again = make()
    assert await again.sync(WAIT)
    assert again.today() == journal.today()
    assert again.problem is None


async def test_sums_in_the_file_are_those_in_memory(make: Make) -> None:
    """Every kind of entry, so that the SQL and `Totals.add` can't drift apart."""
    chance = random.Random(0)

    def count() -> int | None:
        return chance.choice([None, 0, chance.randint(1, 10**6)])

    def money() -> str | None:
        return chance.choice([None, "0", str(Decimal(chance.randint(-(10**9), 10**9)).scaleb(-9))])

    clock = HeldClock()
    expected = Sums()
    journal = make(clock)
    for number in range(300):
        made = entry(
            number,
            at=clock.moment - chance.choice([0, 0, 1, 5, 40]) * 86400,
            feature=chance.choice(["complete", "explain"]),
            model=chance.choice(["openai:a", "openai:b"]),
            source=chance.choice(["provider", "answers", "offline"]),
            tokens=Tokens(input=count(), cache_read=count(), cache_write=count(), output=count()),
            cost=money(),
            saved=money(),
        )
        journal.append(made)
        if made.time > clock.moment - 30 * 86400:
            expected.add(local_day(made.time), made.usage)
    offer = Offer(id="o", time=clock.moment, shown=3, accepted=1, characters=9)
    journal.offer(offer)
    expected.offer(local_day(clock.moment), 3, 1, 9)
    assert await journal.sync(WAIT)

    def check(got: Sums) -> None:
        assert got.whole.totals == expected.whole.totals
        for kind in ("days", "models", "features"):
            mine, theirs = getattr(got, kind), getattr(expected, kind)
            assert {name: tally.totals for name, tally in mine.items()} == {
                name: tally.totals for name, tally in theirs.items()
            }

    check(journal.sums())
    again = make(clock)
    assert await again.sync(WAIT)
    check(again.sums())
    assert again.today() == expected.day(local_day(clock.moment)).totals


async def test_two_servers_see_each_other(make: Make) -> None:
    one, other = make(), make()
    one.append(entry(1))
    assert await one.sync(WAIT)
    other.append(entry(2))
    assert await other.sync(WAIT)
    assert other.today().requests == 2
    assert one.today().requests == 1
    assert await one.sync(WAIT)
    assert one.today().requests == 2


async def test_news_from_others_is_told(make: Make) -> None:
    one, other = make(), make()
    told = threading.Event()
    assert await one.sync(WAIT)
    one.when_changed(told.set)
    assert await one.sync(WAIT)
    assert not told.is_set()
    other.append(entry(2))
    assert await other.sync(WAIT)
    assert await one.sync(WAIT)
    assert told.is_set()


async def test_processes_of_one_user_share_the_sums(path: Path) -> None:
    processes = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "support.ledger_writer", str(path), str(seed), "40"),
            cwd=TESTS,
            stdout=asyncio.subprocess.PIPE,
        )
        for seed in (1, 2)
    ]
    lines = [line for process in processes for line in (await process.communicate())[0].decode().splitlines()]
    assert [process.returncode for process in processes] == [0, 0]
    journal = Journal(path)
    assert await journal.sync(WAIT)
    sums = journal.sums()
    assert set(sums.models) == {"openai:1", "openai:2"}
    assert sums.whole.totals.requests == len(lines) >= 80
    assert sums.whole.totals.cost == sum(Decimal(line.split()[2]) for line in lines)
    await journal.aclose(WAIT)


@pytest.mark.parametrize("days", [0, 1], ids=["today", "yesterday"])
@pytest.mark.parametrize("between", [False, True], ids=["both in one write", "in two writes"])
async def test_a_correction_takes_the_place_of_the_entry(make: Make, days: int, between: bool) -> None:
    clock = HeldClock()
    journal = make(clock)
    first = entry(at=clock.moment - days * 86400, cost=None)
    corrected = Entry(id=first.id, time=first.time, usage=usage(cost="0.5"))
    journal.append(first)
    if between:
        assert await journal.sync(WAIT)
    journal.append(corrected, first.usage)

    def check(got: Journal) -> None:
        totals = got.sums().day(local_day(first.time)).totals
        assert (totals.requests, totals.cost, totals.cost_is_complete) == (1, Decimal("0.5"), True)

    check(journal)
    assert await journal.sync(WAIT)
    check(journal)
    again = make(clock)
    assert await again.sync(WAIT)
    check(again)


async def test_midnight_begins_a_new_day(make: Make) -> None:
    clock = HeldClock()
    clock.moment = day_start(clock.moment) + 86400 - 60
    journal = make(clock)
    journal.append(entry(1, at=clock.moment))
    assert await journal.sync(WAIT)
    yesterday = local_day(clock.moment)
    clock.tick(120)
    assert journal.today().requests == 0
    journal.append(entry(2, at=clock.moment))
    assert journal.today().requests == 1
    assert await journal.sync(WAIT)
    assert journal.today().requests == 1
    assert journal.sums().day(yesterday).totals.requests == 1


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("berlin")
async def test_days_are_those_of_the_users_time_zone(make: Make) -> None:
    before_midnight = datetime.fromisoformat("2026-03-28T23:59:59+01:00").timestamp()
    last_of_short_day = datetime.fromisoformat("2026-03-29T23:59:59+02:00").timestamp()
    noon = datetime.fromisoformat("2026-03-30T12:00:00+02:00").timestamp()
    assert last_of_short_day - before_midnight == 23 * 3600
    journal = make(HeldClock(noon))
    for number, moment in enumerate((before_midnight, before_midnight + 1, last_of_short_day, noon)):
        journal.append(entry(number, at=moment))
    in_memory = {day: tally.totals.requests for day, tally in journal.sums().days.items()}
    assert in_memory == {"2026-03-28": 1, "2026-03-29": 2, "2026-03-30": 1}
    assert await journal.sync(WAIT)
    assert {day: tally.totals.requests for day, tally in journal.sums().days.items()} == in_memory


async def test_the_file_is_private_and_holds_figures_only(make: Make, path: Path) -> None:
    journal = make()
    miss = CacheMiss(reason="prefixChanged", tokens=5, detail="file secret/plan.py changed")
    journal.append(entry(miss=miss))
    assert await journal.sync(WAIT)
    assert path.parent.stat().st_mode & 0o777 == 0o700
    for file in path.parent.iterdir():
        assert file.stat().st_mode & 0o777 == 0o600, file.name
        assert b"plan.py" not in file.read_bytes()
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("SELECT miss_reason, miss_tokens FROM entries").fetchall() == [("prefixChanged", 5)]
    connection.close()


async def test_a_folder_that_others_could_read_is_closed(make: Make, path: Path) -> None:
    path.parent.mkdir(mode=0o755)
    path.parent.chmod(0o755)
    assert await make().sync(WAIT)
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_import_is_light() -> None:
    assert "sqlite3" not in vars(journal_module)
    assert os.path.basename(journal_module.FILE_NAME) == journal_module.FILE_NAME
