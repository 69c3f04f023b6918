from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cachewise.context.marks import MOST_BLOCKS_BETWEEN, marks_of
from cachewise.context.ttl import TtlSetting
from cachewise.model.plan import Block, PromptPlan, Stability
from support.contexts import traits

KINDS = {"F": Stability.FIXED, "S": Stability.STABLE, "W": Stability.WORKING, "T": Stability.TAIL}


def blocks_of(drawing: str, tokens: int = 1000) -> tuple[Block, ...]:
    """Blocks by their first letters: fixed, stable, working, tail."""
    return tuple(
        Block(name=f"{letter}{number}", text=f"{number}", stability=KINDS[letter], tokens=tokens,
              role="system" if letter == "F" else "user")
        for number, letter in enumerate(drawing)
    )  # fmt: skip


@pytest.mark.parametrize(
    ("drawing", "last_end", "most", "minimum", "expected"),
    [
        pytest.param("FSSWT", None, 4, 0, [0, 2, 3], id="all three ends"),
        pytest.param("FSSWT", None, 4, 1024, [2, 3], id="system text alone is below the minimum"),
        pytest.param("FSSWTT", None, 4, 1024, [2, 3], id="two tail blocks"),
        pytest.param("FSST", None, 4, 1024, [2], id="no working files"),
        pytest.param("FWT", None, 4, 1024, [1], id="no stable files"),
        pytest.param("FT", None, 4, 1300, [], id="system only, below"),
        pytest.param("FT", None, 4, 0, [0], id="system only, no minimum"),
        pytest.param("FSWWWT", None, 4, 1024, [1, 3, 4], id="before the last working file"),
        pytest.param("FSSWWT", 2, 4, 1024, [2, 3, 4], id="shared end is the stable end"),
        pytest.param("FSWWWWT", 3, 4, 1024, [1, 3, 4, 5], id="the end of what is shared"),
        pytest.param("FSWWWWT", 3, 3, 1024, [1, 3, 5], id="three marks"),
        pytest.param("FSWWWWT", 3, 2, 1024, [1, 5], id="two marks"),
        pytest.param("FSWWWWT", 3, 1, 1024, [5], id="one mark"),
        pytest.param("FSWWWWT", 3, 0, 1024, [], id="no marks"),
        pytest.param("FSSSWT", None, 4, 5_000, [3, 4], id="borderline prefixes are marked"),
        pytest.param("FSSSWT", None, 4, 6_000, [4], id="margin of a quarter"),
        pytest.param("FSSSWT", None, 4, 6_300, [], id="clearly below the minimum"),
        pytest.param("T", None, 4, 0, [], id="nothing but a tail"),
        pytest.param("F" + "S" * 40 + "T", None, 4, 0, [0, 4, 22, 40], id="steps in a long prefix"),
        pytest.param("F" + "S" * 40 + "W" + "T", None, 4, 0, [4, 22, 40, 41], id="steps and a working file"),
    ],
)
def test_marks(drawing: str, last_end: int | None, most: int, minimum: int, expected: list[int]) -> None:
    marks = marks_of(blocks_of(drawing), traits(minimum=minimum, marks=most), "auto", last_end)
    assert list(marks) == expected
    assert set(marks.values()) <= {"5m"}


@pytest.mark.parametrize(
    ("ttl", "style", "ttls", "expected"),
    [
        pytest.param("auto", "control", ("5m", "1h"), {2: "5m", 3: "5m"}, id="auto is five minutes"),
        pytest.param("5m", "control", ("5m", "1h"), {2: "5m", 3: "5m"}, id="five minutes"),
        pytest.param("1h", "control", ("5m", "1h"), {2: "1h", 3: "5m"}, id="an hour for what is stable"),
        pytest.param("1h", "control", ("5m",), {2: "5m", 3: "5m"}, id="an hour is not to be had"),
        pytest.param("1h", "breakpoint", (), {2: "5m", 3: "5m"}, id="the provider knows no TTLs"),
        pytest.param("off", "control", ("5m", "1h"), {}, id="off"),
        pytest.param("auto", "automatic", (), {}, id="finds prefixes itself"),
        pytest.param("auto", "none", (), {}, id="caches nothing"),
    ],
)
def test_ttls(ttl: TtlSetting, style: str, ttls: tuple[str, ...], expected: dict[int, str]) -> None:
    model = traits(style, minimum=1024, ttls=ttls)  # type: ignore[arg-type]
    assert marks_of(blocks_of("FSSWT"), model, ttl, None) == expected


@given(
    st.integers(0, 40), st.integers(0, 12), st.integers(0, 80), st.integers(0, 5),
    st.one_of(st.just(0), st.integers(0, 70_000)),
    st.sampled_from(("auto", "5m", "1h")),
)  # fmt: skip
def test_marks_keep_the_rules(
    stable: int, working: int, last_end: int, most: int, minimum: int, ttl: TtlSetting
) -> None:
    blocks = blocks_of("F" + "S" * stable + "W" * working + "TT")
    last = min(last_end, stable + working)
    marks = marks_of(blocks, traits(minimum=minimum, marks=most), ttl, last)
    PromptPlan(blocks=blocks, marks=marks)
    assert len(marks) <= most
    assert all((index + 1) * 1000 * 1.25 >= minimum for index in marks)
    assert [marks[index] for index in sorted(marks)] == sorted(marks.values())
    if most >= 4 and minimum == 0 and stable + working <= 2 * MOST_BLOCKS_BETWEEN:
        assert stable + working in marks
        assert all(high - low <= MOST_BLOCKS_BETWEEN for low, high in pairwise(sorted((0, *marks))))
