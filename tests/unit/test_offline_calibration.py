"""How often the completer is right, and whether it knows: on the package's own source, one file kept out at a time."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

import cachewise
from cachewise.offline.complete import Guess, complete
from cachewise.offline.index import Index

PLACES = 12
FILES = 40


def _outcomes() -> Iterator[tuple[Guess | None, str]]:
    root = Path(cachewise.__file__).parent
    paths = [path for path in sorted(root.rglob("*.py")) if path.name not in ("trained.py", "__init__.py")]
    chance = random.Random(3)
    held = chance.sample(paths, FILES)
    index = Index(1_000_000)
    for path in paths:
        index.add(str(path), path.read_text("utf-8"))
    for path in held:
        lines = path.read_text("utf-8").split("\n")
        usable = [at for at, line in enumerate(lines) if len(line.strip()) >= 6 and line.strip()[0] != "#"]
        for _ in range(PLACES):
            at = chance.choice(usable)
            line = lines[at].rstrip()
            column = chance.randrange(len(line) - len(line.lstrip()), len(line))
            before = "\n".join([*lines[:at], line[:column]])
            after = "\n".join(["", *lines[at + 1 :]])
            yield complete(index, before, after, "python", name=str(path)), line[column:]


@pytest.fixture(scope="module")
def outcomes() -> list[tuple[Guess | None, str]]:
    return list(_outcomes())


def test_it_is_right_often_enough(outcomes: list[tuple[Guess | None, str]]) -> None:
    shown = [truth.startswith(guess.text) for guess, truth in outcomes if guess]
    assert len(shown) > 0.3 * len(outcomes)
    assert sum(shown) > 0.68 * len(shown)


def test_it_knows_how_often_it_is_right(outcomes: list[tuple[Guess | None, str]]) -> None:
    said = [guess.confidence for guess, _ in outcomes if guess]
    right = [truth.startswith(guess.text) for guess, truth in outcomes if guess]
    assert abs(sum(said) - sum(right)) < 0.1 * len(said)


def test_surer_guesses_are_right_more_often(outcomes: list[tuple[Guess | None, str]]) -> None:
    ordered = sorted((guess.confidence, truth.startswith(guess.text)) for guess, truth in outcomes if guess)
    half = len(ordered) // 2
    assert sum(right for _, right in ordered[half:]) > 1.15 * sum(right for _, right in ordered[:half])
