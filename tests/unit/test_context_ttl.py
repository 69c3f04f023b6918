from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cachewise.context.rent import Ratios
from cachewise.context.tail import CompletionTail
from cachewise.context.ttl import Gaps, TtlSetting, Warmth
from support.contexts import Desk, big, file_blocks, lines, piece, prefix_texts, snapshot, traits
from support.prompts import rebuild

CLAUDE = traits()
SHORT_ONLY = traits("breakpoint", ttls=())
RATIOS = Ratios()


def after(
    gaps: list[float], setting: TtlSetting = "auto", style: object = CLAUDE, ratios: Ratios = RATIOS
) -> list[Warmth]:
    """What holds at the first request and behind each gap."""
    state = Gaps()
    now = 0.0
    found = [state.request(now, setting, style, ratios)]  # type: ignore[arg-type]
    for gap in gaps:
        now += gap
        found.append(state.request(now, setting, style, ratios))  # type: ignore[arg-type]
    return found


@pytest.mark.parametrize(
    ("gaps", "ttl", "cold", "working_cold"),
    [
        pytest.param([], "5m", True, True, id="the first request"),
        pytest.param([10.0] * 50, "5m", False, False, id="no gaps to speak of"),
        pytest.param([400.0], "1h", True, True, id="once back within the hour: the prefix is written for an hour"),
        pytest.param([400.0, 400.0], "1h", False, True, id="what was written for an hour is still there"),
        pytest.param([400.0, 20.0], "1h", False, False, id="all is warm"),
        pytest.param([400.0, 4_000.0], "5m", True, True, id="longer than an hour, as often as within it"),
        pytest.param([400.0] * 3 + [4_000.0], "1h", True, True, id="longer than an hour, but it has paid for itself"),
        pytest.param([4_000.0] * 5, "5m", True, True, id="always longer than an hour"),
        pytest.param([4_000.0] * 5 + [600.0] * 5, "1h", False, True, id="lately within the hour"),
        pytest.param([600.0] * 5 + [90_000.0] * 9, "5m", True, True, id="lately longer"),
        pytest.param([300.0], "1h", True, True, id="the very end of the short life"),
        pytest.param([400.0, 3_600.0], "5m", True, True, id="the very end of the long life"),
        pytest.param([-5.0], "5m", False, False, id="a clock that goes back"),
    ],
)
def test_auto(gaps: list[float], ttl: str, cold: bool, working_cold: bool) -> None:
    assert after(gaps)[-1] == Warmth(ttl=ttl, cold=cold, working_cold=working_cold)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("setting", "style", "expected"),
    [
        pytest.param("5m", CLAUDE, ["5m", "5m", "5m"], id="five minutes"),
        pytest.param("1h", CLAUDE, ["1h", "1h", "1h"], id="an hour"),
        pytest.param("off", CLAUDE, ["off", "off", "off"], id="off"),
        pytest.param("1h", SHORT_ONLY, ["5m", "5m", "5m"], id="an hour is not to be had"),
        pytest.param("auto", SHORT_ONLY, ["5m", "5m", "5m"], id="nothing to choose from"),
    ],
)
def test_settings(setting: TtlSetting, style: object, expected: list[str]) -> None:
    assert [warmth.ttl for warmth in after([600.0, 600.0], setting, style)] == expected


def test_a_longer_life_is_not_believed_before_it_was_written() -> None:
    """The setting changes while the prefix is warm: it was written for five minutes, and dies after them."""
    state = Gaps()
    state.request(0.0, "5m", CLAUDE, RATIOS)
    assert state.request(100.0, "1h", CLAUDE, RATIOS).ttl == "5m"
    assert state.request(500.0, "1h", CLAUDE, RATIOS) == Warmth(ttl="1h", cold=True, working_cold=True)


def test_the_prices_decide() -> None:
    dear = Ratios(read=0.1, write=1.25, write_1h=3.0)
    state = Gaps()
    state.request(0.0, "auto", CLAUDE, dear)
    assert state.request(600.0, "auto", CLAUDE, dear).ttl == "5m"


def paid(gaps: list[float], setting: TtlSetting, ratios: Ratios = RATIOS) -> float:
    """What one token of a stable prefix costs at the first request and behind long gaps."""
    cost = 0.0
    for warmth in after(gaps, setting, ratios=ratios):
        if warmth.cold:
            cost += ratios.write_1h if warmth.ttl == "1h" else ratios.write
        elif warmth.working_cold:
            cost += ratios.read
    return cost


@given(
    st.lists(st.sampled_from((20.0, 400.0, 1_800.0, 5_000.0)), max_size=60),
    st.floats(0.02, 0.5),
    st.floats(0.6, 1.5),
    st.floats(0.0, 2.0),
)
def test_auto_stays_within_its_limit_above_five_minutes(
    gaps: list[float], read: float, write: float, more: float
) -> None:
    """At every moment, against any row of gaps, at any prices: the bound that `Gaps` promises."""
    ratios = Ratios(read=read, write=write, write_1h=write + more)
    assert paid(gaps, "auto", ratios) <= 1.3 * paid(gaps, "5m", ratios) + 1e-6


@given(st.lists(st.sampled_from((400.0, 400.0, 1_800.0, 5_000.0)), min_size=40, max_size=80), st.integers(0, 3))
def test_auto_is_not_far_from_the_better_fixed_life(gaps: list[float], more: int) -> None:
    gaps = gaps + [400.0, 5_000.0][more % 2 :] * more
    learning = 2 * (RATIOS.write - RATIOS.read)
    assert paid(gaps, "auto") <= 1.25 * min(paid(gaps, "5m"), paid(gaps, "1h")) + learning


def test_what_was_being_edited_is_frozen_anew_when_only_that_is_cold() -> None:
    desk = Desk()
    main = lines(200, "main")
    pieces = [big("a"), big("b")]

    def ask(text: str, cursor: int, *, working_cold: bool = False) -> list[str]:
        about = snapshot("main.py", text, cursor)
        plan = desk.context.plan(about, pieces, CompletionTail(), desk.traits, 24_000, "1h", working_cold=working_cold)
        assert rebuild(plan, "main.py") == text
        moves.append(plan.moved)
        names.append(file_blocks(plan))
        assert list(plan.marks.values()) == sorted(plan.marks.values()), "an hour stands before five minutes"
        return prefix_texts(plan)

    moves: list[str | None] = []
    names: list[list[str]] = []
    first = ask(main, 0)
    edited = main.replace("00010", "ten")
    told = ask(edited, len(edited))
    later = ask(edited, len(edited), working_cold=True)
    again = ask(edited, 0, working_cold=True)
    assert told[: len(first)] == first
    assert names == [
        ["file a.py", "file b.py", "file main.py"],
        ["file a.py", "file b.py", "file main.py", "journal 1 of main.py"],
        ["file a.py", "file b.py", "file main.py"],
        ["file a.py", "file b.py", "file main.py"],
    ]
    assert later[:3] == first[:3], "the stable files are still there"
    assert again == later
    assert moves == [None, None, "file main.py: the cache of the files being edited was cold anyway", None]


def test_stable_files_that_changed_wait_for_a_cold_moment() -> None:
    desk = Desk()
    desk.ask(snapshot("main.py", "x = 1\n", 0), [big("a"), big("b")])
    changed = piece("a.py", big("a").text.replace("00007", "seven"))
    about = snapshot("main.py", "x = 1\n", 0)
    plan = desk.context.plan(about, [changed, big("b")], CompletionTail(), desk.traits, 24_000, working_cold=True)
    assert plan.moved is None
    assert rebuild(plan, "a.py") == changed.text
