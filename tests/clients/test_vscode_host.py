"""Tests inside VS Code's extension host: the extension by the editor's own API, with the real server behind it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from clients.vscode_host import SOURCES, run_in_host

pytestmark = [pytest.mark.vscode, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(240)]


async def test_in_the_extension_host(tmp_path: Path) -> None:
    told = await run_in_host(tmp_path)
    passed = {line.removeprefix("passed: ") for line in told if line.startswith("passed: ")}
    written = [re.findall(r"^  it\(", path.read_text(), re.MULTILINE) for path in SOURCES.glob("*.test.ts")]
    assert len(passed) == sum(map(len, written)), "\n".join(told)
