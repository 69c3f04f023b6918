"""What a user of Neovim sees of suggestions: a real terminal, captured."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from cachewise.simulator.script import Script
from cachewise.simulator.server import Simulator
from clients.desk import OTHER, REST, SETUP, START, TRIPLE
from clients.screen import GHOST_COLOUR, Screen, in_colour, screen
from clients.terminal import DEADLINE

WHOLE = START + REST + "\n"
LONG = "def triple(number):\n" + "".join(f"    number += {n} * number\n" for n in range(12)) + "    return number\n"


async def suggested(s: Screen, wanted: str = REST) -> None:
    """Type the head of a function, and wait until all of this is suggested behind it."""
    await s.t.type("Go", "def triple")
    await s.ghost(wanted.__eq__)


@pytest.mark.parametrize(
    ("shown", "found"),
    [
        pytest.param("plain", "", id="no-colour"),
        pytest.param(f"def\x1b[{GHOST_COLOUR}m(x)\x1b[39m y", "(x)", id="up-to-the-default-colour"),
        pytest.param(f"\x1b[1;{GHOST_COLOUR};48;2;1;2;3ma\n  b\x1b[0mc", "a\n  b", id="over-lines-and-backgrounds"),
        pytest.param(f"\x1b[{GHOST_COLOUR}ma\x1b[38;2;1;1;1mb\x1b[31mc\x1b[mx", "a", id="other-colours"),
        pytest.param(f"\x1b[{GHOST_COLOUR}ma\x1b[48;5;7mb\x1b[38;5;7mc", "ab", id="of-256"),
    ],
)
def test_what_is_in_a_colour(shown: str, found: str) -> None:
    assert in_colour(shown) == found


TAKEN = {
    "whole": (("Tab",), WHOLE, ""),
    "a word": (("M-w",), f"{START}(\n", REST[1:]),
    "words": (("M-w", "M-w", "M-w"), f"{START}(number):\n", "    return number * 3"),
    "a line": (("M-l",), f"{START}(number):\n", "    return number * 3"),
    "line by line": (("M-l", "M-l"), WHOLE, ""),
    "hidden": (("M-e",), f"{START}\n", ""),
    # The race: keys in one burst. What was suggested before them is taken with what they typed, once and nowhere else.
    "typed into it and taken at once": (("(num", "Tab"), WHOLE, ""),
    "a word and the rest at once": (("(", "M-w", "Tab"), WHOLE, ""),
}
"""Keys, what the file holds after them, and what is still shown in grey behind it."""


async def test_taking(tmp_path: Path) -> None:
    async with Simulator(Script(answer=TRIPLE)) as simulator, screen(tmp_path, simulator) as s:
        for name, (keys, taken, left) in TAKEN.items():
            await s.reload()
            await suggested(s)
            await s.t.type(*keys)
            await s.ghost(left.__eq__)
            assert await s.written() == taken, name


async def test_it_grows(tmp_path: Path) -> None:
    """Line by line, without a key and without another request."""
    async with Simulator(Script(answer=LONG, token_delay=0.01)) as simulator, screen(tmp_path, simulator) as s:
        await s.t.type("Go", "def triple")
        seen: list[str] = []

        def grows(ghost: str) -> bool:
            if ghost not in ("", *seen):
                seen.append(ghost)
            return ghost.endswith("return number")

        await s.ghost(grows)
        assert len(seen) >= 3, seen
        assert all(later.startswith(earlier) for earlier, later in pairwise(seen)), seen
        assert len(simulator.requests) == 1
        await s.t.type("Tab")
        await s.ghost("".__eq__)
        assert (await s.written()).endswith(f"\n{LONG}")


async def test_the_second_candidate(tmp_path: Path) -> None:
    """The one of another server, looked at and taken."""
    (tmp_path / "other.lua").write_text(OTHER)
    async with Simulator(Script(answer=TRIPLE)) as simulator, screen(tmp_path, simulator) as s:
        await s.command(f"luafile {tmp_path / 'other.lua'}")
        await s.t.type("Go", "def triple")
        await s.ghost(lambda ghost: REST in ghost)
        for key, shown, count in (("M-n", "(other)", "(2/2)"), ("M-p", REST, "(1/2)"), ("M-n", "(other)", "(2/2)")):
            await s.t.type(key)
            await s.ghost(shown.__eq__)
            await s.shows(count)
        await s.t.type("Tab")
        await s.ghost("".__eq__)
        assert await s.written() == f"{START}(other)\n"


async def test_a_key_while_the_answer_is_on_its_way(tmp_path: Path) -> None:
    async with (
        Simulator(Script(answer=TRIPLE, first_token_delay=0.5)) as simulator,
        screen(tmp_path, simulator) as s,
    ):
        await s.t.type("Go", "def triple")
        await simulator.until(lambda: len(simulator.requests) > 0, DEADLINE)
        await s.t.type("(")
        await s.ghost(REST[1:].__eq__)
        await s.t.type("Tab")
        await s.ghost("".__eq__)
        assert await s.written() == WHOLE


async def test_nothing_is_shown_while_paused(tmp_path: Path) -> None:
    init = SETUP.replace("setup()", "setup({ pause = { 'python' } })")
    async with Simulator(Script(answer=TRIPLE)) as simulator, screen(tmp_path, simulator, init=init) as s:
        await s.shows("paused")
        await s.t.type("Go", "def triple")
        await s.shows("def triple")
        await s.command("Cachewise resume")
        await s.t.until(lambda shown: "paused" not in shown)
        assert simulator.requests == []
        await s.t.type("A", "(")
        await s.ghost(REST[1:].__eq__)
