"""One server for all tests of a module that asks for `shared`: starting one takes longer than most tests."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from cachewise.simulator.script import Script
from support.server import VIRTUAL, Desk, desk


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def module_desk() -> AsyncIterator[Desk]:
    async with desk(capabilities=VIRTUAL) as d:
        yield d


@pytest_asyncio.fixture(loop_scope="module")
async def shared(module_desk: Desk) -> AsyncIterator[Desk]:
    """The module's server, with a provider that does nothing special and is not busy."""
    module_desk.simulator.follow(Script())
    yield module_desk
    await module_desk.quiet()
