"""When the prefix moves, and that it stays where it is otherwise."""

from __future__ import annotations

import pytest

from cachewise.context.pieces import Piece
from cachewise.context.rent import Ratios
from cachewise.context.tail import CompletionTail
from cachewise.model.plan import PromptPlan, Stability
from support.contexts import FOLDER, Desk, big, changed_files, file_blocks, lines, piece, prefix_texts, snapshot, traits
from support.prompts import rebuild

MAIN = lines(100, "main")
CLAUDE = Ratios()


def test_a_stable_file_that_is_edited_stays_until_the_cache_is_cold() -> None:
    desk = Desk()
    first = desk.ask(snapshot("main.py", MAIN, 0), [big("a"), big("b"), big("c")])
    edited = big("a").text.replace("00200", "edited")
    others = [big("b"), big("c"), piece("main.py", MAIN)]
    there = desk.ask(snapshot("a.py", edited, 0), others)
    assert there.moved is None
    assert prefix_texts(there)[:-1] == prefix_texts(first)
    assert there.prefix[-1].name == "journal 1 of a.py"
    assert changed_files(there) == []
    assert rebuild(there, "a.py") == edited
    cold = desk.ask(snapshot("a.py", edited, 0), others, cold=True)
    assert file_blocks(cold) == ["file b.py", "file c.py", "file main.py", "file a.py"]
    assert [b.stability for b in cold.prefix[1:]] == [Stability.STABLE] * 3 + [Stability.WORKING]
    assert changed_files(cold) == []
    assert cold.moved == "file a.py: the cache was cold anyway, so the files were frozen as they are now"


def test_a_cold_moment_without_news_moves_nothing() -> None:
    desk = Desk()
    pieces = [big("a"), piece("small.py", "x = 1\n"), piece("tiny.py", "y = 1\n")]
    first = desk.ask(snapshot("main.py", MAIN, 0), pieces)
    again = desk.ask(snapshot("main.py", MAIN, 500), pieces, cold=True)
    assert again.moved is None
    assert prefix_texts(again) == prefix_texts(first)


def test_edited_files_stand_behind_the_others_the_most_recent_last() -> None:
    desk = Desk()
    now = {name: big(name).text for name in "abcd"}

    def pieces(but: str) -> list[Piece]:
        return [piece(f"{name}.py", text) for name, text in now.items() if name != but]

    desk.ask(snapshot("d.py", now["d"]), pieces("d"))
    for name in ("c", "a"):
        now[name] += "# edited\n"
        desk.ask(snapshot(f"{name}.py", now[name]), pieces(name))
    plan = desk.ask(snapshot("d.py", now["d"]), pieces("d"), cold=True)
    assert file_blocks(plan) == ["file b.py", "file c.py", "file a.py", "file d.py"]


def test_closed_files_stay_until_the_cache_is_cold() -> None:
    desk = Desk()
    first = desk.ask(snapshot("main.py", MAIN, 0), [big("a"), big("b")])
    closed = desk.ask(snapshot("main.py", MAIN, 0), [big("b")])
    assert prefix_texts(closed) == prefix_texts(first)
    assert desk.context.paths == (f"{FOLDER}/a.py", f"{FOLDER}/b.py", f"{FOLDER}/main.py")
    cold = desk.ask(snapshot("main.py", MAIN, 0), [big("b")], cold=True)
    assert file_blocks(cold) == ["file b.py", "file main.py"]
    assert cold.moved is not None
    assert cold.moved.startswith("file a.py: ")


def test_files_that_change_on_disk_are_told_then_frozen_when_cold() -> None:
    desk = Desk()
    first = desk.ask(snapshot("main.py", MAIN, 0), [big("a"), big("b")])
    other = piece("b.py", big("b").text.replace("00007", "seven"), is_open=False)
    warm = desk.ask(snapshot("main.py", MAIN, 0), [big("a"), other])
    assert prefix_texts(warm)[:-1] == prefix_texts(first)
    assert warm.prefix[-1].name == "journal 1 of b.py"
    assert rebuild(warm, "b.py") == other.text
    cold = desk.ask(snapshot("main.py", MAIN, 0), [big("a"), other], cold=True)
    assert changed_files(cold) == []
    assert rebuild(cold, "b.py") == other.text


def churn(number: int) -> str:
    """A document whose first lines are different with each number."""
    return lines(30, f"top {number} ") + MAIN


def until_moved(desk: Desk, pieces: list[Piece], most: int, ratios: Ratios = CLAUDE) -> tuple[int, PromptPlan]:
    """Change the start of the document with each request while the cursor stands at its end."""
    plan = desk.ask(snapshot("main.py", MAIN, 0), pieces)
    for request in range(most):
        text = churn(request)
        about = snapshot("main.py", text, len(text))
        plan = desk.context.plan(about, pieces, CompletionTail(), desk.traits, 24_000, ratios=ratios)
        assert rebuild(plan, "main.py") == text
        if plan.moved:
            return request, plan
    return most, plan


def test_changes_are_bought_out_behind_the_last_mark_before_them() -> None:
    """The current document stands behind a mark of its own, so freezing it anew leaves the stable files alone."""
    desk = Desk()
    pieces = [big("a"), big("b")]
    first = desk.ask(snapshot("main.py", MAIN, 0), pieces)
    request, plan = until_moved(desk, pieces, 50)
    assert 1 < request < 50
    assert plan.moved == (
        "file main.py: the changes to it or to files behind it had cost as much as freezing them anew"
    )
    assert prefix_texts(plan)[:3] == prefix_texts(first)[:3]
    assert file_blocks(plan) == ["file a.py", "file b.py", "file main.py"], "the journal is gone with the old copy"
    assert changed_files(plan) == []


@pytest.mark.parametrize(
    ("ratios", "least", "most"),
    [
        pytest.param(Ratios(), 2, 12, id="Claude"),
        pytest.param(Ratios(read=0.05, write=1.0), 2, 16, id="no write price"),
        pytest.param(Ratios(read=0.5, write=0.5), 0, 0, id="free to write"),
        pytest.param(Ratios(write=100.0), 30, 30, id="dear to write"),
    ],
)
def test_the_rent_follows_the_prices(ratios: Ratios, least: int, most: int) -> None:
    desk = Desk()
    desk.ask(snapshot("main.py", MAIN, 0))
    assert least <= until_moved(desk, [], 30, ratios)[0] <= most


def test_with_automatic_caching_any_block_can_be_bought_out() -> None:
    results = []
    for style in ("automatic", "control"):
        desk = Desk(style=traits(style))
        pieces = [big("a"), big("b"), big("c")]
        desk.ask(snapshot("main.py", MAIN, 0), pieces)
        for request in range(300):
            edited = lines(60, f"top {request} ") + big("c").text
            plan = desk.ask(snapshot("main.py", MAIN, 0), [big("a"), big("b"), piece("c.py", edited)])
            if plan.moved:
                results.append((request, plan.moved.partition(":")[0]))
                break
    (automatic, first), (control, _) = results
    assert automatic < control, "what stands before a block without a mark is written again too"
    assert first == "file c.py"
