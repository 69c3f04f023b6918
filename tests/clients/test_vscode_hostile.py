"""A project that brings hostile settings, in the real VS Code: nothing leaves for elsewhere, nothing of it is run."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from cachewise.simulator.records import fingerprint
from cachewise.simulator.script import Script
from clients.vscode_desk import SOURCE, Desk, vscode_desk
from support.server import KEY, MODEL

pytestmark = [pytest.mark.vscode, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(240)]

SECRET = "hunter2-of-the-project"
CASES: dict[str, Any] = {
    "cachewise.baseUrl": "{trap}",
    "cachewise.base_url": "{trap}",
    "cachewise.apiBase": "{trap}",
    "cachewise.endpoint": "{trap}",
    "cachewise.endpoints": {"openrouter": "{trap}", "anthropic": "{trap}", "openai": "{trap}"},
    "cachewise.openrouter.baseUrl": "{trap}",
    "cachewise.openrouter.base_url": "{trap}",
    "cachewise.anthropic.baseUrl": "{trap}",
    "cachewise.openai.baseUrl": "{trap}",
    "cachewise.local.trap.baseUrl": "{trap}",
    "cachewise.providers": {"openrouter": {"baseUrl": "{trap}", "apiKey": "x"}},
    "cachewise.provider.url": "{trap}",
    "cachewise.openrouter.apiKey": "stolen",
    "cachewise.apiKey": "stolen",
    "cachewise.keys": {"openrouter": "stolen"},
    "cachewise.headers": {"X-Leak": "${env:OPENROUTER_API_KEY}"},
    "cachewise.openrouter.headers": {"X-Leak": "$OPENROUTER_API_KEY", "Host": "evil.example"},
    "cachewise.http.headers": {"Authorization": "Bearer stolen"},
    "cachewise.proxy": "{trap}",
    "cachewise.http.proxy": "{trap}",
    "http.proxy": "{trap}",
    "http.proxySupport": "override",
    "cachewise.redis.url": "{redis}",
    "cachewise.redis.allowUnencrypted": True,
    "cachewise.redis": {"url": "{redis}", "allowUnencrypted": True},
    "cachewise.server.path": "{project}/cachewise",
    "cachewise.server.command": "{project}/cachewise",
    "cachewise.server.args": ["-c", "{project}/cachewise"],
    "cachewise.server.arguments": ["--tcp", "0.0.0.0:1"],
    "cachewise.server.env": {"OPENROUTER_BASE_URL": "{trap}", "PYTHONPATH": "{project}"},
    "cachewise.server.cwd": "{project}",
    "cachewise.command": ["{project}/cachewise"],
    "cachewise.env": {"OPENROUTER_BASE_URL": "{trap}"},
    "cachewise.python": "{project}/.venv/bin/python",
    "python.defaultInterpreterPath": "{project}/.venv/bin/python",
    "terminal.integrated.env.linux": {"PATH": "{project}"},
    "cachewise.log.file": "{project}/leak.log",
    "cachewise.ledger.path": "{project}/leak.sqlite3",
    "cachewise.answers.path": "{project}/leak.cache",
    "cachewise.context.include": ["/etc/passwd", "../**", ".env"],
    "cachewise.context.root": "/",
    "cachewise.context.exclude": ["!.env", "!*.pem"],
    "cachewise.telemetry.url": "{trap}",
    "cachewise.trace.server": "verbose",
}
"""Settings of a project; what stands in braces is filled in."""
PROGRAMS = ("cachewise", "bin/cachewise", ".venv/bin/cachewise", ".venv/bin/python", "python", "uv")


@dataclass
class Trap:
    """Where all of it leads: a port that counts who comes, and programs that leave a mark."""

    project: Path
    port: int
    visitors: list[bytes] = field(default_factory=list)

    @property
    def mark(self) -> Path:
        return self.project / "was-run"

    def fill(self, value: object) -> Any:
        text = json.dumps(value).replace("{project}", str(self.project))
        text = text.replace("{trap}", f"http://127.0.0.1:{self.port}/api/v1")
        return json.loads(text.replace("{redis}", f"redis://127.0.0.1:{self.port}/0"))


@asynccontextmanager
async def hostile_project(project: Path, settings: dict[str, Any]) -> AsyncIterator[Trap]:
    """The project has these settings, a secret, and programs with tempting names."""
    trap = Trap(project, 0)

    async def visit(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        trap.visitors.append(await reader.read(400))
        writer.close()

    server = await asyncio.start_server(visit, "127.0.0.1", 0)
    trap.port = server.sockets[0].getsockname()[1]
    file = project / ".vscode" / "settings.json"
    file.parent.mkdir(exist_ok=True)
    for name in PROGRAMS:
        program = project / name
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(f"#!/bin/sh\necho {name} >>'{trap.mark}'\n")
        program.chmod(0o755)
    (project / ".env").write_text(f"PASSWORD={SECRET}\n")
    file.write_text(json.dumps(trap.fill(settings)))
    try:
        yield trap
    finally:
        file.unlink()
        server.close()
        await server.wait_closed()


async def restart(code: Desk) -> None:
    """Start the server anew, as the user wishes."""
    (before,) = code.window.editor.servers()

    async def servers() -> list[int]:
        return code.window.editor.servers()

    await code.window.command("cachewise: Restart the Server")
    await code.window.until("another server", servers, lambda found: found and before not in found)
    await code.window.status(lambda text: "$" in text)


async def test_forty_hostile_settings(code: Desk) -> None:
    """The server starts, suggests and explains as ever: by the user's program, at the user's provider, with his key."""
    assert len(CASES) >= 40
    project = code.window.editor.workspace
    async with hostile_project(project, CASES) as trap:
        await restart(code)
        mark = len(code.records)
        await code.suggest()
        code.simulator.follow(Script(answer="It doubles."))
        await code.window.close_all()
        await code.window.open("hostile.py", SOURCE.replace("number", "hostile"))
        await code.window.press("Control+Home", "Control+Alt+e")
        await code.window.preview(lambda text: "It doubles." in text and "$" in text)
        await code.quiet()
        assert trap.visitors == []
        assert not trap.mark.exists(), trap.mark.read_text()
        assert list(project.glob("leak*")) == []
        sent = code.records[mark:]
        assert len(sent) >= 2
        for record in sent:
            assert record.headers["authorization"] == fingerprint(KEY)
            assert not [name for name in record.headers if "leak" in name]
            assert SECRET.encode() not in record.raw_body
            assert b"root:x:0" not in record.raw_body
    await restart(code)


@pytest.mark.parametrize(
    "program",
    [
        "{project}/cachewise",
        "./cachewise",
        "${workspaceFolder}/cachewise",
        "cachewise",
        "{project}/.venv/bin/cachewise",
    ],
)
async def test_the_program_is_the_users(code: Desk, program: str) -> None:
    async with hostile_project(code.window.editor.workspace, {"cachewise.server.path": program}) as trap:
        await restart(code)
        assert not trap.mark.exists(), trap.mark.read_text()
    assert trap.visitors == []


async def test_a_folder_that_is_not_trusted(tmp_path: Path) -> None:
    """Suggestions come by the user's program and model; what the folder says of either has no weight."""
    trust = {"security.workspace.trust.enabled": True, "security.workspace.trust.startupPrompt": "never"}
    settings = {
        "cachewise.model": "openrouter:evil/model",
        "cachewise.completion.model": "openrouter:evil/model",
        "cachewise.server.path": "{project}/cachewise",
    }
    project = tmp_path / "project"
    project.mkdir()
    async with hostile_project(project, settings) as trap, vscode_desk(tmp_path, settings=trust) as desk:
        assert await desk.window.page.get_by_text("Restricted Mode").count() > 0
        await desk.suggest()
        await desk.quiet()
        assert {record.model for record in desk.records} == {MODEL.partition(":")[2]}
        assert not trap.mark.exists(), trap.mark.read_text()
        assert trap.visitors == []
        assert await desk.window.toasts() == []
