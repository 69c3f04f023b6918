"""Measures speed and memory of cachewise on this machine and prints one table: `python bench/run.py [--json]`.

Exit status 0 whatever the figures are, since they depend on the machine and on what else it does; 1 only where
something could not be measured. `bench/README.md` says how to read them.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench import answers, bursts, cancelling, editing, forwarding, memory, neovim, planning, startup, vscode
from bench.figures import Figure

Measure = Callable[[], Awaitable[tuple[Figure, ...]]]
MEASURES: dict[str, Measure] = {
    "startup": startup.measure,
    "memory": memory.measure,
    "editing": editing.measure,
    "forwarding": forwarding.measure,
    "cancelling": cancelling.measure,
    "bursts": bursts.measure,
    "planning": planning.measure,
    "neovim": neovim.measure,
    "vscode": vscode.measure,
    "answers": answers.measure,
}


def main() -> int:
    """Measure what was asked for, print it, and say what could not be measured."""
    parser = argparse.ArgumentParser(prog="python bench/run.py", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON in place of the table")
    parser.add_argument("names", metavar="NAME", nargs="*", help=f"any of: {', '.join(MEASURES)}; default: all")
    options = parser.parse_args()
    if unknown := [name for name in options.names if name not in MEASURES]:
        parser.error(f"there is no {', '.join(unknown)}; there is {', '.join(MEASURES)}")
    began = time.perf_counter()
    figures: list[Figure] = []
    failures: dict[str, str] = {}
    for name in options.names or MEASURES:
        print(f"measuring {name} ...", file=sys.stderr, flush=True)
        try:
            figures += asyncio.run(_measure(MEASURES[name]))
        except Exception as error:
            failures[name] = f"{type(error).__name__}: {error}"
    machine = f"Python {platform.python_version()}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}"
    seconds = time.perf_counter() - began
    if options.json:
        shape = {"machine": machine, "seconds": seconds, "failures": failures}
        print(json.dumps({**shape, "figures": [figure.to_json() for figure in figures]}, indent=2))
    else:
        print(_table(figures))
        print(f"\n{machine}; measured in {seconds:.0f} s")
    for name, reason in failures.items():
        print(f"{name} could not be measured: {reason}", file=sys.stderr)
    return 1 if failures else 0


async def _measure(measure: Measure) -> tuple[Figure, ...]:
    async with asyncio.timeout(120):
        return await measure()


def _table(figures: list[Figure]) -> str:
    rows = [("", "value", "goal", "", "min", "median", "p99", "n", "")]
    for figure in figures:
        spread = figure.spread
        raw = ("", "", "", "")
        if spread is not None:
            raw = (_number(spread.least), _number(spread.median), _number(spread.p99), str(len(spread.values)))
        goal = "" if figure.goal is None else f"<= {figure.goal:g}"
        value = f"{_number(figure.value)} {figure.unit}"
        rows.append((figure.name, value, goal, figure.verdict, *raw, figure.note))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    texts = (0, 3, 8)
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column in texts else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def _number(value: float) -> str:
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.3f}" if value < 1 else f"{value:.2f}"


if __name__ == "__main__":
    sys.exit(main())
