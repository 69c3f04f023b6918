"""Real edits: files of Python's own library, typed key by key from one version to another, and what prompts would cost.

    python bench/typed.py [argparse.py ...] [--market all]

The two versions are those that `tools/library.sh` brings, so that the figures can be had again anywhere. The other
files of a prompt are of the new version. Not here: how edits become keys (`recordings.py`), the replay (`replay.py`).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.goals import Standing
from bench.layouts import EagerJournal, Hole, Planner, Snapshot1, StableMarked
from bench.recordings import Moment, made, moments
from bench.replay import MARKETS, replay, stands

from cachewise.context.pieces import Piece
from cachewise.simulator.tokens import count_tokens

_CACHE = Path(__file__).resolve().parent.parent / ".cache"
OLD, NEW = _CACHE / "library-3.11/usr/lib/python3.11", _CACHE / "library-3.13/usr/lib/python3.13"
SEED = 7
FEWEST = 200
"""Requests that a recording has to have to be in the table by default."""
OTHERS = (30_000, 8_000)
"""Tokens of other files."""
RIVALS = (StableMarked, Hole, Snapshot1, EagerJournal)
"""The fixed layouts with the whole context. Those left out mark the edited file, and cost more than the first."""


def file(version: Path, name: str) -> str:
    """The text of a file of the library; empty where that version has none.

    Raises:
        FileNotFoundError: the library is not here; says how to get it.
    """
    if not version.is_dir():
        raise FileNotFoundError(f"There is no {version}. Run tools/library.sh, which puts it there.")
    path = version / name
    return path.read_text("utf-8", errors="replace") if path.is_file() else ""


def typed(name: str, seed: int = SEED) -> list[Moment]:
    """The requests of somebody who types the new version of a file over the old one."""
    return list(moments(made(file(OLD, name), file(NEW, name), seed)))


def beside(name: str, tokens: int) -> list[Piece]:
    """Other files of the library, in alphabetical order, of so many tokens together."""
    found: list[Piece] = []
    left = tokens
    for path in sorted(NEW.glob("*.py")):
        text = "" if path.name == name else file(NEW, path.name)
        count = count_tokens(text)
        if 500 <= count <= min(left, 5_000):
            found.append(Piece(name=f"lib/{path.name}", text=text, path=str(path), open=True))
            left -= count
    return found


def compared(sequence: Sequence[Moment], others: Sequence[Piece], market: str) -> Standing:
    """The planner beside the fixed layouts, for these requests."""
    found = stands(replay(sequence, others, market, [*RIVALS, Planner]))
    assert found is not None
    return found


def edited() -> list[str]:
    """The files that differ between the versions by so many requests that a table is of use."""
    names = [path.name for path in sorted(OLD.glob("*.py")) if not path.name.startswith("_sysconfigdata")]
    both = [name for name in names if file(OLD, name) and file(NEW, name)]
    return [name for name in both if len(typed(name)) >= FEWEST]


def main() -> int:
    """Print the table; 1 where the planner costs more than a fixed layout."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("name", nargs="*", help=f"files of the library; default: all with {FEWEST} requests or more")
    parser.add_argument("--market", default="claude", choices=[*MARKETS, "all"])
    parser.add_argument("--seed", type=int, default=SEED)
    options = parser.parse_args()
    beaten = 0
    print(f"{'file':<18} {'market':<20} {'others':>7} {'requests':>8} {'cachewise':>9} {'best fixed':>10}")
    for name in options.name or edited():
        sequence = typed(name, options.seed)
        for market in MARKETS if options.market == "all" else (options.market,):
            for tokens in OTHERS:
                found = compared(sequence, beside(name, tokens), market)
                beaten += not found.ahead
                print(
                    f"{name:<18} {market:<20} {tokens:>7,} {len(sequence):>8,} {found.ours:>9.3f} {found.rival:>10.3f}"
                    f"  {found.rival_name}{'' if found.ahead else '  BEATEN'}",
                    flush=True,
                )
    print(f"costs as shares of the floor; the planner cost more than a fixed layout {beaten} times")
    return 1 if beaten else 0


if __name__ == "__main__":
    sys.exit(main())
