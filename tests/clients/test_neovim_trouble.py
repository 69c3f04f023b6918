"""What goes wrong around the editor, in the real Neovim: no key, no provider, no server, and hostile projects."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from cachewise.simulator.script import Fault, Script
from cachewise.simulator.server import Simulator
from clients.desk import REST, SETUP, SOURCE, START, STATUS_LINE, TEXT, TRIPLE, Desk
from clients.hostile import hostile_init, plant_traps
from clients.neovim import GHOST, neovim, nvim_environment
from clients.processes import servers
from support.server import KEY

pytestmark = pytest.mark.asyncio(loop_scope="module")

KEYS = "def triple(number): return 3"


async def test_provider_down_and_up_again(shared: Desk) -> None:
    """Typing goes on, the status line has a mark, and nothing pops up; once the provider is back, so is the help."""
    shared.simulator.follow(Script(faults=(Fault(kind="reset"),) * 6))
    await shared.nvim.edit("a.py", SOURCE)
    await shared.nvim.type("Go" + KEYS)
    await shared.nvim.status(lambda status: status["health"] != "ok" and status["quiescent"])
    assert (await shared.nvim.text()).endswith(KEYS)
    assert await shared.nvim.lua(GHOST) == ""
    assert "!" in (line := await shared.nvim.lua(STATUS_LINE)) or "✗" in line
    assert "cachewise" not in await shared.nvim.messages()
    shared.simulator.follow(Script(answer=TRIPLE))
    await shared.nvim.type("<CR><CR>def triple")
    await shared.nvim.ghost()
    await shared.nvim.status(lambda status: status["health"] == "ok")


async def test_server_killed(shared: Desk) -> None:
    """It is started again, knows what was typed meanwhile, and suggests without a further key."""
    await shared.suggest(REST)
    before = await shared.nvim.attached()
    (server,) = servers(shared.nvim.process.pid)
    os.kill(server, signal.SIGKILL)
    await shared.nvim.type("(")
    await shared.nvim.until(
        "local c = vim.lsp.get_clients({ bufnr = 0, name = 'cachewise' })[1]\n"
        "return c and c.initialized and c.id ~= ... and c.id or nil",
        bool,
        before,
    )
    await shared.nvim.ghost(REST.removeprefix("(").__eq__)
    assert (await shared.nvim.text()) == START + "("
    assert len(servers(shared.nvim.process.pid)) == 1


async def test_server_that_keeps_dying_stays_down(shared: Desk) -> None:
    told = await shared.nvim.lua(
        """
        local start = require('cachewise.start')
        local enable, notify, told, times = start.enable, vim.notify, {}, 0
        start.enable = function() times = times + 1 end
        vim.notify = function(text) table.insert(told, text) end
        vim.defer_fn, Defer = function(act) act() end, vim.defer_fn
        local on_exit = start.config().on_exit
        for _ = 1, 7 do on_exit(1, 0); vim.wait(20) end
        on_exit(0, 0)
        start.enable, vim.notify, vim.defer_fn = enable, notify, Defer
        return { times, told[1] }
        """
    )
    times, sentence = told
    assert times <= 4
    assert "It stays down until :Cachewise restart" in sentence


async def test_restart_by_command(shared: Desk) -> None:
    await shared.suggest(REST)
    before = await shared.nvim.attached()
    await shared.nvim.type("<Esc>")
    await shared.nvim.call("nvim_command", "Cachewise restart")
    await shared.nvim.until(
        "local c = vim.lsp.get_clients({ bufnr = 0, name = 'cachewise' })[1]\n"
        "return c and c.initialized and c.id ~= ... or nil",
        bool,
        before,
    )


async def test_two_editors_share_one_cache_and_one_ledger(shared: Desk) -> None:
    """`today` in either is what both have spent, and what one has asked is answered in the other without a request."""
    shared.simulator.follow(Script(answer="In the first."))
    await shared.nvim.edit("a.py", SOURCE)
    await shared.nvim.call("nvim_command", "1,2Cachewise ask Who am I?")
    await shared.nvim.until(TEXT, lambda text: text == "In the first.")
    first = await shared.nvim.status(lambda now: now["quiescent"] and now["last"] and now["last"]["feature"] == "ask")
    env = nvim_environment(shared.nvim.home, shared.simulator)
    async with neovim(shared.nvim.home, shared.nvim.workspace, env, SETUP) as second:
        shared.simulator.follow(Script(answer="In the second."))
        mark = len(shared.records)
        await second.edit("a.py", SOURCE)
        await second.call("nvim_command", "1,2Cachewise ask Who am I?")
        await second.until(TEXT, lambda text: text == "In the first.")
        assert await second.until("return Answers[1] and Answers[1].source") == "answers"
        assert len(shared.records) == mark
        await second.edit("b.py", SOURCE)
        await second.call("nvim_command", "1,2Cachewise ask Who are you?")
        await second.until(TEXT, lambda text: text == "In the second.")
        status = await second.status(lambda status: status["quiescent"] and status["session"]["requests"] == 1)
        assert status["today"]["requests"] == first["today"]["requests"] + 1
        assert status["today"]["costUsd"] > first["today"]["costUsd"]
    await shared.nvim.call("nvim_command", "Cachewise usage")
    await shared.nvim.status(lambda now: now["today"]["requests"] == status["today"]["requests"])


async def test_no_key(tmp_path: Path) -> None:
    async with Simulator() as simulator:
        env = nvim_environment(tmp_path, simulator, {"OPENROUTER_API_KEY": None})
        async with neovim(tmp_path, tmp_path / "project", env, SETUP) as nvim:
            await nvim.edit("a.py", SOURCE)
            await nvim.type("Go" + KEYS)
            status = await nvim.status(lambda status: status["health"] != "ok")
            assert "OPENROUTER_API_KEY" in status["message"]
            assert (await nvim.text()).endswith(KEYS)
            assert await nvim.messages() == ""
            await nvim.type("<Esc>")
            await nvim.call("nvim_command", "1,2Cachewise explain")
            assert "OPENROUTER_API_KEY" in await nvim.until(TEXT, lambda text: "*" in text)
        assert simulator.requests == []


async def test_hostile_project(tmp_path: Path) -> None:
    """A project's files and settings move neither the key nor the provider, and none of its programs runs."""
    project = tmp_path / "project"
    plant_traps(project)
    async with Simulator() as thief, Simulator(Script(answer=TRIPLE)) as simulator:
        env = nvim_environment(tmp_path, simulator)
        async with neovim(tmp_path, project, env, hostile_init(thief)) as nvim:
            await nvim.edit("a.py", f"# vim: set exrc shell=/bin/false:\n{SOURCE}")
            await nvim.type("Godef triple")
            await nvim.ghost()
            await nvim.status(lambda status: status["quiescent"])
        assert thief.requests == []
        assert thief.open_sockets == 0
        assert len(simulator.requests) > 0
        assert not any("X-Leak" in str(record) or "x-leak" in str(record) for record in simulator.requests)
        assert not (project / "owned").exists()
        assert KEY not in nvim.log
