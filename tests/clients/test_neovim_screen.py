"""What a user of Neovim sees: a real terminal, captured."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

from cachewise.simulator.script import Script
from cachewise.simulator.server import Simulator
from clients.desk import SETUP, SOURCE, TRIPLE
from clients.neovim import PLUGIN, nvim_environment, nvim_path
from clients.terminal import terminal

ANSWER = "# Doubling\n\n" + " ".join(f"word{n}" for n in range(40)) + "\n"
COLOUR = re.compile(r"triple((?:\x1b\[[0-9;]*m)*)\(number\)")
"""The change of colour between what was typed and what is suggested or was taken."""


async def test_screen(tmp_path: Path) -> None:
    """Ghost text in grey, taken; an explanation that grows on the screen; the bill in the status line."""
    project = tmp_path / "project"
    project.mkdir()
    (project / "a.py").write_text(SOURCE)
    init = tmp_path / "init.lua"
    init.write_text(f"vim.opt.runtimepath:prepend({str(PLUGIN)!r})\nvim.o.termguicolors = true\n{SETUP}")
    async with Simulator(Script(answer=TRIPLE)) as simulator:
        env = nvim_environment(tmp_path, simulator)
        command = (str(nvim_path()), "--clean", "-u", str(init), "a.py")
        async with terminal(tmp_path, env, project, *command) as t:
            await t.until(lambda screen: "$0.0000" in screen)
            await t.type("Go", "def triple")
            await t.until(lambda screen: "def triple(number):" in screen and "return number * 3" in screen)
            ghostly = COLOUR.findall(await t.screen(colours=True))
            assert len(ghostly) == 1
            await t.type("Tab")
            await t.until(lambda screen: COLOUR.findall(screen) not in ([], ghostly), colours=True)

            simulator.follow(Script(answer=ANSWER, token_delay=0.03))
            await t.type("Escape")
            await t.type(":1,2Cachewise explain", "Enter")
            screens: list[int] = []

            def grows(screen: str) -> bool:
                words = len(set(re.findall(r"word\d+", screen)))
                if words not in (0, *screens):
                    screens.append(words)
                return words == 40

            screen = await t.until(grows)
            assert len(screens) > 3, screens
            assert screens == sorted(screens)
            assert "Explain: a.py" in screen
            await t.until(lambda screen: "explain ·" in screen and "$" in screen)
            await simulator.until(lambda: all(record.ended_at is not None for record in simulator.requests))
            billed = Decimal(simulator.account()["cost"])
            await t.until(lambda screen: f"${billed:.4f} ·" in screen.splitlines()[-2])
            await t.type("q")
            await t.until(lambda screen: "Explain: a.py" not in screen)
