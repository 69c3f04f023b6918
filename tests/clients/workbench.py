"""A window of the real VS Code in a real browser: what its tests type, see and wait for."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from playwright.async_api import Error, FloatRect, Frame, Page, Route, async_playwright

from clients.vscode import PICTURES, VSCode, chromium_path

T = TypeVar("T")
DEADLINE = 40.0
"""Seconds until something that should happen counts as never happening."""
START = 90.0
POLL = 0.02
WIDTH, HEIGHT = 1200, 760
STATUS = """() => {
  const item = document.querySelector('[id$="cachewise.cost"]');
  return item === null ? '' : item.textContent.replaceAll('\\u00a0', ' ').trim();
}"""
SPOKEN = """() => document.querySelector('[id$="cachewise.cost"] a')?.getAttribute('aria-label') ?? ''"""
GHOST = """() => {
  const lines = new Map();
  for (const part of document.querySelectorAll('.view-line [class*="ghost-text-decoration"]')) {
    const line = part.closest('.view-line');
    lines.set(line, (lines.get(line) ?? '') + part.textContent);
  }
  const more = [...document.querySelectorAll('.suggest-preview-text .view-line')].map(line => line.textContent);
  return [...lines.values(), ...more].join('\\n').replaceAll('\\u00a0', ' ');
}"""
LISTED = """() => document.querySelector('.suggest-widget.visible .monaco-list-row.focused')
  ?.getAttribute('aria-label') ?? ''"""
TOASTS = """() => [...document.querySelectorAll('.notifications-toasts .notification-list-item-message')]
  .map(message => message.textContent)"""
TABS = (
    """() => [...document.querySelectorAll('.tabs-container .tab')].map(tab => tab.getAttribute('aria-label') ?? '')"""
)
FOCUS = """() => document.activeElement?.closest('.monaco-editor') != null
  && document.activeElement.closest('.quick-input-widget') === null"""
PICKS = """() => [...document.querySelectorAll('.quick-input-list .monaco-list-row')]
  .map(row => row.getAttribute('aria-label') ?? '')"""
HOVER = "() => [...document.querySelectorAll('.monaco-hover')].map(hover => hover.innerText).join('\\n')"
MARKDOWN = "() => document.querySelector('.markdown-body')?.innerText ?? null"


@dataclass
class Workbench:
    """A window, the editor's process behind it, and what it wanted from elsewhere."""

    editor: VSCode
    page: Page
    outside: list[str] = field(default_factory=list)
    """Hosts beyond loopback that the window asked for. It did not get there."""

    async def until(self, what: str, look: Callable[[], Awaitable[T]], fits: Callable[[T], object] = bool) -> T:
        """The first value that fits.

        Raises:
            AssertionError: none did in time; shows the last one, and leaves a picture.
        """
        last: list[T] = []
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DEADLINE):
                while True:
                    with contextlib.suppress(Error):  # of a frame that is just being replaced
                        last[:] = [await look()]
                        if fits(last[0]):
                            return last[0]
                    await asyncio.sleep(POLL)
        await self.picture("failure")
        raise AssertionError(f"{what}: never so. Last: {last}. Toasts: {await self.toasts()}")

    # What a user does

    async def open(self, name: str, text: str) -> Path:
        """Open a file of the workspace with this text, and put the cursor at its end."""
        path = self.editor.workspace / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        await self.press("Control+p")
        await self.page.keyboard.insert_text(str(path))
        await self.until("the file is found", self.picks, lambda picks: picks and picks[0].startswith(path.name))
        await self.press("Enter")
        await self.until("the editor has the focus", lambda: self.page.evaluate(FOCUS))
        await self.press("Control+End")
        return path

    async def close_all(self) -> None:
        """Close all editors."""
        await self.press("Escape", "Escape", "Control+k", "Control+w")
        await self.until("all editors are closed", self.tabs, lambda tabs: not tabs)

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.page.keyboard.press(key)

    async def type(self, text: str, *, delay: float = 15) -> None:
        """Press the keys of a text, so many milliseconds apart."""
        await self.page.keyboard.type(text, delay=delay)

    async def command(self, title: str) -> None:
        """Run a command of the palette by its whole title."""
        await self.press("F1")
        await self.page.keyboard.insert_text(title)
        await self.until(f"the palette has {title!r}", self.picks, lambda picks: picks and picks[0].startswith(title))
        await self.press("Enter")

    async def input(self, text: str) -> None:
        """Answer the input box that opens."""
        await self.page.wait_for_selector(".quick-input-widget .quick-input-message", timeout=DEADLINE * 1000)
        await self.page.keyboard.insert_text(text)
        await self.press("Enter")

    async def confirm_edit(self) -> None:
        """Tick and apply an edit that is shown in the preview of refactorings."""
        apply = self.page.get_by_role("button", name="Apply", exact=True)
        await apply.wait_for(timeout=DEADLINE * 1000)
        await self.picture("documentation")
        await self.page.locator(
            ".bulk-edit-panel .monaco-list-row input, .bulk-edit-panel .edit-checkbox"
        ).first.click()
        await apply.click()

    # What a user sees

    async def status(self, fits: Callable[[str], object] = bool) -> str:
        """The text of the status item, once it fits."""
        return await self.until("the status item", lambda: self.page.evaluate(STATUS), fits)

    async def spoken(self) -> str:
        """What a screen reader says of the status item."""
        text: str = await self.page.evaluate(SPOKEN)
        return text

    async def warns(self) -> bool:
        """Whether the status item has the colour of a warning or an error."""
        return await self.page.locator('[id$="cachewise.cost"]:is(.warning-kind, .error-kind)').count() > 0

    async def ghost(self, fits: Callable[[str], object] = bool) -> str:
        """The suggestion behind the cursor, lines and all, once it fits."""
        return await self.until("the suggestion", self.shown, fits)

    async def soon(self, look: Callable[[], Awaitable[object]], within: float) -> bool:
        """Whether something is so within so many seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                while not await look():
                    await asyncio.sleep(POLL)
                return True
        return False

    async def shown(self) -> str:
        """The suggestion behind the cursor at this moment; empty where there is none."""
        text: str = await self.page.evaluate(GHOST)
        return text

    async def listed(self) -> str:
        """The selected entry of the editor's list of completions; empty where none is open."""
        entry: str = await self.page.evaluate(LISTED)
        return entry

    async def saved(self, path: Path, wanted: str) -> None:
        """Wait until a file holds exactly this text; VS Code saves by itself."""

        async def text() -> str:
            return path.read_text()

        await self.until("the file's text", text, lambda found: found == wanted)

    async def picks(self) -> list[str]:
        """The rows of the quick input."""
        rows: list[str] = await self.page.evaluate(PICKS)
        return rows

    async def tabs(self) -> list[str]:
        labels: list[str] = await self.page.evaluate(TABS)
        return labels

    async def toasts(self) -> list[str]:
        """The notifications that pop up."""
        shown: list[str] = await self.page.evaluate(TOASTS)
        return shown

    async def preview(self, fits: Callable[[str], object] = bool) -> str:
        """The text of the Markdown preview, once it fits."""

        async def look() -> str:
            frame = await self.frame(".markdown-body")
            return "" if frame is None else str(await frame.evaluate(MARKDOWN) or "")

        return await self.until("the preview", look, fits)

    async def frame(self, selector: str) -> Frame | None:
        """The newest frame of a webview that has such an element."""
        for frame in reversed(self.page.frames):
            with contextlib.suppress(Error):
                if frame.parent_frame is not None and await frame.query_selector(selector):
                    return frame
        return None

    async def hover(self, fits: Callable[[str], object] = bool) -> str:
        """What the status item tells where the mouse rests on it, once it fits."""
        await self.page.hover('[id$="cachewise.cost"]')
        return await self.until("the hover", lambda: self.page.evaluate(HOVER), fits)

    async def picture(self, name: str, part: str = "", margin: int = 0) -> Path:
        """Keep a picture of the window, or of the first element that a selector finds with so many pixels around it."""
        path = PICTURES / f"{name}.png"
        box = await self.page.locator(part).first.bounding_box() if part else None
        if box is None:
            await self.page.screenshot(path=path, animations="disabled")
            return path
        left, top = max(box["x"] - margin, 0), max(box["y"] - margin, 0)
        right = min(box["x"] + box["width"] + margin, WIDTH)
        bottom = min(box["y"] + box["height"] + margin, HEIGHT)
        clip: FloatRect = {"x": left, "y": top, "width": right - left, "height": bottom - top}
        await self.page.screenshot(path=path, clip=clip, animations="disabled")
        return path


@asynccontextmanager
async def workbench(
    editor: VSCode, url: str | None = None, *, ready: Callable[[str], object] = lambda status: "$" in status
) -> AsyncIterator[Workbench]:
    """A window on the workspace, once the status item shows that the extension is ready."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium_path(), args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        try:
            context = await browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}, locale="en-US")
            window = Workbench(editor, await context.new_page())

            async def gate(route: Route) -> None:
                host = urlsplit(route.request.url).hostname or ""
                if host in ("127.0.0.1", "localhost") or host.endswith(".localhost"):
                    await route.continue_()
                else:
                    window.outside.append(host)
                    await route.abort()

            await context.route("**/*", gate)
            await window.page.goto(url or editor.url(), timeout=START * 1000, wait_until="commit")
            await window.page.wait_for_selector(".monaco-workbench .statusbar-item", timeout=START * 1000)
            await window.status(ready)
            yield window
        finally:
            await browser.close()
