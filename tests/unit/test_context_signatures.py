"""Signatures before bodies: what stands in for a file that has no room, and that it moves nothing."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from cachewise.context.exclude import Exclusions
from cachewise.context.gather import Gatherer
from cachewise.context.pieces import Piece
from cachewise.context.tail import CompletionTail, InfillTail
from cachewise.model.plan import PromptPlan
from support.contexts import Desk, file_blocks, lines, piece, prefix_texts, snapshot, traits
from support.prompts import frames_of

MAIN = lines(100, "main")
SIZE = 250
"""Lines of an imported file: about 1,400 tokens by the desks' estimates."""


def imported(name: str, *, count: int = SIZE, told: int = 10) -> Piece:
    """A file that is imported, with its signatures."""
    made = piece(f"{name}.py", lines(count, name), is_open=False)
    return replace(made, signatures=lines(told, f"sig_{name}"))


def names(plan: PromptPlan) -> list[str]:
    """The names of the files in the prefix."""
    return [f.attributes["name"] for block in plan.prefix for f in frames_of(block.text)[0] if f.kind == "file"]


def ask(desk: Desk, *pieces: Piece, cold: bool = False) -> PromptPlan:
    return desk.ask(snapshot("main.py", MAIN, 900), pieces, cold=cold)


@pytest.mark.parametrize("count", [1, 3, 8])
def test_where_all_fits_nothing_is_different(count: int) -> None:
    pieces = [imported(chr(97 + n)) for n in range(count)]
    bare = [replace(p, signatures="") for p in pieces]
    assert ask(Desk(), *pieces).blocks == ask(Desk(), *bare).blocks


def test_signatures_stand_in_for_what_does_not_fit() -> None:
    desk = Desk(max_tokens=6_000)
    plan = ask(desk, *(imported(name) for name in "abcde"))
    assert names(plan) == ["a.py", "b.py", "c.py (signatures)", "d.py (signatures)", "e.py (signatures)", "main.py"]
    assert sum(block.tokens for block in plan.prefix) <= 6_000


def test_no_body_takes_the_room_of_signatures() -> None:
    """Without signatures the first two would fill it; with them, all five are told of."""
    desk = Desk(max_tokens=4_500)
    plan = ask(desk, *(imported(name, told=30) for name in "abcde"))
    assert {name.partition(" ")[0] for name in names(plan)} == {*(f"{n}.py" for n in "abcde"), "main.py"}
    assert names(plan).count("a.py") == 1


def test_signatures_do_not_push_all_bodies_out() -> None:
    desk = Desk(max_tokens=6_000)
    plan = ask(desk, *(imported(f"{n:02d}", told=100) for n in range(20)))
    assert "00.py" in names(plan)
    assert "01.py (signatures)" in names(plan)


@pytest.mark.parametrize("tail", [CompletionTail(), InfillTail()])
def test_what_stands_in_is_kept_from_request_to_request(tail: CompletionTail | InfillTail) -> None:
    desk = Desk(max_tokens=5_000, style=traits("automatic"))
    pieces = [imported(name) for name in "abc"]
    plans = [desk.ask(snapshot("main.py", MAIN, 900 + n), pieces, tail) for n in range(5)]
    assert all(plan.moved is None for plan in plans)
    assert all(prefix_texts(plan) == prefix_texts(plans[0]) for plan in plans)
    assert any("(signatures)" in block.name for block in plans[0].prefix)


def test_a_change_of_a_body_is_no_change_of_the_signatures() -> None:
    desk = Desk(max_tokens=4_000)
    first = ask(desk, imported("a"), imported("b"))
    changed = replace(imported("b"), text=lines(SIZE, "other"))
    assert "b.py (signatures)" in names(first)
    second = ask(desk, imported("a"), changed)
    assert [block.text for block in second.blocks] == [block.text for block in first.blocks]


def test_a_change_of_the_signatures_is_told_and_moves_nothing() -> None:
    desk = Desk(max_tokens=4_000)
    first = ask(desk, imported("a"), imported("b"))
    changed = imported("b")
    changed = replace(changed, signatures=changed.signatures.replace("sig_b number 00003", "canary number 00003"))
    second = ask(desk, imported("a"), changed)
    assert second.moved is None
    assert prefix_texts(second)[: len(first.prefix)] == prefix_texts(first)
    told = [f for block in second.blocks for f in frames_of(block.text)[0] if "canary" in f.data]
    assert [f.attributes["file"] for f in told] == ["b.py (signatures)"]


