"""Showing an explanation in the editor: by the virtual document where the client knows such, else as a file.

The file is written to the user's own cache folder once the answer is complete. A client that can open neither shows
the text as a message: whoever asked for an explanation has to see it, and all clients show messages.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from cachewise.faults import Fault
from cachewise.features.pages import Pages, Part
from cachewise.lsp.wiring import Wire
from cachewise.settings.places import ensure_private

SHOW_DEADLINE = 2.0
"""Seconds to wait for a client to open a document; the answer does not depend on it."""
MESSAGE_INFO = 3
MOST_SHOWN = 2_000
"""Characters of an explanation that a message shows; the whole of it is in the file."""
REFRESH_INTERVAL = 0.15
"""Seconds between two refreshes of a growing document. Each makes the client fetch the whole text."""


class Shower:
    """Opens and refreshes pages for one client."""

    def __init__(self, wire: Wire, pages: Pages, folder: Path) -> None:
        self._wire = wire
        self._pages = pages
        self._folder = folder
        self._virtual = False
        self._documents = False
        self._lenses = False
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._asks: set[asyncio.Task[None]] = set()
        pages.changed = self._changed

    def client_can(self, capabilities: dict[str, Any]) -> None:
        """Take in what the client announced (the JSON of its capabilities)."""
        workspace, window = capabilities.get("workspace"), capabilities.get("window")
        self._virtual = bool(workspace.get("textDocumentContent")) if isinstance(workspace, dict) else False
        show = window.get("showDocument") if isinstance(window, dict) else None
        self._documents = bool(isinstance(show, dict) and show.get("support"))
        lens = workspace.get("codeLens") if isinstance(workspace, dict) else None
        self._lenses = bool(isinstance(lens, dict) and lens.get("refreshSupport"))

    def explained(self) -> None:
        """There is a new explanation: have the client ask for the lenses again, which tell what is stored."""
        if self._lenses:
            self._begin(self._ask_lenses())

    async def open(self, uri: str) -> None:
        """Open the growing document, where the client has virtual documents."""
        if self._virtual and self._documents:
            await self._show(uri)

    async def finished(self, page: Part) -> None:
        """Show the finished text as a file, or as a message, where the client has no virtual documents."""
        if self._documents and self._virtual:
            return
        path = await asyncio.to_thread(self._write, page)
        if self._documents:
            await self._show(path.as_uri())
        else:
            text = page.own_markdown().strip()
            if len(text) > MOST_SHOWN:
                text = f"{text[:MOST_SHOWN]} …\n\nAll of it: {path}"
            self._wire.notify_json("window/showMessage", {"type": MESSAGE_INFO, "message": text})

    def stop(self) -> None:
        """Refresh nothing more."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        for task in self._asks:
            task.cancel()

    async def _show(self, uri: str) -> None:
        with contextlib.suppress(TimeoutError, Fault):
            await self._wire.ask_json("window/showDocument", {"uri": uri, "takeFocus": False}, SHOW_DEADLINE)

    def _write(self, page: Part) -> Path:
        folder = ensure_private(ensure_private(self._folder) / "explanations")
        path = folder / "explanation.md"
        path.touch(mode=0o600)
        path.write_text(page.markdown(), encoding="utf-8")
        return path

    def _changed(self, uri: str) -> None:
        if self._virtual and uri not in self._timers:
            self._timers[uri] = asyncio.get_running_loop().call_later(REFRESH_INTERVAL, self._refresh, uri)

    def _refresh(self, uri: str) -> None:
        del self._timers[uri]
        self._begin(self._ask_refresh(uri))

    def _begin(self, asking: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(asking)
        self._asks.add(task)
        task.add_done_callback(self._asks.discard)

    async def _ask_refresh(self, uri: str) -> None:
        with contextlib.suppress(TimeoutError, Fault):
            await self._wire.ask_json("workspace/textDocumentContent/refresh", {"uri": uri}, SHOW_DEADLINE)

    async def _ask_lenses(self) -> None:
        with contextlib.suppress(TimeoutError, Fault):
            await self._wire.ask_json("workspace/codeLens/refresh", None, SHOW_DEADLINE)
