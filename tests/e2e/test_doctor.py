"""`cachewise doctor` as a process, at a simulated provider: what it finds, and that it says what to do."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest

from cachewise.simulator.script import Fault, Script
from cachewise.simulator.server import Simulator
from support.server import KEY, environment

USER_FILE = '[local.mine]\nbase_url = "{url}"\nmodel = "some/model"\n'


async def doctor(home: Path, script: Script, model: str, **more: str) -> tuple[int, dict[str, str]]:
    """Its exit status, and its findings by what they are about, each with its level."""
    async with Simulator(script) as simulator:
        file = home / "config" / "cachewise" / "config.toml"
        file.parent.mkdir(parents=True, mode=0o700)
        file.write_text(USER_FILE.replace("{url}", simulator.openai_url))
        file.chmod(0o600)
        env = environment(home, simulator, {"CACHEWISE_MODEL": model, **more})
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "cachewise", "doctor"), env=env, stdout=PIPE, stderr=PIPE
        )
        out, err = await asyncio.wait_for(process.communicate(), 60)
    assert b"Traceback" not in err, err.decode()
    rows = [line.split(maxsplit=2) for line in out.decode().splitlines() if line[:2] in ("ok", "no", "wr")]
    assert KEY not in out.decode() + err.decode()
    return process.returncode or 0, {about: f"{level}: {text}" for level, about, text in rows}


async def test_all_is_well(tmp_path: Path) -> None:
    status, found = await doctor(tmp_path, Script(answer="ok"), "openrouter:anthropic/claude-haiku-4.5")
    assert status == 0
    assert found["caching"].startswith("ok: the second request read")
    assert "complete" not in found


@pytest.mark.parametrize(("context", "way"), [(32_768, "fill-in-the-middle"), (0, "chat")])
async def test_how_a_local_server_completes(tmp_path: Path, context: int, way: str) -> None:
    status, found = await doctor(tmp_path, Script(answer="ok", context=context), "local:mine")
    assert status == 0
    assert found["complete"].startswith(f"ok: local:mine completes by {way}")


async def test_what_is_wrong_is_said(tmp_path: Path) -> None:
    refused = Script(faults=(Fault(kind="status", status=402),) * 5)
    status, found = await doctor(tmp_path, refused, "openrouter:anthropic/claude-haiku-4.5")
    assert status == 1
    assert "credits" in found["provider"]
    assert found["provider"].startswith("wrong: ")
    status, found = await doctor(tmp_path / "other", Script(), "anthropic:claude-haiku-4-5")
    assert status == 1
    assert "ANTHROPIC_API_KEY" in found["key"]
