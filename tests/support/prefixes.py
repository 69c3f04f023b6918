"""Reads the prompts that a provider received: each extends the prefix of the one before, or the log says why not.

It looks at what was really sent, so nothing between the planner and the wire can move the prefix unseen. Not here:
Anthropic's own wire, whose requests do not say which workspace folder they belong to.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from cachewise.context.system import SYSTEM
from cachewise.simulator.prompt import Prompt
from cachewise.simulator.records import Record

_FROZEN = re.compile(r"<(?:file|edit) [0-9a-f]{4,8} ")
_MOVED = re.compile(r"The prefix moved: .+")


def check_prefixes(records: Iterable[Record], log: str) -> None:
    """Fail where a prefix moved more often than the log names a reason.

    Of two prompts one must begin with the whole prefix of the other: requests that were made at once may arrive in
    another order than they were planned in.
    """
    last: dict[tuple[str, str], list[str]] = {}
    moves: list[str] = []
    for record in records:
        prompt = record.prompt
        place = None if prompt is None else prompt.session_id or prompt.cache_key
        if prompt is None or place is None or prompt.blocks[0].text != SYSTEM:
            continue
        now = frozen_texts(prompt)
        before = last.get((place, prompt.model), [])
        for number, (old, new) in enumerate(zip(before, now, strict=False)):
            if old != new:
                moves.append(f"request {record.number}, block {number}: {old[:60]!r} became {new[:60]!r}")
                break
        last[place, prompt.model] = now
    reasons = _MOVED.findall(log)
    assert len(reasons) >= len(moves), f"the prefix moved {moves}, and these reasons are named: {reasons}"


def frozen_texts(prompt: Prompt) -> list[str]:
    """The texts of a prompt's prefix: the system text, copies of files, and the journal."""
    texts = [prompt.blocks[0].text]
    for block in prompt.blocks[1:]:
        if _FROZEN.match(block.text) is None:
            break
        texts.append(block.text)
    return texts
