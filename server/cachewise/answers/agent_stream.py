"""A run of an agent as a stream: its text as it comes, and what the run comes to.

Not here: where the text of a run that others ask for too is shared (`flight.py`).
"""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Callable
from typing import Any

from cachewise.answers.agent_result import CachedRun

Emit = Callable[[str], None]
"""Passes a piece of text on."""


class AgentStream:
    """A run as a stream. `pieces` are the text as it comes, `result` is what it comes to."""

    def __init__(self, pieces: AsyncIterator[str], result: Callable[[], Any]) -> None:
        self.pieces = pieces
        self._result = result

    @classmethod
    def of(cls, run: CachedRun[Any]) -> AgentStream:
        """A run that is there already: its text in one piece."""

        async def pieces() -> AsyncIterator[str]:
            if run.text:
                yield run.text

        async def result() -> CachedRun[Any]:
            return run

        return cls(pieces(), result)

    def __aiter__(self) -> AsyncIterator[str]:
        return self.pieces

    async def result(self) -> CachedRun[Any]:
        """The whole run. Raises what the agent raised."""
        run: CachedRun[Any] = await self._result()
        return run


def listener(own: Any, hear: Emit) -> Any:
    """An event handler of pydantic-ai that hears the text and passes the events on to the caller's own handler."""

    async def handler(context: Any, events: AsyncIterable[Any]) -> None:
        async def overheard() -> AsyncIterator[Any]:
            async for event in events:
                piece = _text(event)
                if piece:
                    hear(piece)
                yield event

        if own is not None:
            await own(context, overheard())
        else:
            async for _ in overheard():
                pass

    return handler


def _text(event: Any) -> str:
    kind = getattr(event, "event_kind", None)
    if kind == "part_start" and event.part.part_kind == "text":
        return str(event.part.content)
    if kind == "part_delta" and event.delta.part_delta_kind == "text":
        return str(event.delta.content_delta)
    return ""
