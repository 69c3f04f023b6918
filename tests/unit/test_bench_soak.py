"""What the soak calls a leak, and what of its typing must hold whatever server is behind it."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from bench.peers import CONTEXT, context_files, document
from bench.soak import GROWTH, IDLE_TASKS, POOLED, Held, leaks

from cachewise.simulator.tokens import count_tokens

FIRST = Held(done=100, memory=100_000_000, descriptors=18, threads=11, tasks=2, objects=20_000)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param({}, [], id="nothing"),
        pytest.param({"memory": FIRST.memory + int(GROWTH) - 1}, [], id="a little memory"),
        pytest.param({"memory": FIRST.memory + int(GROWTH)}, ["memory grew by 20.0 MB"], id="memory"),
        pytest.param({"descriptors": 18 + POOLED}, [], id="connections that are kept"),
        pytest.param({"descriptors": 19 + POOLED}, ["descriptors went from 18 to 23"], id="descriptors"),
        pytest.param({"tasks": IDLE_TASKS + 1}, ["tasks went from 2 to 3"], id="tasks"),
        pytest.param({"tasks": 0, "objects": 10**9, "threads": 5}, [], id="what is only told"),
    ],
)
def test_leaks(change: dict[str, int], words: list[str]) -> None:
    assert leaks(FIRST, replace(FIRST, done=50_000, **change)) == words


def test_a_look_tells_all_it_saw() -> None:
    told = str(FIRST)
    for part in ("100 completions", "100.0 MB", "18 descriptors", "11 threads", "2 tasks", "20,000 objects"):
        assert part in told


def test_the_context_is_as_large_as_it_says() -> None:
    tokens = sum(count_tokens(text) for text in context_files())
    assert CONTEXT <= tokens < 1.2 * CONTEXT
    assert 1_000_000 <= len(document(1_000_000)) < 1_001_000
