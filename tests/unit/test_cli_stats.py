"""`cachewise stats`: the tables over ledgers with known entries, and what it says when something is wrong."""

from __future__ import annotations

import io
import sqlite3
import threading
from decimal import Decimal
from pathlib import Path

import pytest

from cachewise.cli import stats as stats_module
from cachewise.cli.stats import plain_names, text
from cachewise.ledger.migrations import MIGRATIONS
from cachewise.ledger.report import Report, read_report
from cachewise.ledger.totals import Tally
from cachewise.model.usage import Tokens
from support.ledger import HeldClock
from support.stats import Fill, cells, example, run_stats


def test_the_tables(fill: Fill, capsys: pytest.CaptureFixture[str]) -> None:
    example(fill)
    out, err = run_stats(capsys)
    assert err == ""
    assert cells(out, "today") == ["2", "24.6k", "96%", "820", "$0.0120", "$0.0210", "-"]
    assert cells(out, "7 days") == ["3", "36.9k", "96%", "1,230", "$0.0420", "$0.0670", "1"]
    assert cells(out, "complete")[4] == "$0.0020"
    assert cells(out, "openai:gpt-5")[4:6] == ["$0.0300", "-$0.0040"]
    assert out.index("\nexplain ") < out.index("\ncomplete "), "the dearest comes first"
    for heading in ("by feature, 7 days", "by model, 7 days", "by workspace, 7 days", "by day"):
        assert f"\n{heading}\n" in out
    assert "by route" not in out, "one route is no choice"
    assert "4 of 10 suggestions were accepted (40%), 3 typed out by hand, 2 passed over." in out
    assert "Caching saved $0.017 against the plain input price, stored answers $0.050." in out
    assert "\x1b" not in out


def test_folders_of_one_name_keep_their_digest(fill: Fill, capsys: pytest.CaptureFixture[str]) -> None:
    example(fill)
    out, _ = run_stats(capsys)
    assert "\napp 111111 " in out
    assert "\napp 222222 " in out
    assert "\nsite  " in out
    assert set(plain_names({"a b 123456": Tally(), "c 123456": Tally()})) == {"a b", "c"}


def test_one_day(fill: Fill, capsys: pytest.CaptureFixture[str]) -> None:
    example(fill)
    out, _ = run_stats(capsys, "--days", "1")
    assert cells(out, "today")[0] == "2"
    assert "by feature, today" in out
    assert "gpt-5" not in out
    assert "by day" not in out


def test_unknown_costs_are_shown_as_such(fill: Fill, capsys: pytest.CaptureFixture[str]) -> None:
    fill((0, {"cost": None, "saved": None, "tokens": Tokens(input=100, output=7)}), (0, {"cost": "0.01"}))
    out, _ = run_stats(capsys)
    assert cells(out, "today")[4] == "$0.0100+?"
    assert "cost is not known" in out


def test_a_cache_that_cost_more_than_it_saved(fill: Fill, capsys: pytest.CaptureFixture[str]) -> None:
    fill((0, {"saved": "-0.5"}))
    assert "Caching cost $0.50 more against the plain input price." in run_stats(capsys)[0]


@pytest.mark.parametrize("argv", [(), ("--days", "30"), ("--plot", "p.png")], ids=" ".join)
def test_an_empty_ledger_says_so(
    ledger_path: Path, capsys: pytest.CaptureFixture[str], argv: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger_path.parent.mkdir()
    monkeypatch.chdir(ledger_path.parent)
    out, _ = run_stats(capsys, *argv)
    assert "Nothing is in the ledger yet" in out
    assert "cachewise demo" in out
    assert list(ledger_path.parent.iterdir()) == [], "looking at it has made files"


def test_a_ledger_with_only_old_entries_is_not_called_empty(fill: Fill, capsys: pytest.CaptureFixture[str]) -> None:
    fill((100, {}))
    out, _ = run_stats(capsys)
    assert cells(out, "7 days") == ["0", "0", "-", "0", "$0", "$0", "-"]


def test_the_report_agrees_with_the_text(fill: Fill) -> None:
    report = read_report(example(fill), 7, HeldClock().clock)
    assert report.today.cost == Decimal("0.012")
    assert report.whole.totals.saved == Decimal("0.017")
    assert report.by_day_and_feature[(report.days[-2], "explain")].totals.cost == Decimal("0.03")
    assert "$0.0420" in text(report, io.StringIO())


# What goes wrong


def test_a_damaged_ledger_is_one_sentence_and_stays_where_it_is(
    ledger_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger_path.parent.mkdir(mode=0o700)
    ledger_path.write_bytes(b"this is no database" * 100)
    out, err = run_stats(capsys, status=1)
    assert out == ""
    assert err.startswith("cachewise: The ledger")
    assert ledger_path.read_bytes().startswith(b"this is no database")


def test_a_ledger_of_a_newer_version_is_left_alone(fill: Fill, capsys: pytest.CaptureFixture[str]) -> None:
    connection = sqlite3.connect(fill((0, {})))
    connection.execute(f"PRAGMA user_version={len(MIGRATIONS) + 1}")
    connection.close()
    assert "newer cachewise" in run_stats(capsys, status=1)[1]


@pytest.mark.parametrize(
    ("argv", "status", "told"),
    [
        pytest.param(("--days", "0"), 2, "from 1 to", id="no days"),
        pytest.param(("--days", "-3"), 2, "from 1 to", id="days before"),
        pytest.param(("--days", "many"), 2, "from 1 to", id="no number"),
        pytest.param(("--days", "9" * 50), 2, "from 1 to", id="too many"),
        pytest.param(("--plot", "x.gif"), 1, ".png or .svg", id="another picture"),
        pytest.param(("--plot", "/nowhere/at/all/x.png"), 1, "No such file", id="no folder for the picture"),
        pytest.param(("--csv", "/nowhere/at/all/x.csv"), 1, "No such file", id="no folder for the entries"),
    ],
)
def test_mistakes(
    fill: Fill, capsys: pytest.CaptureFixture[str], argv: tuple[str, ...], status: int, told: str
) -> None:
    example(fill)
    assert told in run_stats(capsys, *argv, status=status)[1]


def test_what_takes_long_says_what_it_does(
    fill: Fill, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    example(fill)
    said = threading.Event()

    class Err(io.StringIO):
        def write(self, words: str) -> int:
            said.set()
            return super().write(words)

    def slow(path: Path, days: int) -> Report:
        assert said.wait(10)
        return read_report(path, days, HeldClock().clock)

    monkeypatch.setattr(stats_module, "_PATIENCE", 0.0)
    monkeypatch.setattr(stats_module, "read_report", slow)
    monkeypatch.setattr("sys.stderr", Err())
    run_stats(capsys)
