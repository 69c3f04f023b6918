"""Real editors beside a simulated provider: a Neovim for all tests of a module, one VS Code for all of a run."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from cachewise.simulator.server import Simulator
from clients.desk import SETUP, Desk
from clients.neovim import neovim, nvim_environment
from clients.vscode_desk import Desk as CodeDesk
from clients.vscode_desk import vscode_desk


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def module_desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    home: Path = tmp_path_factory.mktemp("neovim")
    async with Simulator() as simulator:
        env = nvim_environment(home, simulator)
        async with neovim(home, home / "project", env, SETUP) as nvim:
            yield Desk(nvim=nvim, simulator=simulator)


@pytest_asyncio.fixture(loop_scope="module")
async def shared(module_desk: Desk) -> AsyncIterator[Desk]:
    """The module's Neovim, with nothing open and a provider that does nothing special."""
    await module_desk.clear()
    yield module_desk


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def session_code(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[CodeDesk]:
    async with vscode_desk(tmp_path_factory.mktemp("vscode")) as desk:
        yield desk


@pytest_asyncio.fixture(loop_scope="session")
async def code(session_code: CodeDesk) -> AsyncIterator[CodeDesk]:
    """The run's VS Code, with nothing open and a provider that does nothing special."""
    await session_code.clear()
    yield session_code
