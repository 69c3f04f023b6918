"""What the replay in-process counts is what the real server costs: edits and completions over LSP, on one recording."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from bench.layouts import Planner
from bench.recordings import Moment, made, moments
from bench.replay import MARKETS, replay
from bench.through import through_server

from cachewise.context.pieces import Piece
from support.server import python_module

REQUESTS = 24
OLD = python_module(60, "typed")
NEW = OLD.replace("total_7 = first * 7", "total_7 = second * 7").replace("way 20.", "a way that is not the usual one.")
NEW = NEW.replace("    return total_40\n", "    print(total_40)\n    for step in range(9):\n        print(step)\n")


async def test_the_same_requests_cost_the_same_over_lsp() -> None:
    others = [
        Piece(name=f"{name}.py", text=python_module(25, name), path=f"/{name}.py", open=True)
        for name in ("beside", "above", "below")
    ]
    # A recording's times are of no use here: all of it is replayed at once, so nothing goes cold.
    typed = [Moment(0.0, moment.text, moment.cursor) for moment in moments(made(OLD, NEW, 5), 0.2)][:REQUESTS]
    here = replay(typed, others, "claude", [Planner]).bills[0]
    there, charge, count = await through_server(typed, others, MARKETS["claude"][1])
    assert len(typed) == count == REQUESTS
    assert charge.read > 10 * charge.written > 0
    assert 0.9 <= there / here.total <= 1.1, f"{here.total:,.0f} plain tokens in-process, {there:,.0f} over LSP"
