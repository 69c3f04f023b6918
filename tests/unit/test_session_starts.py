from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cachewise.session import starts
from cachewise.session.lines import LineIndex
from cachewise.session.starts import Starts

full_lines = st.lists(st.sampled_from(("\n", "ab\n", "0123456789\r\n")), max_size=12)
edits = st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 1000), full_lines), max_size=10)


def check(known: Starts, lines: list[str]) -> None:
    """All that is asked is what counting everything gives."""
    counted = list(accumulate(map(len, lines), initial=0))
    assert [known.of(number, lines) for number in range(len(lines))] == counted[:-1]
    for offset in range(-1, counted[-1] + 2):
        number = max(0, bisect_right(counted[:-1], offset) - 1)
        assert known.line_at(offset, lines) == (number, counted[number])


@settings(max_examples=200)
@given(full_lines, edits, st.integers(1, 5))
def test_starts_hold_over_any_edits(lines: list[str], changes: list[tuple[int, int, list[str]]], stride: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(starts, "_STRIDE", stride)
        patch.setattr(starts, "_WIDEST", 2 * stride)
        lines = [*lines, ""]
        known = Starts(lines)
        for one, two, new in changes:
            first, last = sorted((len(lines) * one // 1001, len(lines) * two // 1001))
            put = new if last < len(lines) - 1 and new else [*new, "end"]
            known.replace(first, lines[first : last + 1], put)
            lines[first : last + 1] = put
            check(known, lines)


def test_many_lines_at_one_place_are_counted_anew() -> None:
    index = LineIndex("first\nlast", "utf-16")
    for number in range(3_000):
        index.replace((1, 0), (1, 0), f"{number}\n")
    index.offset_at(3_000, 0)
    assert max(b - a for a, b in zip(index._starts._numbers, index._starts._numbers[1:], strict=False)) <= 256
    assert index.offset_at(3_001, 0) == index.text.index("last")
    assert index.position_at(index.text.index("last")) == (3_001, 0)
