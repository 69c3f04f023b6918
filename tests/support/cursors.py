"""A document with a cursor, for tests of what looks at nothing else."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class At:
    """A cursor before the character `end` of a text."""

    text: str
    end: int
    uri: str = "file:///a.py"

    @property
    def before(self) -> str:
        return self.text[: self.end]

    @property
    def after(self) -> str:
        return self.text[self.end :]
