"""`cachewise stats`: the tables, JSON, CSV and the picture, over ledgers with known entries."""

from __future__ import annotations

import csv
import io
import json
import re
import sqlite3
import struct
import threading
import zlib
from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from cachewise.cli import stats as stats_module
from cachewise.cli.chart import COLORS, MOST_DAYS, Line, Rect, Text, chart, text_width
from cachewise.cli.font import ROWS, glyphs, length
from cachewise.cli.main import main
from cachewise.cli.png import SCALE, to_png
from cachewise.cli.stats import plain_names, text
from cachewise.cli.svg import to_svg
from cachewise.cli.tables import Cell, Paint, Section, paint_for, render
from cachewise.ledger.clock import local_day
from cachewise.ledger.journal import FILE_NAME
from cachewise.ledger.meter import Entry
from cachewise.ledger.report import COLUMNS, Report, read_entries, read_report
from cachewise.ledger.rows import Offer
from cachewise.ledger.store import MIGRATIONS, Store
from cachewise.ledger.totals import Tally
from cachewise.model.usage import FEATURES, CacheMiss, Tokens
from support.ledger import HeldClock, usage

DAY = 86_400.0
Fill = Callable[..., Path]


@pytest.fixture(name="home")
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path / "cachewise" / FILE_NAME


@pytest.fixture(name="fill")
def _fill(home: Path, monkeypatch: pytest.MonkeyPatch) -> Fill:
    """Writes entries, each given as its age in days and what is special about it."""
    clock = HeldClock()
    monkeypatch.setattr(stats_module, "read_report", lambda path, days: read_report(path, days, clock.clock))
    monkeypatch.setattr(stats_module, "read_entries", lambda path, days: read_entries(path, days, clock.clock))
    made = 0

    def fill(*entries: tuple[float, dict[str, Any]], shown: int = 0, accepted: int = 0) -> Path:
        nonlocal made
        items: list[Entry | Offer] = []
        for age, fields in entries:
            made += 1
            names = {kind: fields.pop(kind, None) for kind in ("workspace", "route")}
            items.append(Entry(id=f"e{made}", time=clock.moment - age * DAY, usage=usage(**fields), **names))
        if shown:
            items.append(
                Offer(
                    id="offer",
                    time=clock.moment,
                    shown=shown,
                    accepted=accepted,
                    characters=50 * accepted,
                    typed=3,
                    rejected=2,
                )
            )
        store = Store(home)
        store.write(items)
        store.close()
        return home

    return fill


def example(fill: Fill) -> Path:
    answer = Tokens(input=0, cache_read=0, cache_write=0, output=0)
    return fill(
        (0, {"cost": "0.01", "saved": "0.02", "workspace": "app 111111", "route": "Anthropic"}),
        (0, {"cost": "0.002", "saved": "0.001", "feature": "complete", "workspace": "app 222222"}),
        (1, {"cost": "0.03", "saved": "-0.004", "model": "openai:gpt-5", "workspace": "site 333333"}),
        (2, {"source": "answers", "cost": "0", "saved": "0.05", "tokens": answer}),
        (30, {"cost": "1", "feature": "ask"}),
        shown=10,
        accepted=4,
    )


def run(capsys: pytest.CaptureFixture[str], *argv: str, status: int = 0) -> tuple[str, str]:
    assert main(["stats", *argv]) == status
    out = capsys.readouterr()
    assert "Traceback" not in out.err
    return out.out, out.err


def cells(output: str, name: str) -> list[str]:
    """The figures of the first row that begins with this name."""
    [line, *_] = [line for line in output.splitlines() if line.startswith(name + "  ")]
    return line.removeprefix(name).split()


# Tables


def test_the_tables(fill: Fill, capsys: pytest.CaptureFixture[str]) -> None:
    example(fill)
    out, err = run(capsys)
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


def test_columns_stand_below_each_other(fill: Fill, capsys: pytest.CaptureFixture[str]) -> None:
    example(fill)
    head, *lines = run(capsys)[0].splitlines()
    end = head.index("cost") + 4
    rows = [line for line in lines if line and not line.startswith(("by ", "Caching", "4 of"))]
    assert len(rows) >= 9
    assert all(line[end - 1].isdigit() and line[end : end + 2] == "  " for line in rows)


