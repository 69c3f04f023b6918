"""Resident memory of the server process: after its start, and after its first request to a provider."""

from __future__ import annotations

import asyncio

from bench.figures import Figure
from bench.processes import explanation, open_source, provider, server

from cachewise.simulator.script import Script
from support.lsp_client import LspProcess

GOAL_START_MB = 60.0
GOAL_REQUEST_MB = 130.0
_FILE = "lsp/server.py"
_SETTLED = 1.5
"""Seconds that what goes on in the background after a start or an answer is given."""


async def measure() -> tuple[Figure, ...]:
    """The most that is resident within a moment of `initialized`, and of the first explanation's end."""
    async with provider(Script()) as upstream, server(upstream.base_url) as lsp:
        await lsp.wait_for("cachewise/status")
        started = await _most(lsp)
        uri = open_source(lsp, _FILE)
        await lsp.request("cachewise/explain", explanation(uri, "first"), timeout=30.0)
        asked = await _most(lsp)
        for number in range(20):
            await lsp.request("cachewise/explain", explanation(uri, f"more-{number}", line=number))
        later = await _most(lsp)
    return (
        Figure(name="resident after start", value=started, unit="MB", goal=GOAL_START_MB, note="no document open"),
        Figure(name="resident after the first request", value=asked, unit="MB", goal=GOAL_REQUEST_MB),
        Figure(name="  resident after 20 more", value=later, unit="MB"),
    )


async def _most(lsp: LspProcess) -> float:
    """The largest of many looks, in MB of 10**6 bytes."""
    looks = []
    for _ in range(30):
        looks.append(lsp.memory)
        await asyncio.sleep(_SETTLED / 30)
    return max(looks) / 1e6
