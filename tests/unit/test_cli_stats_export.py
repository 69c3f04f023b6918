"""`cachewise stats --json` and `--csv`: the same figures for programs and spreadsheets."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from pathlib import Path

import pytest

from cachewise.ledger.clock import local_day
from cachewise.ledger.report import COLUMNS
from cachewise.model.usage import CacheMiss
from support.ledger import HeldClock
from support.stats import Fill, example, run_stats


def test_json(fill: Fill, capsys: pytest.CaptureFixture[str]) -> None:
    example(fill)
    got = json.loads(run_stats(capsys, "--json")[0])
    kinds = {"byFeature", "byModel", "byWorkspace", "byRoute", "bySession"}
    assert set(got) == {"today", "total", "days", "completions", *kinds}
    assert len(got["days"]) == 7
    assert got["days"][-1]["date"] == local_day(HeldClock().moment)
    assert sum(day["costUsd"] for day in got["days"]) == pytest.approx(got["total"]["costUsd"]) == 0.042
    assert sum(one["costUsd"] for one in got["byFeature"].values()) == pytest.approx(0.042)
    assert got["today"]["requests"] == 2
    assert got["today"]["accepted"] == got["byFeature"]["complete"]["accepted"] == 4
    assert got["completions"]["acceptanceRate"] == 0.4
    assert got["completions"]["acceptedCharacters"] == 200
    assert set(got["byWorkspace"]) == {"app 111111", "app 222222", "site 333333"}
    assert set(got["byRoute"]) == {"Anthropic"}
    assert len(got["bySession"]) == 1


def test_json_of_an_empty_ledger_is_json_too(ledger_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    got = json.loads(run_stats(capsys, "--json")[0])
    assert got["total"]["requests"] == 0
    assert got["byFeature"] == {}


def test_csv(fill: Fill, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    example(fill)
    file = tmp_path / "entries.csv"
    _, err = run_stats(capsys, "--csv", str(file), "--days", "60")
    assert "5 entries" in err
    rows = list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8"))))
    assert tuple(rows[0]) == COLUMNS
    assert [row["feature"] for row in rows] == ["ask", "explain", "explain", "explain", "complete"]
    assert [row["costUsd"] for row in rows] == ["1", "0", "0.03", "0.01", "0.002"]
    assert rows[2]["savedUsd"] == "-0.004"
    assert sum(Decimal(row["costUsd"]) for row in rows) == Decimal("1.042")
    assert rows[-1]["time"].startswith(local_day(HeldClock().moment))
    assert run_stats(capsys, "--csv", "-", "--days", "60") == (file.read_text(), "")


def test_csv_leaves_the_unknown_empty_and_runs_nothing_in_a_spreadsheet(
    fill: Fill, capsys: pytest.CaptureFixture[str]
) -> None:
    miss = CacheMiss(reason="cold", tokens=5, detail="")
    fill((0, {"cost": None, "saved": None, "workspace": "=cmd()|'x' 1", "model": "@SUM(A1)", "miss": miss}))
    [row] = csv.DictReader(io.StringIO(run_stats(capsys, "--csv", "-")[0]))
    assert (row["costUsd"], row["savedUsd"], row["costSource"]) == ("", "", "unknown")
    assert (row["missReason"], row["missTokens"]) == ("cold", "5")
    assert row["workspace"] == "'=cmd()|'x' 1"
    assert row["model"] == "'@SUM(A1)"
