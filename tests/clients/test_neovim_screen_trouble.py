"""What a user of Neovim sees when something is wrong around it, and of a second Neovim: real terminals, captured."""

from __future__ import annotations

import os
import re
import signal
from decimal import Decimal
from pathlib import Path

from cachewise.simulator.script import Fault, Script
from cachewise.simulator.server import Simulator
from clients.desk import REST, SOURCE, TRIPLE
from clients.hostile import hostile_init, plant_traps
from clients.processes import servers
from clients.screen import Screen, screen
from clients.terminal import DEADLINE

TYPED = "def triple(number): return 3"


def today(shown: str) -> Decimal:
    """What the status line says that all editors have spent today."""
    found = re.search(r"today \$(\d+\.\d+)", shown.splitlines()[-2])
    assert found, shown
    return Decimal(found[1])


def quiet_line(shown: str) -> bool:
    """Whether the bottom line, where Neovim tells of errors, tells of none."""
    return "Error" not in shown and "cachewise:" not in shown.splitlines()[-1]


async def test_no_key(tmp_path: Path) -> None:
    """A mark in the status line; typing goes on; who asks is told what is missing."""
    env = {"OPENROUTER_API_KEY": None}
    async with Simulator() as simulator, screen(tmp_path, simulator, env=env) as s:
        await s.t.until(lambda shown: "! $" in shown.splitlines()[-2])
        await s.t.type("Go", TYPED)
        assert quiet_line(await s.shows(TYPED))
        await s.command("1,2Cachewise explain")
        await s.shows("OPENROUTER_API_KEY")
        assert simulator.requests == []


async def test_provider_down_and_up_again(tmp_path: Path) -> None:
    script = Script(faults=(Fault(kind="reset"),) * 6)
    async with Simulator(script) as simulator, screen(tmp_path, simulator) as s:
        await s.t.type("Go", TYPED)
        shown = await s.t.until(lambda shown: re.search(r"[!✗] \$", shown.splitlines()[-2]) is not None)
        assert TYPED in shown
        assert quiet_line(shown)
        simulator.follow(Script(answer=TRIPLE))
        await s.t.type("Enter", "Enter")
        await s.t.type("def triple")
        await s.ghost(REST.__eq__)
        await s.t.until(lambda shown: re.search(r"[!✗] \$", shown.splitlines()[-2]) is None)


async def test_server_killed_and_started_again(tmp_path: Path) -> None:
    """Neovim itself tells of it, with the path of its log. Where that takes more than a line, it waits for a key."""
    async with Simulator(Script(answer=TRIPLE)) as simulator, screen(tmp_path, simulator, columns=240) as s:
        await s.t.type("Go", "def triple")
        await s.ghost(REST.__eq__)
        pid, asked = await s.t.pid(), len(simulator.requests)
        (server,) = servers(pid)
        os.kill(server, signal.SIGKILL)
        await s.t.type("(")
        await s.t.until(lambda _: servers(pid) not in ([], [server]))
        # What is shown may still be the dead server's; the new one has to ask for it.
        await simulator.until(lambda: len(simulator.requests) > asked, DEADLINE)
        await s.quiet()
        await s.ghost(REST[1:].__eq__)
        await s.t.type("Tab")
        await s.ghost("".__eq__)
        assert (await s.written()).count("def triple(number):\n    return number * 3\n") == 1


async def test_hostile_project(tmp_path: Path) -> None:
    plant_traps(tmp_path / "project")
    async with Simulator() as thief, Simulator(Script(answer=TRIPLE)) as simulator:
        text = f"# vim: set exrc shell=/bin/false:\n{SOURCE}"
        async with screen(tmp_path, simulator, text=text, init=hostile_init(thief)) as s:
            await s.t.type("Go", "def triple")
            assert quiet_line(await s.t.until(lambda shown: "triple(number):" in shown))
            await s.bill()
        assert thief.requests == []
        assert thief.open_sockets == 0
        assert not (tmp_path / "project" / "owned").exists()


async def explained(s: Screen) -> str:
    await s.command("1,2Cachewise explain")
    shown = await s.shows("It doubles.", "explain ·")
    await s.t.type("q")
    return shown


async def test_two_editors_share_one_cache_and_one_ledger(tmp_path: Path) -> None:
    """What one has asked is answered in the other without a request; both show what both have spent."""
    async with (
        Simulator(Script(answer="It doubles.")) as simulator,
        screen(tmp_path, simulator, name="one") as one,
        screen(tmp_path, simulator, name="two") as two,
    ):
        assert "stored answer" not in await explained(one)
        billed = await one.bill()
        assert "stored answer" in await explained(two)
        assert len(simulator.requests) == 1
        await two.t.until(lambda shown: abs(today(shown) - billed) < Decimal("0.0001"))
        await two.command("1,2Cachewise ask Why is that?")
        await two.shows("It doubles.", "ask ·")
        await two.quiet()
        both = Decimal(simulator.account()["cost"])
        assert both > billed
        for s in (one, two):
            await s.command("Cachewise usage")
            await s.t.until(lambda shown: abs(today(shown) - both) < Decimal("0.0001"))
