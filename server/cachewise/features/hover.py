"""Hovering: what is stored about the symbol under the cursor; the provider is asked only if the user wants that.

Not here: rendering (`lsp/handlers.py`).
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, replace

from cachewise.answers.scope import scope_around
from cachewise.context.tail import TailSpec
from cachewise.faults import RequestFailed
from cachewise.features.answer import Answer, Listener
from cachewise.features.explain import MAX_TOKENS as EXPLAIN_TOKENS
from cachewise.features.rooms import Rooms
from cachewise.features.stored import Asked, answered, lookup
from cachewise.model.snapshot import Snapshot
from cachewise.shaping.definitions import definition_at

MAX_TOKENS = 200
"""Tokens of a hover: three sentences."""
_WORD = re.compile(r"[^\W\d]\w*")
_LONGEST_WORD = 200


@dataclass(frozen=True, slots=True)
class Hovered:
    """What is shown, and the offsets of the symbol that it is about."""

    text: str
    start: int
    end: int


async def hover(rooms: Rooms, snapshot: Snapshot) -> Hovered | None:
    """A short explanation of the symbol at the cursor; None where there is no symbol, or nothing to show.

    On the name of a definition that was explained as a whole, the beginning of that explanation.
    """
    mode = rooms.settings.hover
    word = _word_at(snapshot.text, snapshot.end)
    if mode == "off" or word is None:
        return None
    start, end = word
    about = replace(snapshot, start=start, end=end)
    scope = await asyncio.to_thread(scope_around, snapshot.language, snapshot.text, start, end)
    asked = Asked(
        feature="hover",
        snapshot=about,
        model=rooms.model_for("hover"),
        tail=TailSpec(kind="hover", enclosing=(scope.start, scope.end)),
        max_tokens=MAX_TOKENS,
        current=mode == "always",
        unasked=True,
    )
    try:
        found = await lookup(rooms, asked)
        if found is None and _is_name_of(about, scope.start, scope.end):
            found = await _explained(rooms, replace(snapshot, start=scope.start, end=scope.end), current=asked.current)
        if found is None and mode == "always":
            found = await answered(rooms, asked, Listener(lambda text: None, lambda usage: None))
    except RequestFailed as fault:
        rooms.health.failed(fault)
        return None
    if found is None:
        return None
    text = found.text if found.remark is None else f"{found.text}\n\n*This was {found.remark}*"
    return Hovered(text, start, end)


async def _explained(rooms: Rooms, definition: Snapshot, *, current: bool) -> Answer | None:
    """The first paragraph of the explanation of a whole definition, if there is one."""
    asked = Asked(
        feature="explain",
        snapshot=definition,
        model=rooms.model_for("explain"),
        tail=TailSpec(kind="explain"),
        max_tokens=EXPLAIN_TOKENS,
        current=current,
    )
    found = await lookup(rooms, asked)
    return None if found is None else replace(found, text=found.text.strip().partition("\n\n")[0])


def _word_at(text: str, offset: int) -> tuple[int, int] | None:
    """Start and end of the identifier that holds, or ends at, an offset."""
    start = end = offset
    while start > 0 and offset - start < _LONGEST_WORD and (text[start - 1].isalnum() or text[start - 1] == "_"):
        start -= 1
    while end < len(text) and end - offset < _LONGEST_WORD and (text[end].isalnum() or text[end] == "_"):
        end += 1
    return (start, end) if _WORD.fullmatch(text, start, end) else None


def _is_name_of(snapshot: Snapshot, start: int, end: int) -> bool:
    """Whether the selected symbol is the name of the definition between two offsets."""
    definition = definition_at(snapshot.text, snapshot.language, start, end)
    return definition is not None and definition.start == snapshot.start
