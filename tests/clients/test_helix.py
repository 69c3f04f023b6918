"""The documented configuration in the real Helix: hover, a code action, a completion, and the cost of each."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path

from cachewise.ledger.readout import money
from cachewise.simulator.script import Script
from cachewise.simulator.server import Simulator
from clients.desk import SOURCE, TRIPLE
from clients.documented import ROOT, configurations
from clients.neovim import nvim_environment
from clients.terminal import Terminal, terminal

PROGRAM = ROOT / ".cache" / "helix" / "usr" / "lib" / "hx" / "hx"

MENU = re.compile(r"(?m)^ .*?(?<!def )triple\(number\):…? +text")
"""The entry of the completion menu. It has an ellipsis once more than the first line has streamed in."""


@asynccontextmanager
async def helix(home: Path, simulator: Simulator) -> AsyncIterator[Terminal]:
    """A Helix that has opened a file, and whose server is ready."""
    assert PROGRAM.exists(), f"There is no Helix at {PROGRAM}. Run tools/helix.sh, which puts it there."
    languages, config = configurations("Helix", "toml")
    folder, project = home / "config" / "helix", home / "project"
    folder.mkdir(parents=True)
    project.mkdir()
    # The other server that is shown is not on this machine.
    (folder / "languages.toml").write_text(languages.replace('"pylsp", ', ""))
    (folder / "config.toml").write_text(config)
    (project / "a.py").write_text(SOURCE)
    env, log = nvim_environment(home, simulator), home / "helix.log"
    async with terminal(home, env, project, str(PROGRAM), "-vv", "--log", str(log), "a.py") as t:
        # The screen does not tell when the server is ready; the log of messages does.
        await t.until(lambda screen: "def double" in screen and '"textDocument/didOpen"' in log.read_text())
        yield t


async def test_helix(tmp_path: Path) -> None:
    async with Simulator(Script(answer="It **doubles** a number.\n")) as simulator, helix(tmp_path, simulator) as t:
        await t.type("x", "x", "Space", "a")
        await t.until(lambda screen: "Explain selection" in screen)
        await t.type("Enter")
        screen = await t.until(lambda screen: "It **doubles** a number." in screen)
        assert "explanation.md" in screen
        cost = await billed(simulator)
        await t.until(lambda screen: "explain · " in screen.splitlines()[-1] and cost in screen.splitlines()[-1])
        await t.type(":buffer-close", "Enter")
        await t.until(lambda screen: "def double" in screen)

        simulator.follow(Script(answer="A number, doubled by `double`.\n"))
        await t.type("g", "g", "w", "w", "w", "Space", "k")  # on the parameter, which nobody has explained
        await t.until(lambda screen: "A number, doubled by" in screen)
        await t.type("Escape")

        simulator.follow(Script(answer=TRIPLE))
        await t.type("g", "e", "o")
        await t.type("def triple")
        await t.until(lambda screen: MENU.search(screen) is not None)
        await t.type("C-n", "Enter")
        await t.until(lambda screen: "def triple(number):" in screen and MENU.search(screen) is None)


async def billed(simulator: Simulator) -> str:
    """What the provider billed, as the readout shows it, once all requests are answered."""
    await simulator.until(lambda: all(record.ended_at is not None for record in simulator.requests))
    return money(Decimal(simulator.account()["cost"]))
