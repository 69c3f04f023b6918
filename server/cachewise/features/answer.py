"""What a question gets: the answer's text, where it came from and what it cost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from cachewise.ledger.readout import age
from cachewise.model.usage import Usage


@dataclass(frozen=True, slots=True)
class Listener:
    """Who is told while an answer comes in. Both are called on the event loop and must not block."""

    text: Callable[[str], None]
    """Each new piece, in order; the pieces joined are the answer's text."""
    usage: Callable[[Usage], None]
    """What a request to the provider used, once it is over: also when it failed or was cancelled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A whole answer. The protocol's answer object."""

    text: str
    source: Literal["provider", "answers"]
    model: str
    usage: Usage
    age_seconds: float | None = None
    """How old a stored answer is; None for a fresh one."""
    context_changed: bool = False
    """Whether something that a stored answer depends on has changed since it was given."""

    @property
    def remark(self) -> str | None:
        """What a reader has to know before believing the text; None where there is nothing."""
        if not self.context_changed:
            return None
        return (
            f"given {age(self.age_seconds or 0.0)} ago; what it depends on has changed since. Ask again for a new one."
        )

    def to_json(self) -> dict[str, Any]:
        """As the protocol has it: `ageSeconds` only for a stored answer, `contextChanged` only where that is so."""
        shape: dict[str, Any] = {
            "text": self.text,
            "source": self.source,
            "model": self.model,
            "usage": self.usage.to_json(),
        }
        if self.age_seconds is not None:
            shape["ageSeconds"] = round(self.age_seconds, 1)
        if self.context_changed:
            shape["contextChanged"] = True
        return shape
