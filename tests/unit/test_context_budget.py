from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cachewise.context.chunks import MOST_SHARED_NAMES
from cachewise.context.copies import _FRAME_SLACK, File, part_around
from cachewise.context.differences import split_lines
from cachewise.context.frames import frame
from cachewise.context.marks import MOST_BLOCKS_BETWEEN
from cachewise.context.system import SYSTEM
from cachewise.context.tokens import TokenEstimator, byte_length
from cachewise.model.snapshot import Snapshot
from support.contexts import Desk, big, file_blocks, lines, piece, prefix_texts, snapshot
from support.prompts import rebuild

MAIN = lines(100, "main")


def test_too_large_documents_are_frozen_around_the_cursor() -> None:
    desk = Desk(max_tokens=4_000)
    text = lines(3_000)
    middle = text.index("line number 01500")
    first = desk.ask(snapshot("main.py", text, middle), [big("a")])
    part = rebuild(first, "main.py")
    assert part is not None
    assert part in text
    assert "number 01500" in part
    assert part.endswith("\n")
    assert 1_800 < first.prefix_tokens <= 4_000
    near = desk.ask(snapshot("main.py", text, text.index("line number 01520")), [big("a")])
    assert prefix_texts(near) == prefix_texts(first)
    far = desk.ask(snapshot("main.py", text, text.index("line number 00010")), [big("a")])
    assert far.moved == "file main.py: the cursor left the part of main.py that was frozen"
    assert "number 00010" in (rebuild(far, "main.py") or "")
    assert far.prefix_tokens <= 4_000


@pytest.mark.parametrize("cursor", [0, -1], ids=["start", "end"])
def test_the_frozen_part_holds_at_both_ends(cursor: int) -> None:
    desk = Desk(max_tokens=4_000)
    text = lines(3_000)
    at = len(text) if cursor else 0
    plans = [desk.ask(snapshot("main.py", text, at)) for _ in range(3)]
    assert all(plan.moved is None for plan in plans)
    assert (rebuild(plans[0], "main.py") or "") in text


def test_a_line_that_no_budget_holds_is_shown_in_the_tail_only() -> None:
    desk = Desk(max_tokens=4_000)
    text = "x=1;" * 20_000
    plans = [desk.ask(snapshot("main.js", text + ";" * step, 5_000), [big("a")]) for step in range(5)]
    assert all(file_blocks(plan) == ["file a.py"] and plan.moved is None for plan in plans)
    assert "x=1;" in plans[0].blocks[-1].text
    assert plans[0].blocks[-1].tokens < 600


def test_without_budget_there_is_only_the_window() -> None:
    desk = Desk(max_tokens=100)
    plans = [desk.ask(snapshot("main.py", MAIN + "x" * step, 50), [big("a")]) for step in range(3)]
    assert all([b.name for b in plan.blocks] == ["system", "tail"] and plan.moved is None for plan in plans)


def test_an_opened_document_gets_its_room() -> None:
    desk = Desk(max_tokens=6_000)
    desk.ask(snapshot("main.py", MAIN, 0), [big("a"), big("b"), big("c")])
    text = lines(600, "new")
    plan = desk.ask(snapshot("new.py", text, 0), [piece("main.py", MAIN), big("a"), big("b"), big("c")])
    assert plan.moved is not None
    assert plan.moved.endswith(": new.py was opened and needed room")
    assert rebuild(plan, "new.py") == text
    assert plan.prefix_tokens <= 6_000
    again = desk.ask(snapshot("new.py", text, 0), [piece("main.py", MAIN), big("a"), big("b"), big("c")])
    assert prefix_texts(again) == prefix_texts(plan)


def test_an_opened_document_takes_the_room_that_is_left_if_that_is_a_good_part() -> None:
    desk = Desk(max_tokens=8_000)
    pieces = [big("a"), big("b"), big("c")]
    first = desk.ask(snapshot("main.py", MAIN, 0), pieces)
    text = lines(600, "new")
    plan = desk.ask(snapshot("new.py", text, 0), [piece("main.py", MAIN), *pieces])
    assert plan.moved is None
    assert prefix_texts(plan)[: len(prefix_texts(first))] == prefix_texts(first)
    part = rebuild(plan, "new.py")
    assert part is not None
    assert len(part) > 4_000
    assert text.startswith(part)


def test_imports_leave_room_for_documents_to_be_opened() -> None:
    desk = Desk(max_tokens=10_000)
    imports = [piece(f"i{n}.py", lines(100, f"i{n}"), is_open=False) for n in range(30)]
    plan = desk.ask(snapshot("main.py", MAIN, 0), imports)
    assert 6_000 < plan.prefix_tokens < 7_500
    opened = desk.ask(snapshot("new.py", lines(200, "new"), 0), [*imports, piece("main.py", MAIN)])
    assert opened.moved is None


