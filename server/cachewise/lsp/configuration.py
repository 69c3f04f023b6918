"""Settings that the editor sends: with `initialize`, when asked, and when they change.

What the editor may set is decided in `settings/`; here is only where a section comes from.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from cachewise.faults import Fault
from cachewise.log import redaction
from cachewise.lsp.wiring import Wire
from cachewise.settings.load import Loaded, hide_keys, with_editor
from cachewise.settings.stored_keys import find_keys
from cachewise.settings.trust import merged

logger = logging.getLogger(__name__)

ASK_DEADLINE = 5.0
"""Seconds to wait for the client's settings; until then, those of `initialize` hold."""


class Configuration:
    """Keeps the effective settings in step with the editor's section."""

    def __init__(self, base: Loaded, apply: Callable[[Loaded], None]) -> None:
        self._base = base
        self._apply = apply
        self._sections: list[object] = [None, None]
        """What `initialize` brought, and what the client said later; the later wins."""
        self._pull = False

    def initialize(self, options: object, capabilities: dict[str, Any]) -> None:
        """Take in `initializationOptions`, and whether the client can be asked for its settings."""
        workspace = capabilities.get("workspace")
        self._pull = bool(isinstance(workspace, dict) and workspace.get("configuration"))
        self._sections[0] = options
        self._use()

    async def find_keys(self) -> None:
        """Look for missing keys in the system's keyring."""
        found = await find_keys(self._base)
        if found is not self._base:
            self._base = found
            hide_keys(found, redaction().add)
            self._use()

    async def ask(self, wire: Wire) -> None:
        """Ask the client for its section, if it can be asked."""
        if not self._pull:
            return
        try:
            answer = await wire.ask_json("workspace/configuration", {"items": [{"section": "cachewise"}]}, ASK_DEADLINE)
        except (TimeoutError, Fault) as error:
            logger.warning("The client did not answer workspace/configuration: %s", type(error).__name__)
            return
        if isinstance(answer, (list, tuple)) and answer and answer[0] is not None:
            self._sections[1] = answer[0]
            self._use()

    async def changed(self, wire: Wire, settings: object) -> None:
        """`workspace/didChangeConfiguration`: a client that can be asked sends nothing useful along."""
        if isinstance(settings, dict) and settings:
            self._sections[1] = settings
            self._use()
        await self.ask(wire)

    def _use(self) -> None:
        self._apply(with_editor(self._base, merged(*self._sections)))
