"""Recordings of real edits, which the planner was not built on: it stays near the floor, and ahead of fixed layouts.

The bounds are a little above what was measured, so that whatever costs a prompt a percent shows here. Time is that of
the recording, on a virtual clock.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from bench import typed
from bench.layouts import Planner
from bench.replay import MARKETS, replay
from bench.typed import NEW, OLD, OTHERS, beside, compared, file

from cachewise.simulator.tokens import count_tokens


@pytest.mark.parametrize(
    ("name", "most"),
    [
        pytest.param("gzip.py", (1.01, 1.06), id="gzip.py"),
        pytest.param("os.py", (1.00, 1.05), id="os.py"),
        pytest.param("_strptime.py", (1.10, 1.20), id="_strptime.py"),
        pytest.param("symtable.py", (1.07, 1.14), id="symtable.py"),
        pytest.param("threading.py", (1.09, 1.14), id="threading.py"),
        pytest.param("glob.py", (1.10, 1.20), id="glob.py, the smallest: its frames weigh most"),
    ],
)
def test_real_edits_cost_little_more_than_the_floor(name: str, most: tuple[float, float]) -> None:
    sequence = typed.typed(name)
    assert len(sequence) >= typed.FEWEST
    assert sequence[-1].text == file(NEW, name) != file(OLD, name)
    for tokens, limit in zip(OTHERS, most, strict=True):
        result = replay(sequence, beside(name, tokens), "claude", [Planner])
        assert result.bills[0].total <= limit * result.floor.total, f"{tokens:,} tokens of other files"


@pytest.mark.parametrize("market", MARKETS)
@pytest.mark.parametrize(("name", "sizes"), [("gzip.py", OTHERS), ("symtable.py", OTHERS[1:])])
def test_no_fixed_layout_is_ahead_on_real_edits(name: str, sizes: tuple[int, ...], market: str) -> None:
    """At every price ratio, the same frames and the same rule for how long stable files are kept given to all.

    Some of what `bench/typed.py --market all` compares, which ends with an error where a fixed layout is ahead.
    """
    sequence = typed.typed(name)
    for tokens in sizes:
        found = compared(sequence, beside(name, tokens), market)
        assert found.rival is not None
        assert found.ahead, f"{tokens:,}: {found.rival_name} {found.rival:.4f}, cachewise {found.ours:.4f}"


def test_no_fixed_layout_is_ahead_where_the_file_is_small_and_reading_is_dear() -> None:
    """Here the others came nearest: within one percent."""
    found = compared(typed.typed("glob.py"), beside("glob.py", 30_000), "automatic, read 0.25")
    assert found.ahead, f"{found.rival_name} {found.rival}, cachewise {found.ours:.4f}"


def test_the_other_files_are_others() -> None:
    pieces = beside("ast.py", 8_000)
    assert "lib/ast.py" not in [piece.name for piece in pieces]
    assert sum(count_tokens(piece.text) for piece in pieces) <= 8_000
    assert len(pieces) > 1
    assert all(piece.text for piece in pieces)


def test_a_missing_library_says_where_it_comes_from(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(typed, "OLD", tmp_path / "none")
    with pytest.raises(FileNotFoundError, match=r"tools/library\.sh"):
        typed.typed("ast.py")
