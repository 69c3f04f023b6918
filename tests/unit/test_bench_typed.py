"""Recordings of real edits, which the planner was not built on: it stays near the floor, and ahead of fixed layouts."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from bench import typed
from bench.layouts import Planner
from bench.replay import replay
from bench.typed import NEW, OLD, OTHERS, beside, compared, file

from cachewise.simulator.tokens import count_tokens


@pytest.mark.parametrize("name", ["_strptime.py", "os.py", "ssl.py", "symtable.py", "threading.py"])
def test_real_edits_cost_at_most_a_fifth_more_than_the_floor(name: str) -> None:
    sequence = typed.typed(name)
    assert len(sequence) >= typed.FEWEST
    assert sequence[-1].text == file(NEW, name) != file(OLD, name)
    for tokens in OTHERS:
        result = replay(sequence, beside(name, tokens), "claude", [Planner])
        assert result.bills[0].total <= 1.2 * result.floor.total, f"{tokens:,} tokens of other files"


def test_no_fixed_layout_is_ahead_on_real_edits() -> None:
    sequence = typed.typed("os.py")
    for market in ("claude", "read 0.05", "write 1.0"):
        found = compared(sequence, beside("os.py", 8_000), market)
        assert found.ours <= found.rival, f"{market}: {found.rival_name}"


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
