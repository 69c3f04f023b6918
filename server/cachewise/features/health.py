"""How well the server is doing, as the status message says it: named conditions, of which the worst is shown.

Not here: sending it (`lsp/status.py`), and the figures of the status, which the ledger has.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from cachewise.faults import Busy, Fault, NoKey, OverBudget, ProviderFault

Level = Literal["ok", "warning", "error"]
_ORDER: dict[Level, int] = {"ok": 0, "warning": 1, "error": 2}
_LASTING = frozenset({"auth", "payment", "notFound"})
"""Kinds of provider failure that stay until the user does something."""


class Health:
    """Conditions that stay until they are cleared or replaced; each has a name, a level and a sentence."""

    def __init__(self) -> None:
        self._conditions: dict[str, tuple[Level, str]] = {}
        self.changed: Callable[[], None] = lambda: None
        """Called after each change; the LSP side sets it."""

    @property
    def worst(self) -> tuple[Level, str]:
        """The level to show and its sentence; `ok` and an empty sentence where nothing is wrong."""
        return self._conditions[self.condition] if self.condition is not None else ("ok", "")

    @property
    def condition(self) -> str | None:
        """The name of the condition that `worst` is about; None where nothing is wrong."""
        return max(self._conditions, key=lambda name: _ORDER[self._conditions[name][0]], default=None)

    def set(self, name: str, level: Level, sentence: str) -> None:
        """Put a condition in place of the one with the same name."""
        if self._conditions.get(name) != (level, sentence):
            self._conditions[name] = (level, sentence)
            self.changed()

    def clear(self, name: str) -> None:
        """The condition is over."""
        if self._conditions.pop(name, None) is not None:
            self.changed()

    def failed(self, fault: Fault) -> None:
        """A request failed: say so until one succeeds."""
        if isinstance(fault, NoKey):
            self.set("key", "warning", fault.sentence)
        elif isinstance(fault, OverBudget):
            self.set("overBudget", "error", fault.sentence)
        elif isinstance(fault, Busy):
            self.set("busy", "warning", fault.sentence)
        elif isinstance(fault, ProviderFault) and fault.kind == "connection":
            self.set("offline", "warning", fault.sentence)
        elif isinstance(fault, ProviderFault) and fault.kind not in _LASTING:
            self.set("provider", "warning", fault.sentence)
        else:
            self.set("provider", "error", fault.sentence)

    def succeeded(self) -> None:
        """A provider answered."""
        for name in ("provider", "offline", "overBudget", "busy"):
            self.clear(name)
        self.clear("key")