def test_what_is_opened_comes_in_whole() -> None:
    desk = Desk(max_tokens=5_000)
    pieces = [imported("a"), imported("b"), imported("c")]
    first = ask(desk, *pieces)
    assert "c.py (signatures)" in names(first)
    second = ask(desk, replace(pieces[2], open=True), *pieces[:2])
    assert "c.py" in names(second)
    assert second.moved is None
    assert "c.py (signatures)" not in names(ask(desk, replace(pieces[2], open=True), *pieces[:2], cold=True))


def test_what_was_only_kept_is_followed_and_dropped_when_cold() -> None:
    desk = Desk(max_tokens=4_000)
    first = ask(desk, imported("a"), imported("b"))
    assert any(path.endswith("/b.py") for path in desk.context.paths), "changes to it would not be seen"
    kept = replace(imported("b"), kept=True)
    assert names(ask(desk, imported("a"), kept)) == names(first)
    assert names(ask(desk, imported("a"), kept, cold=True)) == ["a.py", "main.py"]


def test_files_beside_have_no_stand_in() -> None:
    plan = ask(Desk(max_tokens=3_000), replace(imported("a"), beside=True), replace(imported("b"), beside=True))
    assert file_blocks(plan) == ["file main.py"]


@pytest.mark.parametrize("seed", range(20))
def test_the_budget_is_kept_and_the_prefix_moves_for_a_reason(seed: int) -> None:
    chance = random.Random(seed)
    desk = Desk(max_tokens=chance.choice((2_000, 5_000, 24_000)))
    pieces = [imported(chr(97 + n), count=chance.randint(1, 400), told=chance.randint(1, 40)) for n in range(8)]
    last: PromptPlan | None = None
    for _ in range(30):
        at = chance.randrange(len(pieces))
        text = pieces[at].signatures + "more\n" * chance.randint(0, 1)
        pieces[at] = replace(pieces[at], signatures=text, open=chance.random() < 0.2)
        plan = ask(desk, *chance.sample(pieces, 5), cold=chance.random() < 0.1)
        assert sum(block.tokens for block in plan.prefix) <= desk.max_tokens
        if last is not None and plan.moved is None:
            assert prefix_texts(plan)[: len(last.prefix)] == prefix_texts(last)
        last = plan


# Gathering

HELPER = "def helper():\n    return 1\n" + "x = 1\n" * 400


async def gathered(tmp_path: Path, whole: int | None) -> tuple[Piece, list[str]]:
    asked: list[str] = []

    def made(text: str, name: str) -> str:
        asked.append(name)
        return text.partition("\n")[0]

    (tmp_path / "helper.py").write_text(HELPER)
    gatherer = Gatherer(Exclusions(str(tmp_path)), signatures=made)
    text = "import helper\n"
    current = replace(
        snapshot("main.py", text), path=str(tmp_path / "main.py"), folder=str(tmp_path), uri="file:///main.py"
    )
    found = [await gatherer.gather(current, (), whole=whole) for _ in range(3)]
    assert found[0] == found[1] == found[2]
    return found[0][0], asked


@pytest.mark.parametrize(("whole", "told"), [(None, ""), (len(HELPER) + 14, ""), (len(HELPER) + 13, "def helper():")])
async def test_signatures_are_made_where_not_all_fits_and_once(tmp_path: Path, whole: int | None, told: str) -> None:
    found, asked = await gathered(tmp_path, whole)
    assert found.signatures == told
    assert asked == (["helper.py"] if told else [])


def test_a_context_says_how_much_fits_without_signatures() -> None:
    desk = Desk(max_tokens=4_000)
    before = desk.context.whole(4_000)
    assert 0 < before < 4_000 / desk.estimator.ratio
    ask(desk, imported("a"), imported("b"))
    assert desk.context.whole(4_000) == 0, "signatures in the prefix have to be followed"
