"""The prefix moves once, and says why, when the project changes under it."""

from __future__ import annotations

import itertools

import pytest

from cachewise.context.pieces import Piece
from cachewise.model.plan import PromptPlan
from support.contexts import Desk, big, file_blocks, lines, piece, prefix_texts, snapshot
from support.prompts import rebuild

MAIN = lines(60, "main")
NAMES = "abcdef"


def another(name: str) -> Piece:
    """The same file on another branch."""
    return piece(f"{name}.py", lines(250, f"other_{name}"), is_open=False)


def moves(plans: list[PromptPlan]) -> list[str]:
    """Why the prefix moved, each time that it did; checks that it is an extension each time that it did not."""
    for before, after in itertools.pairwise(plans):
        extends = prefix_texts(after)[: len(before.prefix)] == prefix_texts(before)
        assert extends == (after.moved is None)
    return [plan.moved for plan in plans if plan.moved is not None]


@pytest.mark.parametrize("changed", ["f", "abcdef", "a"], ids=["one file", "all files", "the first file"])
def test_a_branch_switch_moves_the_prefix_at_most_once(changed: str) -> None:
    desk = Desk()
    plans = [desk.ask(snapshot("main.py", MAIN, 0), [big(name) for name in NAMES])]
    now = [another(name) if name in changed else big(name) for name in NAMES]
    for _ in range(12):
        plans.append(desk.ask(snapshot("main.py", MAIN, 0), now))
        for file in now:
            assert rebuild(plans[-1], file.name) == file.text
    reasons = moves(plans)
    assert len(reasons) <= 1
    assert all("had cost as much as freezing them anew" in reason for reason in reasons)
    if len(changed) > 1:
        assert reasons, "where everything changed, new copies are cheaper than telling it"


def test_a_file_that_changes_outside_the_editor_is_told() -> None:
    desk = Desk()
    pieces = [big("a"), big("b")]
    plans = [desk.ask(snapshot("main.py", MAIN, 0), pieces)]
    pieces[0] = piece("a.py", big("a").text + "generated = 1\n", is_open=False)
    plans += [desk.ask(snapshot("main.py", MAIN, 0), pieces) for _ in range(5)]
    assert moves(plans) == []
    assert plans[-1].prefix[-1].name == "journal 1 of a.py"
    assert rebuild(plans[-1], "a.py") == pieces[0].text


def test_a_renamed_document_comes_in_behind_and_its_old_name_leaves_when_cold() -> None:
    desk = Desk()
    plans = [desk.ask(snapshot("old.py", MAIN, 0), [big("a")])]
    plans.append(desk.ask(snapshot("new.py", MAIN, 0), [big("a")]))
    assert file_blocks(plans[-1]) == ["file a.py", "file old.py", "file new.py"]
    plans.append(desk.ask(snapshot("new.py", MAIN, 0), [big("a")], cold=True))
    assert file_blocks(plans[-1]) == ["file a.py", "file new.py"]
    assert moves(plans) == ["file old.py: the cache was cold anyway, so the files were frozen as they are now"]


def test_a_closed_document_stays_as_it_was_told_until_the_cache_is_cold() -> None:
    desk = Desk()
    text = "x = 1\n" + big("a").text
    plans = [
        desk.ask(snapshot("a.py", big("a").text, 0), [big("b")]),
        desk.ask(snapshot("a.py", text, len(text)), [big("b")]),
        desk.ask(snapshot("b.py", big("b").text, 0), []),
        desk.ask(snapshot("b.py", big("b").text, 0), [], cold=True),
    ]
    assert rebuild(plans[2], "a.py") == text
    assert file_blocks(plans[3]) == ["file b.py"]
    assert len(moves(plans)) == 1


def test_a_deleted_file_stays_until_the_cache_is_cold() -> None:
    desk = Desk()
    plans = [desk.ask(snapshot("main.py", MAIN, 0), [big("a"), big("b")])]
    plans += [desk.ask(snapshot("main.py", MAIN, 0), [big("b")]) for _ in range(3)]
    assert moves(plans) == []
    plans.append(desk.ask(snapshot("main.py", MAIN, 0), [big("b")], cold=True))
    assert moves(plans) == ["file a.py: the cache was cold anyway, so the files were frozen as they are now"]