def test_a_smaller_budget_moves_the_prefix_once() -> None:
    desk = Desk()
    pieces = [big("a"), big("b"), big("c")]
    desk.ask(snapshot("main.py", MAIN, 0), pieces)
    desk.max_tokens = 4_000
    plan = desk.ask(snapshot("main.py", MAIN, 0), pieces)
    assert plan.moved is not None
    assert plan.moved.endswith("the shared files outgrew the budget for context")
    assert plan.prefix_tokens <= 4_000
    assert desk.ask(snapshot("main.py", MAIN, 0), pieces).moved is None


def test_small_files_share_blocks() -> None:
    desk = Desk()
    pieces = [piece(f"s{number:02d}.py", lines(20, f"s{number}")) for number in range(60)]
    plan = desk.ask(snapshot("main.py", MAIN, 0), pieces)
    assert len(plan.prefix) <= MOST_BLOCKS_BETWEEN
    first = file_blocks(plan)[0]
    assert first.startswith("files s00.py, s01.py, s02.py and ")
    assert first.count(".py") == MOST_SHARED_NAMES
    for shared in pieces:
        assert rebuild(plan, shared.name) == shared.text
    before = prefix_texts(plan)
    for number in range(8):
        pieces.append(piece(f"t{number}.py", lines(10, f"t{number}")))
        plan = desk.ask(snapshot("main.py", MAIN, 0), pieces)
        assert prefix_texts(plan)[: len(before)] == before, "a shared block takes nothing more in once it was sent"
        before = prefix_texts(plan)


def test_many_files_stay_within_the_look_back() -> None:
    desk = Desk(max_tokens=100_000)
    pieces = [piece(f"f{number:03d}.py", lines(60, f"f{number}")) for number in range(150)]
    plan = desk.ask(snapshot("main.py", MAIN, 0), pieces)
    assert max(high - low for low, high in pairwise(sorted((0, *plan.marks)))) <= MOST_BLOCKS_BETWEEN


def test_learning_changes_counts_and_no_byte() -> None:
    desk = Desk()
    pieces = [big("a"), big("b")]
    first = desk.ask(snapshot("main.py", MAIN, 0), pieces)
    for _ in range(30):
        desk.estimator.learn(10_000, 13_000)
    second = desk.ask(snapshot("main.py", MAIN, 0), pieces)
    assert prefix_texts(second) == prefix_texts(first)
    assert second.moved is None
    assert second.prefix_tokens > first.prefix_tokens * 1.2


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 300), st.booleans()), max_size=25), st.integers(900, 9_000))
def test_the_budget_holds_after_anything(steps: list[tuple[int, int, bool]], budget: int) -> None:
    desk = Desk(max_tokens=budget)
    room = max(budget, desk.estimator.tokens(SYSTEM))
    now: dict[str, str] = {}
    for which, size, cold in steps:
        name = f"f{which}.py"
        now[name] = lines(size, f"f{which}é")
        about: Snapshot = snapshot(name, now[name], len(now[name]) // 2)
        plan = desk.ask(about, [piece(n, t) for n, t in now.items() if n != name], cold=cold)
        assert plan.prefix_tokens <= room


@given(
    st.lists(st.sampled_from(("a\n", "some line\n", "é" * 30 + "\n", "x" * 90 + "\n", "no end")), max_size=60),
    st.integers(0, 60),
    st.integers(20, 400),
)
def test_the_part_around_the_cursor_is_the_largest_that_fits(texts: list[str], line: int, tokens: int) -> None:
    """Line by line, as far as the room goes: first behind the cursor for two fifths of it, then before, then behind."""
    file = File(key="main.py", name="main.py", path=None, text="".join(texts), open=True)
    file.line = line
    found = part_around(file, tokens, TokenEstimator(0.25))
    frame_size = byte_length(frame("file", "", {"name": "main.py", "lines": "1-0"})) + _FRAME_SLACK
    room = tokens / 0.25 - frame_size
    all_lines = split_lines(file.text)
    start = min(line, max(len(all_lines) - 1, 0))
    if not all_lines or byte_length(all_lines[start]) > room:
        assert found is None
        return
    assert found is not None
    low, high = found
    assert low <= start < high
    used = byte_length("".join(all_lines[low:high]))
    assert used <= room
    assert high == len(all_lines) or used + byte_length(all_lines[high]) > room
    behind = byte_length("".join(all_lines[start:high]))
    if low > 0:
        assert byte_length("".join(all_lines[low - 1 : high])) > room or behind > room * 0.4
