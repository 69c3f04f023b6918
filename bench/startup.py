"""How long an editor waits for the server: from the start of the process to the reply to `initialize`.

It is held against the time that a fresh Python takes to import `pygls.lsp.server` and say so, measured the same way
and in turns, since nothing that speaks through pygls can be faster than that.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import sys
import tempfile
import time
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.figures import Figure, Spread
from bench.processes import DEADLINE, SERVE, server_env

from support.lsp_client import encode

GOAL = 1.3
_IMPORT = (sys.executable, "-c", "import pygls.lsp.server; print(flush=True)")
_NOTHING = (sys.executable, "-c", "print(flush=True)")


async def measure(pairs: int = 9) -> tuple[Figure, ...]:
    """Start both in turns, `pairs` times after one time that only warms the file cache."""
    params = {"processId": None, "rootUri": None, "capabilities": _editor_capabilities()}
    hello = encode({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params})
    bare: list[float] = []
    imports: list[float] = []
    replies: list[float] = []
    with tempfile.TemporaryDirectory(prefix="cachewise-bench-") as home:
        env = server_env(Path(home))
        for number in range(pairs + 1):
            times = (
                await _first_output(_NOTHING, b"", env),
                await _first_output(_IMPORT, b"", env),
                await _first_output(SERVE, hello, env),
            )
            if number:
                for kept, seconds in zip((bare, imports, replies), times, strict=True):
                    kept.append(seconds)
    ratio = Spread.of([reply / base for reply, base in zip(replies, imports, strict=True)])
    reply, base, python = (Spread.of(values, 1000.0) for values in (replies, imports, bare))
    return (
        Figure(
            name="start to initialize reply / import of pygls",
            value=reply.median / base.median,
            unit="x",
            goal=GOAL,
            spread=ratio,
            note=f"least of each: {reply.least / base.least:.2f}; raw: ratio of each pair",
        ),
        Figure(name="  start to initialize reply", value=reply.median, unit="ms", spread=reply),
        Figure(name="  import of pygls.lsp.server", value=base.median, unit="ms", spread=base),
        Figure(name="  Python alone", value=python.median, unit="ms", spread=python, note="in both of the above"),
    )


def _editor_capabilities() -> Any:
    """What VS Code announces, as pytest-lsp recorded it: far more than a test's client says, and it takes longer."""
    found = importlib.util.find_spec("pytest_lsp")
    if found is None or found.origin is None:
        raise RuntimeError("pytest-lsp is not installed; `make venv` installs it")
    recorded = sorted((Path(found.origin).parent / "clients").glob("visual_studio_code*.json"))[-1]
    return json.loads(recorded.read_text(encoding="utf-8"))["capabilities"]


async def _first_output(command: Sequence[str], given: bytes, env: Mapping[str, str]) -> float:
    """Seconds from the start of a process to its first whole line, or to its first whole message."""
    begin = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        *command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env={**os.environ, **env}
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(given)
    async with asyncio.timeout(DEADLINE):
        line = await process.stdout.readline()
        if line.lower().startswith(b"content-length:"):
            await process.stdout.readline()
            reply = json.loads(await process.stdout.readexactly(int(line.split(b":")[1])))
            if "result" not in reply:
                raise RuntimeError(f"the server refused initialize: {reply}")
        elif not line:
            raise RuntimeError(f"{command} ended without a word")
        elapsed = time.perf_counter() - begin
        process.stdin.close()
        await process.wait()
    return elapsed
