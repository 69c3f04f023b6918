"""`cachewise doctor`: is everything in place, and does the provider's cache really work? Each line says what to do.

It sends two small requests to the provider, which cost what they cost, and says how much that was.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Literal

from cachewise import __version__
from cachewise.app import build_rooms
from cachewise.faults import Fault, RequestFailed
from cachewise.features.filling import fills
from cachewise.features.probe import probe
from cachewise.features.rooms import Rooms
from cachewise.ledger.readout import money
from cachewise.log import redaction, set_up
from cachewise.model.usage import Usage
from cachewise.providers.traits import traits
from cachewise.settings.load import Loaded, hide_keys, load
from cachewise.settings.places import Places, ensure_private, find_places
from cachewise.settings.stored_keys import find_keys

_SAFE_SQLITE = (3, 51, 3)
"""The first version without the WAL-reset bug, which can damage a database that two processes write at once
(sqlite.org/wal.html, "The WAL-Reset Bug")."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report."""

    level: Literal["ok", "note", "wrong"]
    about: str
    text: str


def doctor() -> int:
    """Print the report; 1 where something is wrong, else 0."""
    set_up(os.environ)
    return asyncio.run(_report(os.environ))


async def _report(env: Mapping[str, str]) -> int:
    places = find_places(env)
    loaded = await find_keys(load(env, places))
    hide_keys(loaded, redaction().add)
    rooms = build_rooms(loaded, places)
    wrong = 0
    try:
        async for finding in _findings(rooms, loaded, places):
            wrong += finding.level == "wrong"
            print(f"{finding.level:5}  {finding.about:9} {finding.text}", flush=True)
    finally:
        await rooms.aclose()
    print(f"\n{'All is well.' if not wrong else f'{wrong} to mend.'}")
    return 1 if wrong else 0


async def _findings(rooms: Rooms, loaded: Loaded, places: Places) -> AsyncIterator[Finding]:
    yield Finding("ok", "cachewise", f"{__version__} on Python {sys.version.split()[0]}")
    for problem in loaded.problems:
        yield Finding("wrong", "settings", problem)
    if not loaded.problems:
        yield Finding("ok", "settings", f"no problems; the user file is {places.user_file}")
    for folder in (places.cache, places.state):
        try:
            await asyncio.to_thread(ensure_private, folder)
            yield Finding("ok", "folder", str(folder))
        except OSError as error:
            yield Finding("wrong", "folder", f"{folder} can't be used: {error}. Make it writable for you alone.")
    if sqlite3.sqlite_version_info < _SAFE_SQLITE:
        yield Finding(
            "note",
            "sqlite",
            f"{sqlite3.sqlite_version} has a rare bug that can damage a ledger written by two servers; "
            "a damaged one is set aside and begun anew. Python with SQLite 3.51.3 or newer does not have it.",
        )
    async for finding in _provider(rooms):
        yield finding


async def _provider(rooms: Rooms) -> AsyncIterator[Finding]:
    model = rooms.settings.model
    if model.provider == "offline":
        yield Finding("note", "model", "'offline': nothing is sent to any provider")
        return
    try:
        rooms.providers.require(model)
    except RequestFailed as fault:
        yield Finding("wrong", "key", fault.sentence)
        return
    yield Finding("ok", "key", f"there is one for {model}")
    print(f"asking {model} twice ...", file=sys.stderr, flush=True)
    try:
        first, second = await probe(rooms, model)
    except Fault as fault:
        yield Finding("wrong", "provider", fault.sentence)
        return
    yield Finding("ok", "provider", f"{model} answers, {second.total_ms / 1000:.1f} s")
    yield _caching(first, second, minimum=traits(model).minimum_tokens)
    completing = rooms.model_for("complete")
    if completing.provider == "local":
        try:
            way = "fill-in-the-middle" if await fills(rooms, completing) else "chat, since its server has no /infill"
        except Fault as fault:
            yield Finding("wrong", "complete", fault.sentence)
            return
        yield Finding("ok", "complete", f"{completing} completes by {way}")


def _caching(first: Usage, second: Usage, *, minimum: int) -> Finding:
    read, sent = second.tokens.cache_read, second.tokens.input
    costs = [usage.cost.usd for usage in (first, second)]
    known = [cost for cost in costs if cost is not None]
    price = f"both requests cost {money(sum(known[1:], known[0]))}" if len(known) == len(costs) else "cost unknown"
    if read is None:
        return Finding("note", "caching", f"the provider does not say what it read from its cache; {price}")
    if sent and read >= sent / 2:
        return Finding("ok", "caching", f"the second request read {read:,} of {sent:,} tokens from the cache; {price}")
    return Finding(
        "wrong",
        "caching",
        f"the second request read {read:,} of {sent or 0:,} tokens from the cache (the model caches from {minimum:,} "
        f"tokens on); {price}. Try again in a minute; if it stays so, choose another model or route.",
    )
