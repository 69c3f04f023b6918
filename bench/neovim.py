"""What the plugin costs the real Neovim: its part of the start, and how soon a typed key is in the buffer.

Without the plugin the same is measured as well, in the same run. Not here: that no key is lost (the tests hold that).
"""

from __future__ import annotations

import asyncio
import re
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.figures import Figure, Spread

from cachewise.simulator.script import Script
from cachewise.simulator.server import Simulator
from clients.desk import SETUP
from clients.neovim import PLUGIN, Neovim, neovim, nvim_environment, nvim_path

GOAL_START_MS = 2.0
GOAL_KEY_MS = 5.0
KEYS = 1000
RATE = 60
"""Keys a second."""
STARTS = 20
BARE = "vim.g.loaded_cachewise = true"
_OWN = re.compile(r"^[\d.]+ +[\d.]+ +([\d.]+): (?:sourcing .*nvim-client/|require\('cachewise)", re.MULTILINE)
_STARTED = re.compile(r"^([\d.]+) .*--- NVIM STARTED ---", re.MULTILINE)


async def measure(keys: int = KEYS, starts: int = STARTS) -> tuple[Figure, ...]:
    """Start Neovim so many times, and type so many keys into it, with and without the plugin."""
    with tempfile.TemporaryDirectory(prefix="cachewise-bench-") as folder:
        own, whole = await _starts(Path(folder), starts)
    typed, plain = await _typing(SETUP, keys), await _typing(BARE, keys)
    return (
        Figure(name="the plugin's part of Neovim's start", value=own.median, unit="ms", goal=GOAL_START_MS, spread=own),
        Figure(name="  the whole start", value=whole.median, unit="ms", spread=whole),
        Figure(
            name=f"a key in Neovim, {RATE} a second, p99", value=typed.p99, unit="ms", goal=GOAL_KEY_MS, spread=typed
        ),
        Figure(name="  the same without plugin and server, p99", value=plain.p99, unit="ms", spread=plain),
    )


async def _starts(folder: Path, count: int) -> tuple[Spread, Spread]:
    """Milliseconds in the plugin's own files, and of the whole start, by Neovim's own account."""
    init = folder / "init.lua"
    init.write_text(f"vim.opt.runtimepath:prepend({str(PLUGIN)!r})\nrequire('cachewise').setup()\n")
    own, whole = [], []
    for number in range(count):
        times = folder / f"times{number}"
        process = await asyncio.create_subprocess_exec(
            *(str(nvim_path()), "--headless", "--clean", "-u", str(init), "--startuptime", str(times), "-c", "qall"),
            cwd=folder,
        )
        await process.wait()
        text = times.read_text()
        own.append(sum(map(float, _OWN.findall(text))))
        whole.append(float(_STARTED.findall(text)[-1]))
    return Spread.of(own), Spread.of(whole)


async def _typing(init: str, count: int) -> Spread:
    """Milliseconds from sending a key to hearing of the changed line, at a steady pace."""
    with tempfile.TemporaryDirectory(prefix="cachewise-bench-") as folder:
        home = Path(folder)
        async with Simulator(Script(answer="first = 1\nsecond = 2\n")) as simulator:
            env = nvim_environment(home, simulator)
            async with neovim(home, home / "project", env, init) as nvim:
                return await _type(nvim, count, attached=init != BARE)


async def _type(nvim: Neovim, count: int, *, attached: bool) -> Spread:
    if attached:
        await nvim.edit("a.py", "")
    else:
        await nvim.call("nvim_command", f"edit {nvim.workspace / 'a.py'}")
    await nvim.call("nvim_buf_attach", 0, False, {})
    changes: asyncio.Queue[float] = asyncio.Queue()

    def heard(method: str, _arguments: list[Any]) -> None:
        if method == "nvim_buf_lines_event":
            changes.put_nowait(time.perf_counter())

    nvim.notified = heard
    await nvim.type("i")
    text = "".join(f"name_{n} = call({n})\n" for n in range(count))[:count]
    taken: list[float] = []
    begin = time.perf_counter()
    for number, key in enumerate(text):
        await asyncio.sleep(max(0.0, begin + number / RATE - time.perf_counter()))
        sent = time.perf_counter()
        await nvim.type("<CR>" if key == "\n" else key)
        taken.append(await asyncio.wait_for(changes.get(), 10) - sent)
        while not changes.empty():
            changes.get_nowait()  # of indenting
    return Spread.of(taken, 1000.0)