def test_folders_of_one_name_keep_their_digest(fill: Fill, capsys: pytest.CaptureFixture[str]) -> None:
    example(fill)
    out, _ = run(capsys)
    assert "\napp 111111 " in out
    assert "\napp 222222 " in out
    assert "\nsite  " in out
    assert set(plain_names({"a b 123456": Tally(), "c 123456": Tally()})) == {"a b", "c"}


def test_one_day(fill: Fill, capsys: pytest.CaptureFixture[str]) -> None:
    example(fill)
    out, _ = run(capsys, "--days", "1")
    assert cells(out, "today")[0] == "2"
    assert "by feature, today" in out
    assert "gpt-5" not in out
    assert "by day" not in out


def test_many_days_and_names_stay_readable(fill: Fill, capsys: pytest.CaptureFixture[str]) -> None:
    fill(*((age, {"model": f"openai:model-{age}", "cost": str(30 - age)}) for age in range(30)))
    out, _ = run(capsys, "--days", "40")
    assert cells(out, "18 others")[0] == "18"
    assert out.count("openai:model-") == 12
    assert len(out.splitlines()) < 50


def test_unknown_costs_are_shown_as_such(fill: Fill, capsys: pytest.CaptureFixture[str]) -> None:
    fill((0, {"cost": None, "saved": None, "tokens": Tokens(input=100, output=7)}), (0, {"cost": "0.01"}))
    out, _ = run(capsys)
    assert cells(out, "today")[4] == "$0.0100+?"
    assert "cost is not known" in out


def test_a_cache_that_cost_more_than_it_saved(fill: Fill, capsys: pytest.CaptureFixture[str]) -> None:
    fill((0, {"saved": "-0.5"}))
    assert "Caching cost $0.50 more against the plain input price." in run(capsys)[0]


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
    assert cells(run(capsys)[0], "today")[4] == shown


