"""The stored answers of the real server, looked into and removed: from the editor and from the command line."""

from __future__ import annotations

import asyncio
import functools
import sqlite3
import sys
from asyncio.subprocess import PIPE
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from support import server
from support.lsp_client import DEADLINE, RpcError
from support.server import environment, python_module
from support.stored_answers import check_stored

TEXT = python_module(60)

desk = functools.partial(server.desk, answers=True)


async def test_clearing_the_answers() -> None:
    async with desk() as d:
        uri = d.open("a.py", TEXT)
        explained, asked = await d.explain(uri), await d.ask(uri, "Why?")
        assert await d.command("cachewise.clearAnswers", {"task": "ask"}) == 1
        check_stored(await d.explain(uri), explained)
        assert (await d.ask(uri, "Why?"))["source"] == "provider" == asked["source"]
        wrongs: list[list[Any]] = [[{"task": "nothing"}], [{"task": 1}], ["ask"], [{}, {}]]
        for wrong in wrongs:
            with pytest.raises(RpcError) as error:
                await d.command("cachewise.clearAnswers", *wrong)
            assert error.value.code == -32602
        assert await d.command("cachewise.clearAnswers") == 2
        assert (await d.explain(uri))["source"] == "provider"


async def test_the_cache_from_the_command_line(tmp_path: Path) -> None:
    async with desk(home=tmp_path) as d:
        uri = d.open("a.py", TEXT)
        await d.explain(uri)
        await d.ask(uri, "Why?")
    steps = {
        "info": "2 entries",
        "check": "Every entry is sound.",
        "clear --task ask": "1 answer of 'ask' removed.",
        "clear": "1 answer removed.",
    }
    for arguments, expected in steps.items():
        status, out, err = await cache_command(tmp_path, *arguments.split())
        assert (status, err) == (0, "")
        assert expected in out
    assert (await cache_command(tmp_path, "clear", "--task", "nothing"))[0] == 2
    assert (await cache_command(tmp_path))[0] == 2


async def test_a_damaged_entry_is_found(tmp_path: Path) -> None:
    async with desk(home=tmp_path) as d:
        await d.explain(d.open("a.py", TEXT))
    [database] = tmp_path.rglob("cache.db")
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("UPDATE Cache SET value = X'00' || substr(value, 2)")
        connection.commit()
    status, out, _ = await cache_command(tmp_path, "check")
    assert status == 1
    assert out.strip()


async def cache_command(home: Path, *arguments: str) -> tuple[int | None, str, str]:
    """Status, output and errors of `cachewise cache`."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cachewise", "cache", *arguments), stdout=PIPE, stderr=PIPE, env=environment(home, None)
    )
    out, err = await asyncio.wait_for(process.communicate(), DEADLINE)
    return process.returncode, out.decode(), err.decode()
