from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cachewise.context.changes import Tracked
from cachewise.context.differences import Region, differences, split_lines
from support.examples import examples

words = st.sampled_from(("a\n", "b\n", "c\n", "a\r\n", "\r", "\n", "unique", "x\n", "y\n"))
texts = st.lists(words, max_size=40).map("".join)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        pytest.param("", [], id="nothing"),
        pytest.param("a", ["a"], id="no line end"),
        pytest.param("a\nb\n", ["a\n", "b\n"], id="line feeds"),
        pytest.param("a\r\nb\rc", ["a\r\n", "b\r", "c"], id="the other line ends"),
        pytest.param("a\x0bb\x0cc\u2028d\x85e\n", ["a\x0bb\x0cc\u2028d\x85e\n"], id="nothing else ends a line"),
    ],
)
def test_splits_lines(text: str, lines: list[str]) -> None:
    assert split_lines(text) == lines


def applied(old: list[str], new: list[str], regions: tuple[Region, ...] | list[Region]) -> list[str]:
    """The new lines from the old ones and the regions; checks that the regions are in order and apart."""
    built: list[str] = []
    at = 0
    for region in regions:
        assert region.old_start >= at
        assert region.old_start < region.old_end or region.new_start < region.new_end
        built += [*old[at : region.old_start]]
        assert len(built) == region.new_start
        built += new[region.new_start : region.new_end]
        at = region.old_end
    return [*built, *old[at:]]


@settings(max_examples=400)
@given(st.lists(words, max_size=40), st.lists(words, max_size=40))
def test_differences_make_the_new_from_the_old(old: list[str], new: list[str]) -> None:
    assert applied(old, new, differences(old, new)) == new


@settings(max_examples=300)
@given(texts, st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 1000), texts), max_size=12))
def test_tracking_holds_over_any_edits(frozen: str, edits: list[tuple[int, int, str]]) -> None:
    tracked = Tracked(frozen)
    text = frozen
    for one, two, put in edits:
        start, end = sorted((len(text) * one // 1000, len(text) * two // 1000))
        text = text[:start] + put + text[end:]
        tracked.update(text)
        assert tracked.lines == split_lines(text)
        for offset in (0, start, start + len(put), len(text) // 2, len(text)):
            assert tracked.line_feeds(offset) == text.count("\n", 0, offset)
        assert applied(tracked.told, tracked.lines, tracked.regions) == tracked.lines
        check_ranges(tracked)
    tracked.update(frozen)
    assert tracked.regions == ()


def test_a_carriage_return_that_comes_in_is_counted_from_then_on() -> None:
    tracked = Tracked("a\nb\nc\n")
    assert not tracked.carriage
    for text in ("a\nb\rd\nc\n", "a\nb\rd\r\nc\n", "a\nb\nc\nd\n"):
        tracked.update(text)
        assert tracked.carriage, "it stays so, since to look would cost by the size of the text"
        assert tracked.lines == split_lines(text)
        assert applied(tracked.told, tracked.lines, tracked.regions) == tracked.lines
    assert Tracked("a\nb\nc\nd\n", tracked).carriage


def check_ranges(tracked: Tracked) -> None:
    """Ranges that are said to be unchanged are; ranges that are taken out leave the rest whole."""
    count = len(tracked.lines)
    for start, end in ((0, count), (count // 3, count // 2), (count // 2, count)):
        found = tracked.old_range(start, end)
        if found is not None and start < end:
            assert tracked.told[slice(*found)] == tracked.lines[start:end]
        (old_start, old_end), left = tracked.around(start, end)
        edits = [(r.old_start, r.new_start, r.old_end, tracked.lines[r.new_start : r.new_end]) for r in left]
        edits.append((old_start, start, old_end, tracked.lines[start:end]))
        built: list[str] = []
        at = 0
        for low, _, high, lines in sorted(edits):
            assert low >= at
            built += [*tracked.told[at:low], *lines]
            at = high
        assert [*built, *tracked.told[at:]] == tracked.lines


def numbered(count: int) -> list[str]:
    return [f"line {number}\n" for number in range(count)]


@pytest.mark.parametrize(
    ("edits", "regions"),
    [
        pytest.param({}, [], id="nothing"),
        pytest.param({10: "new\n"}, [(10, 11, 10, 11)], id="one line"),
        pytest.param({10: "new\n", 30: "new\n"}, [(10, 11, 10, 11), (30, 31, 30, 31)], id="two places stay apart"),
        pytest.param({10: "new\n", 13: "new\n"}, [(10, 14, 10, 14)], id="near ones become one"),
        pytest.param({10: "", 30: "a\nb\n"}, [(10, 11, 10, 10), (30, 31, 29, 31)], id="a line gone, a line more"),
        pytest.param({0: "", 39: ""}, [(0, 1, 0, 0), (39, 40, 38, 38)], id="both ends"),
    ],
)
def test_regions(edits: dict[int, str], regions: list[tuple[int, int, int, int]]) -> None:
    frozen = numbered(40)
    tracked = Tracked("".join(frozen))
    tracked.update("".join(edits.get(number, line) for number, line in enumerate(frozen)))
    assert [(r.old_start, r.old_end, r.new_start, r.new_end) for r in tracked.regions] == regions


def test_a_wide_edit_that_is_undone_leaves_nothing() -> None:
    frozen = numbered(300)
    tracked = Tracked("".join(frozen))
    tracked.update("".join(f"    {line}" for line in frozen))
    assert len(tracked.regions) == 1
    frozen[7] = "other\n"
    tracked.update("".join(frozen))
    assert tracked.regions == (Region(7, 8, 7, 8),)


def test_a_line_that_occurs_once_holds_regions_apart_after_edits_in_one_go() -> None:
    frozen = numbered(200)
    tracked = Tracked("".join(frozen))
    changed = [f"x{line}" if number in (5, 100, 195) else line for number, line in enumerate(frozen)]
    tracked.update("".join(changed))
    assert [region.old_start for region in tracked.regions] == [5, 100, 195]


@pytest.mark.parametrize(
    ("line", "old"),
    [
        pytest.param(3, 3, id="before the change"),
        pytest.param(11, 11, id="in its first lines"),
        pytest.param(25, 11, id="in text longer than what it replaced: nearest"),
        pytest.param(30, 12, id="behind"),
    ],
)
def test_old_line(line: int, old: int) -> None:
    frozen = numbered(40)
    tracked = Tracked("".join(frozen))
    tracked.update("".join([*frozen[:10], *(f"new {n}\n" for n in range(20)), *frozen[12:]]))
    assert tracked.old_line(line) == old


@settings(max_examples=examples(80))
@given(texts, texts, texts)
def test_lines_that_are_split_already_make_the_same_copy(before: str, frozen: str, after: str) -> None:
    followed = Tracked(before)
    followed.update(frozen)
    assert followed.holds(frozen)
    assert not followed.holds(frozen + "more")
    shared, plain = Tracked(frozen, followed), Tracked(frozen)
    for tracked in (shared, plain, followed):
        tracked.update(after)
    assert (shared.told, shared.lines, shared.regions) == (plain.told, plain.lines, plain.regions)
    followed.update(before)
    assert shared.told == split_lines(frozen)
    assert shared.lines == split_lines(after)
    assert followed.lines == followed.told == split_lines(before)
    assert followed.regions == ()
