"""`cachewise status --watch` beside running servers: what they spend is a line, and it ends with its reader."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from support.server import desk, environment, python_module

DEADLINE = 20
TEXT = python_module(80)


@asynccontextmanager
async def watching(home: Path, *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cachewise", "status", "--watch", *arguments),
        stdout=PIPE,
        stderr=PIPE,
        env=environment(home, None),
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def line(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    return (await asyncio.wait_for(process.stdout.readline(), DEADLINE)).decode()


async def until_requests(process: asyncio.subprocess.Process, count: int) -> dict[str, Any]:
    """The first line that counts so many requests with a cost that is billed."""
    while True:
        got: dict[str, Any] = json.loads(await line(process))
        if got["today"]["requests"] == count:
            return got


async def test_two_servers_are_one_line(tmp_path: Path) -> None:
    async with watching(tmp_path, "--json") as bar:
        assert json.loads(await line(bar))["class"] == "idle"
        async with desk(home=tmp_path) as one, desk(home=tmp_path) as other:
            await one.explain(one.open("a.py", TEXT))
            await until_requests(bar, 1)
            await other.explain(other.open("b.py", TEXT))
            got = await until_requests(bar, 2)
            billed = sum(float(d.simulator.account()["cost"]) for d in (one, other))
            while abs(got["today"]["costUsd"] - billed) > 1e-9:  # the bill comes after the answer
                got = json.loads(await line(bar))
        assert got["class"] == "ok"
        assert got["tooltip"].startswith("explain: 2 requests, $")
        assert got["text"].startswith("$")


async def test_it_ends_when_nobody_reads_it(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_shell(
        f"{sys.executable} -m cachewise status --watch | head -1",
        stdout=PIPE,
        stderr=PIPE,
        env=environment(tmp_path, None),
    )
    out, err = await asyncio.wait_for(process.communicate(), DEADLINE)
    assert (out.decode(), err.decode()) == ("$0 today\n", "")


async def test_a_damaged_ledger_is_a_line_and_watching_goes_on(tmp_path: Path) -> None:
    ledger = tmp_path / "state" / "cachewise" / "ledger.sqlite3"
    ledger.parent.mkdir(parents=True, mode=0o700)
    ledger.write_bytes(b"this is no database" * 100)
    async with watching(tmp_path) as bar:
        assert await line(bar) == "$?\n"
        ledger.unlink()
        assert await line(bar) == "$0 today\n"
