"""`cachewise cache info|check|clear`: the answer cache on this machine, and the Redis behind it if there is one.

Answers that a running server holds in memory stay there; `cachewise.clearAnswers` empties that server's, too.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable
from typing import Literal, TypeVar

from cachewise.answers.answers import FOLDER, Answers
from cachewise.answers.store import StoreInfo
from cachewise.app import redis_address
from cachewise.log import set_level, set_up
from cachewise.settings.load import hide_keys, load
from cachewise.settings.places import Places, find_places

T = TypeVar("T")
Action = Literal["info", "check", "clear"]
_PATIENCE = 1.0
"""Seconds after which a user is told that something is going on."""
_NAMES = {"disk": "disk", "redis": "Redis"}


def cache(action: Action, *, task: str | None = None) -> int:
    """Carry one of the actions out.

    Args:
        action: What to do.
        task: For `clear`: only the answers of this feature.

    Returns:
        1 if the cache can't be used or something in it is wrong, else 0.
    """
    redaction = set_up(os.environ)
    places = find_places(os.environ)
    loaded = load(os.environ, places)
    set_level(loaded.settings.log)
    hide_keys(loaded, redaction.add)
    return asyncio.run(_carry_out(action, task, places, redis_address(loaded.settings)))


async def _carry_out(action: Action, task: str | None, places: Places, redis_url: str | None) -> int:
    answers = Answers.open(places.cache, redis_url=redis_url)
    try:
        if action == "clear":
            count = await _patiently(answers.clear(task), "Clearing")
            of = "" if task is None else f" of {task!r}"
            print(f"{count} {'answer' if count == 1 else 'answers'}{of} removed.")
            return _told(answers)
        if action == "check":
            findings = await _patiently(answers.check(), "Checking every entry")
            for finding in findings:
                print(finding)
            if not findings:
                print("Every entry is sound.")
            return 1 if findings else 0
        for info in await _patiently(answers.info(), "Looking"):
            if info.tier in _NAMES:
                print(_line(info, places))
        return _told(answers)
    finally:
        await answers.aclose()


def _line(info: StoreInfo, places: Places) -> str:
    count = "? entries" if info.entries is None else f"{info.entries:,} {'entry' if info.entries == 1 else 'entries'}"
    size = "" if info.bytes is None else f", {info.bytes / 1024:,.0f} KiB"
    where = f"  {places.cache / FOLDER}" if info.tier == "disk" else ""
    return f"{_NAMES[info.tier]:6} {count}{size}{where}"


def _told(answers: Answers) -> int:
    if answers.problem is None:
        return 0
    sys.stderr.write(f"cachewise: {answers.problem}\n")
    return 1


async def _patiently(work: Awaitable[T], what: str) -> T:
    """Wait, and say so where it takes its time."""
    task = asyncio.ensure_future(work)
    done, _ = await asyncio.wait({task}, timeout=_PATIENCE)
    if not done:
        sys.stderr.write(f"{what} ...\n")
    return await task
