"""What a user of Neovim sees of explanations and of what they cost: a real terminal, captured."""

from __future__ import annotations

import re
from pathlib import Path

from cachewise.simulator.script import Script
from cachewise.simulator.server import Simulator
from clients.desk import SOURCE
from clients.screen import screen

ANSWER = "# Doubling\n\n" + " ".join(f"word{n}" for n in range(40)) + "\n"


async def test_it_grows_and_the_status_line_shows_the_bill(tmp_path: Path) -> None:
    async with Simulator(Script(answer=ANSWER, token_delay=0.015)) as simulator, screen(tmp_path, simulator) as s:
        await s.command("1,2Cachewise explain")
        screens: list[int] = []

        def grows(shown: str) -> bool:
            words = len(set(re.findall(r"word\d+", shown)))
            if words not in (0, *screens):
                screens.append(words)
            return words == 40

        shown = await s.t.until(grows)
        assert len(screens) > 3, screens
        assert screens == sorted(screens)
        assert "Explain: a.py" in shown
        await s.t.until(lambda shown: "explain ·" in shown and "$" in shown)
        assert await s.bill() > 0
        await s.t.type("q")
        await s.t.until(lambda shown: "Explain: a.py" not in shown)


async def test_stopping(tmp_path: Path) -> None:
    """What came stays, the provider is left, and what it billed until then is shown."""
    script = Script(answer="endless " * 400, token_delay=0.05)
    async with Simulator(script) as simulator, screen(tmp_path, simulator) as s:
        await s.command("1,2Cachewise explain")
        await s.t.until(lambda shown: shown.count("endless") > 2)
        await s.t.type("C-c")
        await s.shows("endless", "stopped")
        await s.quiet()
        assert [record.outcome for record in simulator.requests] == ["gone"]
        await s.t.until(lambda shown: re.search(r"explain cancelled · .*\$0\.\d", shown) is not None)


async def test_a_further_question(tmp_path: Path) -> None:
    async with Simulator(Script(answer="It doubles.")) as simulator, screen(tmp_path, simulator) as s:
        await s.command("1,2Cachewise explain")
        await s.shows("It doubles.", "explain ·")
        simulator.follow(Script(answer="Because of the star."))
        await s.t.type("Enter")
        await s.t.type("Why?", "Enter")
        await s.shows("It doubles.", "Why?", "Because of the star.", "ask ·")
        await s.bill()


async def test_prewarm(tmp_path: Path) -> None:
    async with Simulator() as simulator, screen(tmp_path, simulator, text=SOURCE * 400) as s:
        await s.command("Cachewise prewarm")
        shown = await s.shows("cachewise: warm ·")
        assert "written" in shown
        await s.bill()
        (record,) = simulator.requests
        assert record.charge is not None
        assert record.charge.written > 4_096
        simulator.follow(Script(answer="It doubles."))
        await s.command("1,2Cachewise explain")
        await s.shows("It doubles.", "explain ·")
        read = simulator.requests[-1].charge
        assert read is not None
        assert read.read == record.charge.written
