"""`cachewise status`: the line, its JSON, and when the watched ledger has news."""

from __future__ import annotations

import json
import sqlite3
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cachewise.cli.main import main
from cachewise.cli.status import shown
from cachewise.faults import Fault
from cachewise.ledger.clock import Clock
from cachewise.ledger.journal import FILE_NAME
from cachewise.ledger.meter import Entry
from cachewise.ledger.migrations import MIGRATIONS
from cachewise.ledger.store import Store
from cachewise.ledger.totals import Sums
from cachewise.ledger.watch import Watch
from cachewise.model.usage import Tokens
from support.ledger import HeldClock, usage

DAY = 86_400.0
ANSWER = Tokens(input=0, cache_read=0, cache_write=0, output=0)


class Other:
    """Another server, which writes to the same ledger."""

    def __init__(self, path: Path, clock: HeldClock) -> None:
        self._store, self._clock, self._count = Store(path), clock, 0

    def write(self, **fields: Any) -> None:
        self._count += 1
        self._store.write([Entry(id=f"e{self._count}", time=self._clock.moment, usage=usage(**fields))])

    def close(self) -> None:
        self._store.close()


def sums(*entries: dict[str, Any]) -> Sums:
    all_of_them = Sums()
    for fields in entries:
        all_of_them.add("2026-03-29", usage(**fields))
    return all_of_them


@pytest.mark.parametrize(
    ("entries", "text"),
    [
        pytest.param([], "$0 today", id="nothing"),
        pytest.param([{"cost": "0.01", "saved": "0.02"}], "$0.010 today · 96% cached · saved $0.020", id="one"),
        pytest.param([{"cost": "0.01", "saved": "-0.02"}], "$0.010 today · 96% cached", id="saved-less-than-nothing"),
        pytest.param([{"cost": None, "saved": None}], "$? today · 96% cached", id="unknown"),
        pytest.param(
            [{"cost": None, "saved": None}, {"cost": "0.5", "saved": "0"}],
            "$0.50? today · 96% cached",
            id="partly-unknown",
        ),
        pytest.param(
            [{"cost": "0.01", "saved": "0", "tokens": Tokens(input=10, output=1)}], "$0.010 today", id="no-cache-told"
        ),
        pytest.param(
            [{"source": "answers", "cost": "0", "saved": "0.05", "tokens": ANSWER}],
            "$0 today · saved $0.050",
            id="stored-answer",
        ),
    ],
)
def test_the_line(entries: list[dict[str, Any]], text: str) -> None:
    assert shown(sums(*entries), None)["text"] == text


@pytest.mark.parametrize(
    ("cost", "budget", "kind", "tooltip"),
    [
        pytest.param(None, None, "idle", "Nothing was asked today.", id="idle"),
        pytest.param("0.5", None, "ok", "explain: 1 request, $0.50", id="no-budget"),
        pytest.param("0.5", "2", "ok", "explain: 1 request, $0.50", id="within"),
        pytest.param("1.8", "2", "warning", "90% of today's budget of $2.00 is spent", id="most-of-it"),
        pytest.param("2.5", "2", "error", "Today's budget of $2.00 is spent", id="all-of-it"),
    ],
)
def test_the_class_tells_of_the_budget(cost: str | None, budget: str | None, kind: str, tooltip: str) -> None:
    entries = [] if cost is None else [{"cost": cost}]
    got = shown(sums(*entries), None if budget is None else Decimal(budget))
    assert got["class"] == kind
    assert got["tooltip"].startswith(tooltip)
    assert got["budgetUsd"] == (None if budget is None else float(budget))


def test_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is made by looking; then what another server wrote is there, and the user's budget is kept to."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    assert main(["status"]) == 0
    assert capsys.readouterr().out == "$0 today\n"
    assert list(tmp_path.iterdir()) == []
    user_file = tmp_path / "config" / "cachewise" / "config.toml"
    user_file.parent.mkdir(parents=True, mode=0o700)
    user_file.write_text("budget.perDayUsd = 0.05\n")
    user_file.chmod(0o600)
    clock = HeldClock(Clock().now())
    other = Other(tmp_path / "state" / "cachewise" / FILE_NAME, clock)
    other.write(cost="0.04", saved="0.1")
    other.write(cost="0.002", saved="0", feature="complete")
    other.close()
    assert main(["status", "--json"]) == 0
    got = json.loads(capsys.readouterr().out)
    assert got["text"] == "$0.042 today · 96% cached · saved $0.10"
    assert got["class"] == "warning"
    assert got["tooltip"].splitlines()[1:] == ["complete: 1 request, $0.0020", "explain: 1 request, $0.040"]
    assert got["today"]["requests"] == 2
    assert got["budgetUsd"] == 0.05


def test_a_ledger_that_cannot_be_read_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    file = tmp_path / "cachewise" / FILE_NAME
    file.parent.mkdir(mode=0o700)
    file.write_bytes(b"this is no database" * 100)
    assert main(["status"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("cachewise: The ledger")
    assert file.read_bytes().startswith(b"this is no database")


def test_news_come_once(tmp_path: Path) -> None:
    """With the first entry, with each further one, and with the day; nothing in between."""
    path, clock = tmp_path / "state" / FILE_NAME, HeldClock()
    with Watch(path, clock.clock) as watch:
        first = watch.news()
        assert first is not None
        assert first.whole.totals.requests == 0
        assert watch.news() is None
        assert not path.exists(), "looking at it has made a file"
        other = Other(path, clock)
        for count in (1, 2):
            other.write(cost="0.25")
            news = watch.news()
            assert news is not None
            assert (news.whole.totals.requests, news.whole.totals.cost) == (count, Decimal("0.25") * count)
            assert watch.news() is None
        clock.tick(DAY)
        new_day = watch.news()
        assert new_day is not None
        assert new_day.whole.totals.requests == 0
        other.close()


def test_a_ledger_that_was_replaced_is_read_anew(tmp_path: Path) -> None:
    path, clock = tmp_path / FILE_NAME, HeldClock()
    with Watch(path, clock.clock) as watch:
        for count in (1, 2, 0):
            other = Other(path, clock)
            for _ in range(count):
                other.write()
            other.close()
            news = watch.news()
            assert news is not None
            assert news.whole.totals.requests == count
            for file in path.parent.glob(f"{FILE_NAME}*"):
                file.rename(tmp_path / f"old-{count}-{file.name}")


def test_after_a_fault_it_goes_on(tmp_path: Path) -> None:
    path, clock = tmp_path / FILE_NAME, HeldClock()
    other = Other(path, clock)
    other.write()
    other.close()
    with Watch(path, clock.clock) as watch:
        for version, well in ((len(MIGRATIONS) + 1, False), (len(MIGRATIONS), True)):
            connection = sqlite3.connect(path)
            connection.execute(f"PRAGMA user_version={version}")
            connection.close()
            if well:
                assert watch.news() is not None
            else:
                with pytest.raises(Fault, match="newer cachewise"):
                    watch.news()
