"""Runs `cachewise` as somebody who has just installed it: no key, no settings, and a proxy that leads nowhere."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

DEADLINE = 50
"""Seconds that a command may take; generous, since machines under test are busy."""


async def run(*arguments: str | Path, home: Path, env: dict[str, str] | None = None) -> tuple[int, str, str]:
    """Status, output and errors of `cachewise` with nearly no environment."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cachewise", *map(str, arguments)),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={"PATH": os.environ["PATH"], "HOME": str(home), "http_proxy": "http://127.0.0.1:9", **(env or {})},
        cwd=home,
    )
    out, err = await asyncio.wait_for(process.communicate(), DEADLINE)
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()
