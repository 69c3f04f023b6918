"""Tests inside VS Code's real extension host (`vscode-client/test/host`): a window runs them, and tells what came of it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import async_playwright

from cachewise.simulator.server import Simulator
from clients.vscode import CLIENT, chromium_path, vscode, vscode_environment

pytestmark = [pytest.mark.vscode, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(240)]

TESTS = CLIENT / "build" / "host"
DEADLINE = 180.0
"""Seconds for all of them on a busy machine."""


async def test_in_the_extension_host(tmp_path: Path) -> None:
    sources = {path.stem for path in (CLIENT / "test" / "host").glob("*.test.ts")}
    built = {path.stem for path in TESTS.glob("*.test.cjs")}
    assert built == sources, "Run tools/vscode.sh, which builds them."
    told: list[str] = []
    ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def log(_kind: str, arguments: list[object]) -> None:
        told.append(" ".join(map(str, arguments)))

    def end(code: int) -> None:
        if not ended.done():
            ended.set_result(code)

    async with Simulator() as simulator, async_playwright() as playwright:
        env = vscode_environment(tmp_path, simulator, {})
        driver = ("--vscode-option", "enable-smoke-test-driver")
        async with vscode(tmp_path, env, options=driver, installed=False) as editor:
            url = editor.url(
                ("extensionDevelopmentPath", f"{editor.remote}{CLIENT}"),
                ("extensionTestsPath", f"{editor.remote}{TESTS}/index.cjs"),
                ("skipWelcome", "true"),
            )
            browser = await playwright.chromium.launch(
                executable_path=chromium_path(), args=["--no-sandbox", "--disable-dev-shm-usage"]
            )
            page = await browser.new_page()
            await page.expose_function("codeAutomationLog", log)
            await page.expose_function("codeAutomationExit", end)
            await page.goto(url, wait_until="commit")
            try:
                code = await asyncio.wait_for(ended, DEADLINE)
            finally:
                await browser.close()
                print("\n".join(told))  # noqa: T201
    assert code == 0, "\n".join(told)
    assert sum(line.startswith("passed: ") for line in told) >= len(sources)
