"""The processes that are measured: the server, and the simulated provider, each in a process of its own.

Everything is on the loopback and below a temporary folder; no key, setting or keyring of the user is looked at.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import urllib.request
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from cachewise.simulator.script import Script
from support.lsp_client import LspProcess

SERVE = (sys.executable, "-m", "cachewise", "serve")
DEADLINE = 30.0
"""Seconds for anything that is waited for."""
SOURCE = Path(__file__).resolve().parent.parent / "server" / "cachewise"
"""Real source files to work on."""


def server_env(home: Path, base_url: str = "http://127.0.0.1:9") -> dict[str, str]:
    """The environment of a server that asks for everything at `base_url`."""
    return {
        "HOME": str(home),
        **dict.fromkeys(("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"), ""),
        "OPENROUTER_API_KEY": "sk-or-v1-made-up-for-measuring",
        "OPENROUTER_BASE_URL": base_url,
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        "CACHEWISE_MODEL": "openrouter:anthropic/claude-haiku-4.5",
        "CACHEWISE_COMPLETION_MODEL": "",
        "CACHEWISE_LOG": "",
    }


@asynccontextmanager
async def server(base_url: str, command: Sequence[str] = SERVE) -> AsyncIterator[LspProcess]:
    """A server that is initialized for cachewise's own sources as its workspace."""
    with tempfile.TemporaryDirectory(prefix="cachewise-bench-") as home:
        async with await LspProcess.start(command, server_env(Path(home), base_url)) as lsp:
            await lsp.initialize(root=SOURCE)
            yield lsp


def open_source(lsp: LspProcess, name: str) -> str:
    """Open one of cachewise's own files; returns its URI."""
    path = SOURCE / name
    lsp.open(path.as_uri(), path.read_text(encoding="utf-8"))
    return path.as_uri()


def explanation(uri: str, token: str | None = None, line: int = 10) -> dict[str, Any]:
    """The parameters of `cachewise/explain` for two lines; streams if there is a token."""
    where = {"start": {"line": line, "character": 0}, "end": {"line": line + 2, "character": 0}}
    streamed = {} if token is None else {"partialResultToken": token}
    return {"textDocument": {"uri": uri}, "range": where, "refresh": True, **streamed}


async def first_delta(lsp: LspProcess, token: str, since: int = 0) -> None:
    """Wait for the first text on a token; `since` as in `LspClient.wait_for`."""
    await lsp.wait_for("$/progress", lambda params: params["token"] == token, DEADLINE, since)


class Provider:
    """The simulator. `base_url` is its OpenRouter address."""

    def __init__(self, process: Process, origin: str, base_url: str) -> None:
        self.process = process
        self.base_url = base_url
        self._origin = origin

    async def requests(self, ended: int = 0) -> list[dict[str, Any]]:
        """The records of all requests, once so many of them have ended."""

        def ask() -> list[dict[str, Any]]:
            url = f"{self._origin}/simulator/requests?ended={ended}&within={DEADLINE:g}&bodies=0"
            with urllib.request.urlopen(url, timeout=DEADLINE + 5) as answer:
                records: list[dict[str, Any]] = json.load(answer)["requests"]
                return records

        return await asyncio.to_thread(ask)


@asynccontextmanager
async def provider(script: Script) -> AsyncIterator[Provider]:
    """The simulator, following a script."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cachewise.simulator", "--port", "0", "--script", json.dumps(script.to_json())),
        stdin=PIPE,
        stdout=PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        urls = json.loads(await asyncio.wait_for(process.stdout.readline(), DEADLINE))
        yield Provider(process, urls["origin"], urls["openrouter"])
    finally:
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), 5)
        except TimeoutError:
            process.kill()
            await process.wait()
