"""Tables of `cachewise stats`: columns that hold whatever is in them, many rows, money, and who sees colour."""

from __future__ import annotations

import io
import re

import pytest

from cachewise.cli.tables import Cell, Paint, Section, paint_for, render
from support.stats import Fill, cells, example, run_stats


@pytest.mark.parametrize(
    ("tty", "env", "colour"),
    [
        pytest.param(True, {}, True, id="terminal"),
        pytest.param(False, {}, False, id="pipe"),
        pytest.param(True, {"NO_COLOR": "1"}, False, id="no colour wanted"),
        pytest.param(True, {"TERM": "dumb"}, False, id="a terminal without"),
    ],
)
def test_colour_is_for_terminals(tty: bool, env: dict[str, str], colour: bool) -> None:
    class Stream(io.StringIO):
        def isatty(self) -> bool:
            return tty

    assert ("\x1b" in paint_for(Stream(), env)("x", "bold")) is colour


def test_colour_moves_nothing() -> None:
    sections = [Section("one", [("name", [Cell("1", "bold"), Cell("-", "dim")]), ("n", [Cell("23"), Cell("", "bad")])])]
    plain = render(("a", "bb"), sections, Paint(on=False))
    coloured = render(("a", "bb"), sections, Paint(on=True))
    assert re.sub(r"\x1b\[\d*m", "", coloured) == plain
    assert coloured != plain


def test_wide_and_long_names_keep_the_columns() -> None:
    names = ["日本語", "e\u0301t\u00e9", "x" * 100, "plain"]
    lines = render(("a",), [Section("", [(name, [Cell("7")]) for name in names])], Paint(on=False)).splitlines()[1:]
    widths = {"日本語": 3, "e\u0301t\u00e9": -1}
    assert len({len(line) + widths.get(name, 0) for name, line in zip(names, lines, strict=True)}) == 1
    assert "…" in lines[2]


def test_columns_stand_below_each_other(fill: Fill, capsys: pytest.CaptureFixture[str]) -> None:
    example(fill)
    head, *lines = run_stats(capsys)[0].splitlines()
    end = head.index("cost") + 4
    rows = [line for line in lines if line and not line.startswith(("by ", "Caching", "4 of"))]
    assert len(rows) >= 9
    assert all(line[end - 1].isdigit() and line[end : end + 2] == "  " for line in rows)


def test_many_days_and_names_stay_readable(fill: Fill, capsys: pytest.CaptureFixture[str]) -> None:
    fill(*((age, {"model": f"openai:model-{age}", "cost": str(30 - age)}) for age in range(30)))
    out, _ = run_stats(capsys, "--days", "40")
    assert cells(out, "18 others")[0] == "18"
    assert out.count("openai:model-") == 12
    assert len(out.splitlines()) < 50


@pytest.mark.parametrize(
    ("cost", "shown"),
    [
        pytest.param("0", "$0", id="nothing"),
        pytest.param("0.00000123", "$0.0000012", id="tiny"),
        pytest.param("0.12346", "$0.1235", id="small"),
        pytest.param("1234.5", "$1,234.5000", id="large"),
    ],
)
def test_money_in_tables(fill: Fill, capsys: pytest.CaptureFixture[str], cost: str, shown: str) -> None:
    fill((0, {"cost": cost}))
    assert cells(run_stats(capsys)[0], "today")[4] == shown
