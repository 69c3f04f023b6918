"""What a replay is held against, and that its command says so by its exit status."""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from bench import goals, replay
from bench.goals import Standing, standing
from bench.layouts import EagerJournal, Hole, Planner, ShortPlanner, StableMarked, WindowOnly
from bench.optimum import shared_start
from bench.recordings import Patch, Recording

NAMES = {"ours": Planner.name, "short": ShortPlanner.name, "window": WindowOnly.name, "hole": Hole.name}


@pytest.mark.parametrize(
    ("costs", "expected"),
    [
        pytest.param({}, None, id="nothing was replayed"),
        pytest.param({"hole": 120.0}, None, id="not the planner"),
        pytest.param({"ours": 110.0}, Standing(1.1, None), id="only the planner"),
        pytest.param({"ours": 110.0, "hole": 120.0}, Standing(1.1, 1.2, Hole.name), id="beside a fixed layout"),
        pytest.param({"ours": 110.0, "short": 90.0, "window": 20.0}, Standing(1.1, None), id="what is not compared"),
        pytest.param(
            {"ours": 110.0, "hole": 120.0, "journal": 105.0}, Standing(1.1, 1.05, "journal"), id="the best of them"
        ),
    ],
)
def test_standing(costs: dict[str, float], expected: Standing | None) -> None:
    assert standing([(NAMES.get(name, name), cost) for name, cost in costs.items()], 100.0) == expected


def test_a_floor_of_nothing_tells_nothing() -> None:
    with pytest.raises(ValueError, match="nothing"):
        standing([(Planner.name, 1.0)], 0.0)


@pytest.mark.parametrize(
    ("place", "market", "tokens", "words"),
    [
        pytest.param(Standing(1.04, 1.05, "x"), "claude", 30_000, [], id="all met"),
        pytest.param(Standing(1.051, None), "claude", 30_000, ["goal is 1.05"], id="too far from the floor"),
        pytest.param(Standing(1.11, None), "claude", 8_000, [], id="with fewer files there is more room"),
        pytest.param(Standing(1.121, None), "claude", 8_000, ["goal is 1.12"], id="but not so much"),
        pytest.param(Standing(1.3, 1.4, "x"), "automatic", 8_000, [], id="the floor is a goal at Claude's prices"),
        pytest.param(Standing(1.3, 1.299, "x"), "automatic", 8_000, ["x cost 1.299"], id="a fixed layout is ahead"),
        pytest.param(Standing(1.2, 1.1, "x"), "claude", 8_000, ["goal is 1.12", "x cost"], id="both"),
        pytest.param(Standing(1.2, 1.2, "x"), "read 0.05", 8_000, [], id="as good"),
    ],
)
def test_missed(place: Standing, market: str, tokens: int, words: list[str]) -> None:
    found = place.missed(market, tokens)
    assert len(found) == len(words)
    assert all(word in line for word, line in zip(words, found, strict=True))


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """Somebody types a few lines at the end of a file."""
    start = "".join(f"value_{number} = {number}\n" for number in range(300))
    typed = "total = 0\nfor step in range(9):\n    total += step\n"
    edits = tuple((2.0 * at, (Patch(len(start) + at, 0, key),)) for at, key in enumerate(typed))
    path = tmp_path / "typed.json.gz"
    path.write_bytes(gzip.compress(json.dumps(Recording(start, start + typed, edits).to_json()).encode()))
    return path


def test_the_command_says_what_was_missed(
    recording: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["replay.py", str(recording), "--others", "2000", "--market", "all"])
    assert replay.main() == 0
    shown = capsys.readouterr().out
    assert "MISSED" not in shown
    for name in (StableMarked.name, EagerJournal.name, WindowOnly.name, Planner.name, "floor", *replay.MARKETS):
        assert name in shown

    monkeypatch.setattr(goals, "OF_BEST_FIXED", 0.5)
    assert replay.main() == 1
    assert capsys.readouterr().out.count("MISSED: ") == len(replay.MARKETS)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param("", "", 0, id="empty"),
        pytest.param("abc", "abc", 3, id="the same"),
        pytest.param("abc", "abd", 2, id="up to the last"),
        pytest.param("abc", "ab", 2, id="shorter"),
        pytest.param("xbc", "abc", 0, id="from the first"),
    ],
)
def test_shared_start(old: str, new: str, expected: int) -> None:
    assert shared_start(old, new) == expected