@pytest.mark.parametrize("argv", [(), ("--days", "30"), ("--plot", "p.png")], ids=" ".join)
def test_an_empty_ledger_says_so(
    home: Path, capsys: pytest.CaptureFixture[str], argv: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    home.parent.mkdir()
    monkeypatch.chdir(home.parent)
    out, _ = run(capsys, *argv)
    assert "Nothing is in the ledger yet" in out
    assert "cachewise demo" in out
    assert list(home.parent.iterdir()) == [], "looking at it has made files"


def test_a_ledger_with_only_old_entries_is_not_called_empty(fill: Fill, capsys: pytest.CaptureFixture[str]) -> None:
    fill((100, {}))
    out, _ = run(capsys)
    assert cells(out, "7 days") == ["0", "0", "-", "0", "$0", "$0", "-"]


# What goes wrong


def test_a_damaged_ledger_is_one_sentence_and_stays_where_it_is(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home.parent.mkdir(mode=0o700)
    home.write_bytes(b"this is no database" * 100)
    out, err = run(capsys, status=1)
    assert out == ""
    assert err.startswith("cachewise: The ledger")
    assert home.read_bytes().startswith(b"this is no database")


def test_a_ledger_of_a_newer_version_is_left_alone(fill: Fill, capsys: pytest.CaptureFixture[str]) -> None:
    connection = sqlite3.connect(fill((0, {})))
    connection.execute(f"PRAGMA user_version={len(MIGRATIONS) + 1}")
    connection.close()
    assert "newer cachewise" in run(capsys, status=1)[1]


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
    assert told in run(capsys, *argv, status=status)[1]


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
    run(capsys)


# JSON and CSV


def test_json(fill: Fill, capsys: pytest.CaptureFixture[str]) -> None:
    example(fill)
    got = json.loads(run(capsys, "--json")[0])
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


def test_json_of_an_empty_ledger_is_json_too(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    got = json.loads(run(capsys, "--json")[0])
    assert got["total"]["requests"] == 0
    assert got["byFeature"] == {}


def test_csv(fill: Fill, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    example(fill)
    file = tmp_path / "entries.csv"
    _, err = run(capsys, "--csv", str(file), "--days", "60")
    assert "5 entries" in err
    rows = list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8"))))
    assert tuple(rows[0]) == COLUMNS
    assert [row["feature"] for row in rows] == ["ask", "explain", "explain", "explain", "complete"]
    assert [row["costUsd"] for row in rows] == ["1", "0", "0.03", "0.01", "0.002"]
    assert rows[2]["savedUsd"] == "-0.004"
    assert sum(Decimal(row["costUsd"]) for row in rows) == Decimal("1.042")
    assert rows[-1]["time"].startswith(local_day(HeldClock().moment))
    assert run(capsys, "--csv", "-", "--days", "60") == (file.read_text(), "")


def test_csv_leaves_the_unknown_empty_and_runs_nothing_in_a_spreadsheet(
    fill: Fill, capsys: pytest.CaptureFixture[str]
) -> None:
    miss = CacheMiss(reason="cold", tokens=5, detail="")
    fill((0, {"cost": None, "saved": None, "workspace": "=cmd()|'x' 1", "model": "@SUM(A1)", "miss": miss}))
    [row] = csv.DictReader(io.StringIO(run(capsys, "--csv", "-")[0]))
    assert (row["costUsd"], row["savedUsd"], row["costSource"]) == ("", "", "unknown")
    assert (row["missReason"], row["missTokens"]) == ("cold", "5")
    assert row["workspace"] == "'=cmd()|'x' 1"
    assert row["model"] == "'@SUM(A1)"


# Tables as such


@pytest.mark.parametrize(
    ("tty", "env", "colour"),
    [
        pytest.param(True, {}, True, id="terminal"),
        pytest.param(False, {}, False, id="pipe"),
        pytest.param(True, {"NO_COLOR": "1"}, False, id="no colour wanted"),
        pytest.param(True, {"TERM": "dumb"}, False, id="a terminal without"),
    ],
)
def test_colour_is_for_terminals(fill: Fill, tty: bool, env: dict[str, str], colour: bool) -> None:
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


# The picture


def decoded(content: bytes) -> tuple[int, int, list[bytes]]:
    """Width, height and rows of a PNG; every check sum is checked."""
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    chunks: dict[bytes, bytes] = {}
    at = 8
    while at < len(content):
        size, name = struct.unpack(">I4s", content[at : at + 8])
        data = content[at + 8 : at + 8 + size]
        assert struct.unpack(">I", content[at + 8 + size : at + 12 + size])[0] == zlib.crc32(name + data)
        chunks[name] = data
        at += 12 + size
    assert (list(chunks)[:1], list(chunks)[-1:]) == ([b"IHDR"], [b"IEND"])
    width, height, depth, kind = struct.unpack(">IIBB", chunks[b"IHDR"][:10])
    assert (depth, kind) == (8, 2)
    raw = zlib.decompress(chunks[b"IDAT"])
    assert len(raw) == height * (1 + 3 * width)
    return width, height, [raw[n * (1 + 3 * width) + 1 : (n + 1) * (1 + 3 * width)] for n in range(height)]


def test_the_picture_shows_the_bars_at_their_places(fill: Fill) -> None:
    report = read_report(example(fill), 7, HeldClock().clock)
    drawing = chart(report)
    width, height, rows = decoded(to_png(drawing))
    assert (width, height) == (drawing.width * SCALE, drawing.height * SCALE)
    bars = [shape for shape in drawing.shapes if isinstance(shape, Rect) and shape.height != 13]
    assert len(bars) == 3
    for bar in bars:
        # Beside the middle, where the line of the hit rate has its dot.
        x, y = round((bar.x + 4) * SCALE), round((bar.y + bar.height / 2) * SCALE)
        assert rows[y][3 * x : 3 * x + 3].hex() == bar.color.removeprefix("#")
    assert rows[0] == b"\xff" * 3 * width


def test_bars_are_as_high_as_their_costs(fill: Fill) -> None:
    shapes = chart(read_report(example(fill), 7, HeldClock().clock)).shapes
    heights: dict[int, list[tuple[str, float]]] = {}
    for bar in shapes:
        if isinstance(bar, Rect) and bar.height != 13:
            heights.setdefault(round(bar.x), []).append((bar.color, bar.height))
    yesterday, today = (heights[x] for x in sorted(heights))
    [(color, height)] = yesterday
    assert color == COLORS["explain"]
    per_dollar = height / 0.03
    assert [*map(list, today)] == [
        [COLORS["complete"], pytest.approx(0.002 * per_dollar)],
        [COLORS["explain"], pytest.approx(0.01 * per_dollar)],
    ]


def test_the_hit_rate_is_broken_where_nothing_is_known(fill: Fill) -> None:
    fill((0, {}), (1, {}), (3, {}))
    report = read_report(fill(), 7, HeldClock().clock)
    lines = [shape for shape in chart(report).shapes if isinstance(shape, Line) and shape.width == 2.4]
    assert [len(line.points) for line in lines] == [1, 2, 2]  # the last is the legend's


def words(report: Report) -> list[str]:
    return [shape.text for shape in chart(report).shapes if isinstance(shape, Text)]


def test_the_picture_names_what_it_shows(fill: Fill) -> None:
    shown = words(read_report(example(fill), 7, HeldClock().clock))
    assert "Cost per day by feature" in shown
    assert "input read from the cache" in shown
    assert {"explain", "complete"} <= set(shown)
    assert "ask" not in shown, "that is from before"
    assert "96% of input read from the cache" in shown[1]
    assert {"0%", "50%", "100%", "$0", "$0.01", "$0.03"} <= set(shown)


@pytest.mark.parametrize("days", [1, 2, 7, 31, 90, 366, 4000])
def test_labels_never_run_into_each_other(fill: Fill, days: int) -> None:
    fill(*((age, {}) for age in range(0, days, 3)))
    drawing = chart(read_report(fill(), days, HeldClock().clock))
    labels = [s for s in drawing.shapes if isinstance(s, Text) and s.anchor == "middle"]
    assert labels
    spans = [(s.x - text_width(s.text, s.size) / 2, s.x + text_width(s.text, s.size) / 2) for s in labels]
    assert all(one[1] < other[0] for one, other in pairwise(spans))
    assert all(start > 0 and end < drawing.width for start, end in spans)
    bars = [s for s in drawing.shapes if isinstance(s, Rect) and s.height != 13]
    assert 0 < len(bars) <= MOST_DAYS


@pytest.mark.parametrize("cost", ["0", "0.0000001", "0.013", "0.999", "7", "123456"])
def test_the_axis_holds_every_cost(fill: Fill, cost: str) -> None:
    report = read_report(fill((0, {"cost": cost})), 7, HeldClock().clock)
    drawing = chart(report)
    bars = [s for s in drawing.shapes if isinstance(s, Rect) and s.height != 13]
    assert all(bar.y >= 111.9 for bar in bars)
    labels = [word for word in words(report) if word.startswith("$")]
    assert 3 <= len(labels) <= 7
    assert len(set(labels)) == len(labels)
    decoded(to_png(drawing))


def test_every_letter_of_every_label_has_a_drawing(fill: Fill) -> None:
    fill(*((0, {"feature": feature, "cost": "0.1"}) for feature in FEATURES), (200, {}))
    for days in (7, 366):
        for word in words(read_report(fill(), days, HeldClock().clock)):
            assert set(word) - {" "} <= set(glyphs()), word


def test_letters_differ_and_lie_in_their_box() -> None:
    drawn = glyphs()
    assert set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") <= set(drawn)
    assert len({glyph.segments for glyph in drawn.values()}) == len(drawn) - 1, "only 0 and O look the same"
    for glyph in drawn.values():
        for x0, y0, x1, y1 in glyph.segments:
            assert 0 <= min(x0, x1) <= max(x0, x1) <= 4
            assert 0 <= min(y0, y1) <= max(y0, y1) < ROWS
    assert length("111") == length("888")
    assert length("") == 0
    assert length("日") == length("?")


def test_svg_holds_the_same_shapes(fill: Fill) -> None:
    drawing = chart(read_report(example(fill), 7, HeldClock().clock))
    root = ElementTree.fromstring(to_svg(drawing))
    tags = [element.tag.rpartition("}")[2] for element in root]
    assert len(tags) == len(drawing.shapes) + 1
    assert tags.count("text") == sum(isinstance(shape, Text) for shape in drawing.shapes)
    assert {element.text for element in root if element.text and element.text.strip()} == {
        shape.text for shape in drawing.shapes if isinstance(shape, Text)
    }


@pytest.mark.parametrize("name", ["cost.png", "COST.PNG", "cost.svg"])
def test_the_command_draws(fill: Fill, capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str) -> None:
    example(fill)
    out, err = run(capsys, "--plot", str(tmp_path / name))
    assert "The picture is" in err
    assert "by feature" in out
    content = (tmp_path / name).read_bytes()
    assert content.startswith(b"<svg" if name.endswith("svg") else b"\x89PNG")


def test_the_report_agrees_with_the_text(fill: Fill) -> None:
    report = read_report(example(fill), 7, HeldClock().clock)
    assert report.today.cost == Decimal("0.012")
    assert report.whole.totals.saved == Decimal("0.017")
    assert report.by_day_and_feature[(report.days[-2], "explain")].totals.cost == Decimal("0.03")
    assert "$0.0420" in text(report, io.StringIO())
