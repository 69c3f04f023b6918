"""The picture of `cachewise stats --plot`: bars, line, labels and letters, as PNG and as SVG."""

from __future__ import annotations

import struct
import zlib
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest

from cachewise.cli.chart import COLORS, MOST_DAYS, Line, Rect, Text, chart, text_width
from cachewise.cli.font import ROWS, glyphs, length
from cachewise.cli.png import SCALE, to_png
from cachewise.cli.svg import to_svg
from cachewise.ledger.report import Report, read_report
from cachewise.model.usage import FEATURES
from support.ledger import HeldClock
from support.stats import Fill, example, run_stats


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


def words(report: Report) -> list[str]:
    return [shape.text for shape in chart(report).shapes if isinstance(shape, Text)]


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
    out, err = run_stats(capsys, "--plot", str(tmp_path / name))
    assert "The picture is" in err
    assert "by feature" in out
    content = (tmp_path / name).read_bytes()
    assert content.startswith(b"<svg" if name.endswith("svg") else b"\x89PNG")
