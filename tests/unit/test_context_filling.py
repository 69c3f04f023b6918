"""A context below the model's minimum: what it costs, and when it is filled up with files beside the document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cachewise.context.filling import Filling
from cachewise.context.pieces import Piece
from cachewise.context.rent import Ratios
from cachewise.context.tail import CompletionTail
from cachewise.model.plan import PromptPlan
from support.contexts import Desk, big, file_blocks, lines, piece, snapshot, traits
from support.prompts import rebuild

SMALL = lines(60)
BESIDE = [replace(big(name), open=False, beside=True) for name in "abc"]
HAIKU = traits(minimum=4_096)


def until_filled(desk: Desk, pieces: Sequence[Piece], most: int = 60) -> tuple[int, PromptPlan]:
    """Ask again and again, with the files beside as soon as they are wanted."""
    plan = desk.ask(snapshot("main.py", SMALL, 0), [])
    for number in range(1, most):
        if desk.context.fill:
            return number, desk.ask(snapshot("main.py", SMALL, number), pieces)
        plan = desk.ask(snapshot("main.py", SMALL, number), [])
        assert plan.too_short
        assert not plan.marks
    return most, plan


@pytest.mark.parametrize("style", ["control", "breakpoint", "automatic"])
def test_a_short_context_is_filled_up_once_it_has_cost_as_much(style: str) -> None:
    desk = Desk(style=replace(HAIKU, style=style))  # type: ignore[arg-type]
    number, plan = until_filled(desk, BESIDE)
    assert 3 < number < 20
    assert not plan.too_short
    assert file_blocks(plan) == ["file a.py", "file b.py", "file c.py", "file main.py"]
    assert plan.prefix_tokens >= 4_096
    assert style == "automatic" or plan.marks
    assert plan.moved == "file main.py: it was too short to be cached, so files beside it were taken in"
    again = desk.ask(snapshot("main.py", SMALL, 5), BESIDE)
    assert again.moved is None
    assert again.prefix == plan.prefix


def test_files_that_do_not_reach_the_minimum_are_left_out() -> None:
    desk = Desk(style=HAIKU)
    _, plan = until_filled(desk, BESIDE[:1])
    assert plan.too_short
    assert file_blocks(plan) == ["file main.py"]


@pytest.mark.parametrize(
    ("document", "ratios"),
    [
        pytest.param("x = 1\n", Ratios(read=0.5), id="reading the minimum costs more"),
        pytest.param(SMALL, Ratios(read=1.0, write=1.0), id="reads cost as much as plain tokens"),
    ],
)
def test_where_filling_would_cost_more_it_is_not_done(document: str, ratios: Ratios) -> None:
    desk = Desk(style=HAIKU)
    for number in range(100):
        desk.context.plan(
            snapshot("main.py", document, number % 5), [], CompletionTail(), desk.traits, 24_000, ratios=ratios
        )
        assert desk.context.fill == 0


def test_nothing_is_filled_beyond_the_budget_or_with_caching_off() -> None:
    for desk, ttl in ((Desk(style=HAIKU, max_tokens=4_000), "auto"), (Desk(style=HAIKU), "off")):
        for number in range(50):
            about = snapshot("main.py", SMALL, number)
            plan = desk.context.plan(about, [], CompletionTail(), desk.traits, desk.max_tokens, ttl)  # type: ignore[arg-type]
            assert desk.context.fill == 0
            assert plan.too_short == (ttl != "off")


def test_a_cold_moment_begins_anew() -> None:
    desk = Desk(style=HAIKU)
    until_filled(desk, BESIDE)
    cold = desk.ask(snapshot("main.py", SMALL, 0), [replace(p, beside=False, kept=True) for p in BESIDE], cold=True)
    assert file_blocks(cold) == ["file main.py"]
    assert desk.context.fill == 0


def test_a_document_that_grew_needs_no_more_files() -> None:
    desk = Desk(style=HAIKU)
    until_filled(desk, BESIDE)
    text = SMALL + lines(900, "grown")
    kept = [replace(p, beside=False, kept=True) for p in BESIDE]
    plan = desk.ask(snapshot("main.py", text, 0), kept)
    assert rebuild(plan, "main.py") == text
    desk.ask(snapshot("main.py", text, 0), BESIDE)
    assert desk.context.fill == 0


def test_closed_files_leave_when_the_cache_is_cold_though_they_are_still_on_disk() -> None:
    desk = Desk()
    first = desk.ask(snapshot("main.py", SMALL, 0), [big("a"), big("b")])
    closed = [replace(big("a"), open=False, kept=True), big("b")]
    warm = desk.ask(snapshot("main.py", SMALL, 0), closed)
    assert warm.prefix == first.prefix
    cold = desk.ask(snapshot("main.py", SMALL, 0), closed, cold=True)
    assert file_blocks(cold) == ["file b.py", "file main.py"]


@given(st.integers(1, 4_000), st.floats(0.02, 0.6), st.floats(0.7, 2.5), st.integers(1, 200))
def test_filling_never_costs_twice_the_least(tokens: int, read: float, write: float, requests: int) -> None:
    """The bound of the docstring, against a planner that knows how many requests will come."""
    filling, ratios = Filling(), Ratios(read=read, write=write)
    model = traits(minimum=4_096)
    target = Filling.target(model)
    paid, short = 0.0, max(0.0, tokens - read * target)
    for _ in range(requests):
        if filling.bought:
            paid += target * (write - read)  # once; what is read afterwards is the same for everybody
            break
        paid += short
        filling.pay(tokens, model, ratios, 100_000)
    least = min(requests * short, target * (write - read))
    assert paid <= 2 * least + short + 1e-6


def test_a_piece_beside_is_an_ordinary_file_once_it_is_opened() -> None:
    desk = Desk(style=HAIKU)
    _, filled = until_filled(desk, BESIDE)
    opened = piece("a.py", BESIDE[0].text)
    plan = desk.ask(snapshot("main.py", SMALL, 0), [opened, *BESIDE[1:]])
    assert plan.prefix == filled.prefix
