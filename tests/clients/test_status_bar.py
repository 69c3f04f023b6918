"""The documented status line of tmux, in the real one beside a running server; that of waybar as far as it goes."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal
from pathlib import Path

from cachewise.ledger.readout import money
from clients.documented import configurations
from clients.neovim import nvim_environment
from clients.terminal import Terminal, terminal
from support.server import desk, python_module

BAR = "A bar of the terminal or the desktop"


async def test_tmux_shows_what_today_cost(tmp_path: Path) -> None:
    """The user's tmux runs in the one of the tests, which sees its bar too."""
    config, inner = tmp_path / "user.conf", Terminal(socket=tmp_path / "user.sock")
    config.write_text(configurations(BAR, "tmux")[0])
    started = ("env", "-u", "TMUX", "tmux", "-S", str(inner.socket), "-f", str(config), "new-session", "cat")
    async with terminal(tmp_path, nvim_environment(tmp_path, None), tmp_path, *started) as t:
        await t.until(lambda screen: "$0 today" in screen.splitlines()[-1])
        async with desk(home=tmp_path) as d:
            await d.explain(d.open("a.py", python_module(80)))
            await d.bill_arrives()
            billed = money(Decimal(d.simulator.account()["cost"]))
        await t.until(lambda screen: f"{billed} today" in screen.splitlines()[-1])
        await inner.tmux("kill-server")


async def test_waybar_runs_a_command_that_there_is(tmp_path: Path) -> None:
    """Waybar itself needs a desktop. Its module reads one object a line, with these keys."""
    module = json.loads(configurations(BAR, "json")[0])["custom/cachewise"]
    assert module["return-type"] == "json"
    process = await asyncio.create_subprocess_shell(
        f"{module['exec']} | head -1", stdout=asyncio.subprocess.PIPE, env=nvim_environment(tmp_path, None)
    )
    out, _ = await process.communicate()
    assert {"text", "tooltip", "class"} <= set(json.loads(out))
