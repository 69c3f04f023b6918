"""The answer cache as the features see it: look an answer up, keep one, ask only once.

Only complete, non-empty answers that stopped by themselves are kept. Not here: what is kept of one
(`stored_answer.py`), keys (`key.py`), what a question depends on (`scope.py`) and how the entries are kept
(`tiers.py`).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, Literal

from cachewise.answers import deadlines
from cachewise.answers.disk import DiskStore
from cachewise.answers.flight import Emit, Flights, Seat
from cachewise.answers.memory import MemoryStore
from cachewise.answers.redis import RedisStore
from cachewise.answers.redis_limits import RedisLimits
from cachewise.answers.redis_url import parse_redis_url
from cachewise.answers.store import Store, StoreInfo
from cachewise.answers.stored_answer import StoredAnswer, pack, unpack
from cachewise.answers.tiers import CacheStatus, Found, Tiers
from cachewise.answers.turn import turn
from cachewise.model.events import StreamEvent
from cachewise.model.usage import UNKNOWN_COST, Cost

DAY = 86_400.0
FOLDER = "answers-v1"
"""Name of the cache's folder; the number changes with the format, and older folders may be deleted."""
_MAX_TEXT = 1_000_000


class Answers:
    """The cache. Build it on the event loop; nothing is opened before the first use or `warm_up`.

    Args:
        tiers: Where entries are kept.
        ttl_seconds: How long answers are kept where `store` says nothing else.
        clock: Seconds since the epoch.
        problem: A problem that stood in the way of building a tier, as a sentence for people.
        limits: Those that are shared through Redis, if there is one.
    """

    def __init__(
        self,
        tiers: Tiers,
        *,
        ttl_seconds: float = 30 * DAY,
        clock: Callable[[], float] = time.time,
        problem: str | None = None,
        limits: RedisLimits | None = None,
    ) -> None:
        self._tiers = tiers
        self.limits = limits
        """What servers on the same Redis keep together; None where there is none."""
        self._ttl = ttl_seconds
        self._clock = clock
        self._problem = problem
        self._flights: Flights[StreamEvent, Any] = Flights()

    @classmethod
    def open(
        cls,
        folder: Path | None,
        *,
        redis_url: str | None = None,
        ttl_seconds: float = 30 * DAY,
        size_limit: int = 256 * 1024 * 1024,
        tell: Callable[[str], None] | None = None,
    ) -> Answers:
        """The usual cache: memory, then the disk, then Redis where there is an address.

        Args:
            folder: The user's cache folder; None for no disk tier.
            redis_url: See `redis_url.py`; one that can't be read is a problem and no error.
            ttl_seconds: How long answers are kept.
            size_limit: Bytes on disk.
            tell: Called on the event loop with a sentence for people when something starts to go wrong.
        """
        deeper: list[Store] = []
        problem, limits = None, None
        if folder is not None:
            deeper.append(DiskStore(folder / FOLDER, size_limit=size_limit, tell=tell))
        if redis_url:
            try:
                redis = RedisStore(parse_redis_url(redis_url), tell=tell)
                deeper.append(redis)
                limits = RedisLimits(redis)
            except ValueError as error:
                problem = str(error)
                if tell is not None:
                    tell(problem)
        return cls(Tiers(MemoryStore(), deeper), ttl_seconds=ttl_seconds, problem=problem, limits=limits)

    @property
    def problem(self) -> str | None:
        """What is wrong with the cache at the moment, as a sentence for people; None while all is well."""
        return self._tiers.problem or self._problem

    @property
    def tiers(self) -> Tiers:
        """Where the entries are kept."""
        return self._tiers

    def warm_up(self) -> None:
        """Open disk and Redis in the background."""
        self._tiers.warm_up()

    async def lookup(self, key: str, *, typing: bool = False) -> StoredAnswer | None:
        """The answer under `key`, if there is one.

        Args:
            key: From `key.py`.
            typing: Whether somebody is typing and waits: each tier then gets 50 ms instead of 200.
        """
        if not typing:
            await self._tiers.opened(deadlines.START)
        return self._read(await self._tiers.get(key, deadline=deadlines.TYPING if typing else deadlines.LOOKUP))

    async def peek(self, key: str) -> StoredAnswer | None:
        """As `lookup`, for what nobody has asked for: it counts neither as a hit nor as a miss."""
        return self._read(await self._tiers.look(key, deadline=deadlines.TYPING))

    def store(
        self,
        key: str,
        *,
        task: str,
        text: str,
        model: str,
        reason: Literal["stop", "length", "filter", "other"],
        cost: Cost = UNKNOWN_COST,
        context: str = "",
        ttl_seconds: float | None = None,
    ) -> bool:
        """Keep an answer; in memory at once, deeper in the background. Says whether it was one that is kept.

        Args:
            key: From `key.py`.
            task: The feature's name, which `clear` selects by.
            text: The whole answer.
            model: Who gave it.
            reason: Why the stream ended; only `stop` is a whole answer.
            cost: Of the request.
            context: Digest of the shared context it was given with.
            ttl_seconds: How long to keep it.
        """
        if reason != "stop" or not text.strip() or len(text) > _MAX_TEXT:
            return False
        answer = pack(text=text, model=model, cost=cost, context=context)
        return self._tiers.put(
            key, task=task, answer=answer, ttl_seconds=self._ttl if ttl_seconds is None else ttl_seconds
        )

    def board(self, key: str, run: Callable[[Emit[StreamEvent]], Any]) -> Seat[StreamEvent, Any]:
        """Share a request with everybody in this process who asks the same; see `flight.Flights.board`."""
        return self._flights.board(key, run)

    def turn(self, key: str, *, patience: float, context: str = "") -> AbstractAsyncContextManager[StoredAnswer | None]:
        """Wait for another process that asks the same at the moment; see `turn.turn`.

        Args:
            key: From `key.py`.
            patience: Seconds to wait at most: what asking would take.
            context: Digest of the shared context; an answer to another one is not what is waited for.
        """

        async def look() -> StoredAnswer | None:
            found = await self._tiers.look(key)
            answer = self._read(found)
            if found is None or answer is None or answer.context_changed(context):
                return None
            self._tiers.came_late(found)
            return answer

        async def settle() -> None:
            await self._tiers.settle(key, deadline=deadlines.SHARE)

        return turn(self._tiers.lock, key, look=look, settle=settle, patience=patience)

    async def clear(self, task: str | None = None) -> int:
        """Forget all answers, or those of one task, in every tier. Returns how many went."""
        return await self._tiers.clear(task)

    async def info(self) -> tuple[StoreInfo, ...]:
        """How full each tier is."""
        return await self._tiers.info()

    async def check(self) -> tuple[str, ...]:
        """What is wrong with the tiers, one sentence each; looks into every entry on disk and sweeps orphans."""
        findings: list[str] = [self._problem] if self._problem else []
        for store in self._tiers.stores:
            if isinstance(store, DiskStore):
                findings += await store.check()
                await store.sweep()
            elif isinstance(store, RedisStore):
                await store.connect()
                findings += [store.problem] if store.problem else []
        return tuple(findings)

    def status(self) -> CacheStatus:
        """What `cachewise/status` shows; asks nobody."""
        return self._tiers.status()

    async def aclose(self) -> None:
        """Cancel what is being asked, write what is pending and close every tier; takes 3 s at most."""
        await self._flights.aclose()
        await self._tiers.aclose()

    def _read(self, found: Found | None) -> StoredAnswer | None:
        return None if found is None else unpack(found, self._clock())
