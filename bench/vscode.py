"""What the extension's activation costs the real VS Code's extension host, as the editor itself measures it.

That is: to load the code, to call `activate`, and to wait for it; the server starts behind that. Not here: that no key
is lost while typing (the tests hold that).
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from bench.figures import Figure, Spread

from clients.vscode_host import run_in_host

GOAL_MS = 50.0
STARTS = 5
_TOLD = "activation: "


async def measure(starts: int = STARTS) -> tuple[Figure, ...]:
    """Start VS Code so many times."""
    parts = [await _activation() for _ in range(starts)]
    whole, load = Spread.of([sum(three) for three in parts]), Spread.of([three[0] for three in parts])
    return (
        Figure(name="activation in VS Code, median", value=whole.median, unit="ms", goal=GOAL_MS, spread=whole),
        Figure(name="  loading the code", value=load.median, unit="ms", spread=load),
    )


async def _activation() -> tuple[float, float, float]:
    with tempfile.TemporaryDirectory(prefix="cachewise-bench-") as home:
        told = await run_in_host(Path(home), "^activation")
    (line,) = [line for line in told if line.startswith(_TOLD)]
    load, call, finish = map(float, line.removeprefix(_TOLD).split())
    return load, call, finish
