"""Runs the tests that live inside VS Code's extension host (`vscode-client/test/host`), and gathers what they tell."""

from __future__ import annotations

import asyncio
from pathlib import Path

from playwright.async_api import async_playwright

from cachewise.simulator.server import Simulator
from clients.vscode import CLIENT, chromium_path, vscode, vscode_environment

TESTS = CLIENT / "build" / "host"
SOURCES = CLIENT / "test" / "host"
DEADLINE = 180.0
"""Seconds for all of them on a busy machine."""


async def run_in_host(home: Path, only: str | None = None) -> list[str]:
    """What the tests tell, line by line. The extension is the one of this checkout, as it was built last.

    Args:
        home: The editor's private folders.
        only: A regular expression that a test's whole name has to match.

    Raises:
        AssertionError: one of them failed; says which and why.
    """
    built = {path.stem for path in TESTS.glob("*.test.cjs")}
    assert built == {path.stem for path in SOURCES.glob("*.test.ts")}, "Run tools/vscode.sh, which builds them."
    told: list[str] = []
    ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def log(_kind: str, arguments: list[object]) -> None:
        told.append(" ".join(map(str, arguments)))

    def end(code: int) -> None:
        if not ended.done():
            ended.set_result(code)

    async with Simulator() as simulator, async_playwright() as playwright:
        env = vscode_environment(home, simulator, {"CACHEWISE_TESTS_ONLY": only})
        driver = ("--vscode-option", "enable-smoke-test-driver")
        async with vscode(home, env, options=driver, installed=False) as editor:
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
            except TimeoutError:
                raise AssertionError("the tests do not end:\n" + "\n".join(told)) from None
            finally:
                await browser.close()
    assert code == 0, "\n".join(told)
    return told
