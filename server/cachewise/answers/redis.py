"""The third tier: answers in a Redis that a team or several machines share.

    cachewise:v1:NAMESPACE:answer:KEY   a sealed envelope, compressed above 1 KB, with a TTL
    cachewise:v1:NAMESPACE:lock:KEY     the token of who is asking right now
    cachewise:v1:NAMESPACE:limit:NAME   what several servers count together (`redis_limits.py`)

Only plain commands are used (GET, SET, DEL, UNLINK, PEXPIRE, SCAN, STRLEN, WATCH/MULTI/EXEC), no scripts, and only
keys under the prefix. Every command stands under a deadline, and a breaker leaves a dead server alone. Not here: the
seal (`envelope.py`), the compression (`redis_value.py`) and the client (`redis_client.py`).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from cachewise.answers import deadlines
from cachewise.answers.breaker import Breaker
from cachewise.answers.envelope import unseal
from cachewise.answers.redis_client import RedisFault, build_client, diagnose
from cachewise.answers.redis_url import RedisTarget
from cachewise.answers.redis_value import pack, unpack
from cachewise.answers.store import MAX_VALUE_BYTES, StoreInfo, Tier, Troubles

if TYPE_CHECKING:
    from cachewise.answers.redis_client import Client

T = TypeVar("T")

_BATCH = 200
_AT_ONCE = 32
"""Commands in the air; redis-py refuses the 101st connection, and one answers thousands of commands a second."""


class RedisStore:
    """A Redis server, sentinel group or cluster.

    Args:
        target: Where it is.
        tell: Called on the event loop with a sentence for people when something starts to go wrong.
        clock: Seconds that never go back, for the breakers.
        cooldown: Seconds that reads, or writes, are left out after three failed in a row.
    """

    def __init__(
        self,
        target: RedisTarget,
        *,
        tell: Callable[[str], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
        cooldown: float = 30.0,
    ) -> None:
        self._target = target
        self._prefix = f"cachewise:v1:{target.namespace}:"
        self._troubles = Troubles(tell)
        self._breakers = {side: Breaker(cooldown=cooldown, clock=clock) for side in ("read", "write")}
        self._client: Client | None = None
        self._building = asyncio.Lock()
        self._places = asyncio.Semaphore(_AT_ONCE)
        self._closed = False
        if not (target.is_private or target.insecure):
            self._closed = True
            self._troubles.note(
                "open",
                f"Redis at {target.shown} is neither on this machine nor behind TLS, so answers are not sent there. "
                "Use rediss://, or add ?insecure=yes to the address.",
            )

    @property
    def tier(self) -> Tier:
        return "redis"

    @property
    def problem(self) -> str | None:
        return self._troubles.sentence

    async def connect(self) -> bool:
        """Import the client and connect, so that the first lookup does not have to. Says whether it worked."""
        try:
            async with asyncio.timeout(deadlines.OPENING):
                await self._connected()
        except TimeoutError:
            return False
        return await self._run("read", deadlines.CONNECT, False, lambda client: _true(client.ping()))

    async def get(self, key: str, *, deadline: float | None = None) -> bytes | None:
        limit = deadlines.LOOKUP if deadline is None else deadline
        blob = await self._run("read", limit, None, lambda client: client.get(self._name(key)))
        return None if blob is None else await unpack(blob)

    async def set(self, key: str, value: bytes, *, ttl_seconds: float, task: str) -> bool:
        if len(value) > MAX_VALUE_BYTES or ttl_seconds <= 0:
            return False
        blob, ttl = await pack(value), max(1, int(ttl_seconds * 1000))
        return await self._run("write", deadlines.SHARE, False, lambda c: _true(c.set(self._name(key), blob, px=ttl)))

    async def delete(self, key: str) -> None:
        await self._run("write", deadlines.LOOKUP, False, lambda client: _true(client.delete(self._name(key))))

    async def clear(self, task: str | None = None) -> int:
        """As every tier; for one task the values have to be looked into, because the keys don't name it."""

        async def remove(client: Client) -> int:
            count = 0
            async for names in self._names(client):
                if task is not None:
                    values = await _each(client, "GET", names)
                    names = [n for n, value in zip(names, values, strict=True) if await _task(value) == task]
                count += sum(1 for n in await _each(client, "UNLINK", names) if n == 1)
            return count

        return await self._run("write", deadlines.WALK, 0, remove)

    async def info(self) -> StoreInfo:
        async def count(client: Client) -> StoreInfo:
            entries = size = 0
            async for names in self._names(client):
                entries += len(names)
                size += sum(n for n in await _each(client, "STRLEN", names) if isinstance(n, int))
            return StoreInfo(tier="redis", entries=entries, bytes=size)

        unknown = StoreInfo(tier="redis", entries=None, bytes=None)
        return await self._run("read", deadlines.CONNECT, unknown, count)

    async def acquire(self, key: str, token: str, seconds: float) -> bool | None:
        name, ttl = self._lock(key), max(1, int(seconds * 1000))
        return await self._run(
            "write", deadlines.LOOKUP, None, lambda client: _true(client.set(name, token, px=ttl, nx=True))
        )

    async def renew(self, key: str, token: str, seconds: float) -> bool:
        ttl = max(1, int(seconds * 1000))
        return await self._if_held(key, token, lambda pipe, name: pipe.pexpire(name, ttl))

    async def release(self, key: str, token: str) -> None:
        await self._if_held(key, token, lambda pipe, name: pipe.delete(name))

    async def replace(
        self, name: str, change: Callable[[bytes | None], bytes | None], *, seconds: float, deadline: float
    ) -> bool:
        """Replace what is counted under `name` by what `change` makes of it, as one step that nobody comes between.

        `change` is called again where somebody did come between. Returns False if it could not be carried out.
        """
        place, ttl = f"{self._prefix}limit:{name}", max(1, int(seconds * 1000))

        async def swap(client: Client) -> bool:
            from redis.exceptions import WatchError

            pipe: Any
            while True:
                async with client.pipeline(transaction=True) as pipe:
                    await pipe.watch(place)
                    value = change(await pipe.get(place))
                    if value is None:
                        await pipe.unwatch()
                        return True
                    pipe.multi()
                    pipe.set(place, value, px=ttl)
                    try:
                        await pipe.execute()
                        return True
                    except WatchError:
                        continue

        return await self._run("write", deadline, False, swap)

    async def aclose(self) -> None:
        self._closed = True
        client, self._client = self._client, None
        if client is not None:
            await _close(client)

    async def _if_held(self, key: str, token: str, change: Callable[[Any, str], object]) -> bool:
        """Change the lock if its value is `token`; WATCH makes the pair one step without a script."""
        name = self._lock(key)

        async def swap(client: Client) -> bool:
            pipe: Any
            async with client.pipeline(transaction=True) as pipe:
                await pipe.watch(name)
                if await pipe.get(name) != token.encode():
                    await pipe.unwatch()
                    return False
                pipe.multi()
                change(pipe, name)
                return bool((await pipe.execute())[0])

        return await self._run("write", deadlines.LOOKUP, False, swap)

    async def _names(self, client: Client) -> AsyncIterator[list[str]]:
        """The names of all answers under the prefix, in batches, from every node."""
        batch: list[str] = []
        async for name in client.scan_iter(match=f"{self._prefix}answer:*", count=_BATCH):
            batch.append(name.decode())
            if len(batch) >= _BATCH:
                yield batch
                batch = []
        if batch:
            yield batch

    async def _run(
        self,
        side: Literal["read", "write"],
        deadline: float,
        default: T,
        operation: Callable[[Client], Awaitable[T]],
    ) -> T:
        """Carry an operation out before the deadline; `default` if it fails."""
        breaker = self._breakers[side]
        if self._closed or not breaker.allow():
            return default
        fault: RedisFault | None = None
        result = default
        try:
            async with asyncio.timeout(deadline), self._places:
                try:
                    result = await operation(await self._connected())
                except Exception as error:
                    fault = diagnose(error, self._target)
                    if fault.is_cluster and await self._use_cluster():
                        result, fault = await operation(await self._connected()), None
        except asyncio.CancelledError:
            breaker.gave_up()
            raise
        except Exception as error:  # redis-py lets OSError, ValueError and its own exceptions out
            fault = diagnose(error, self._target)
        if fault is None:
            breaker.succeeded()
            self._troubles.clear(side)
            return result
        if self._client is None and fault.slow:
            breaker.gave_up()  # the client library is still being imported, which says nothing about the server
            return default
        if fault.counts:
            breaker.failed()
        else:
            breaker.gave_up()
        self._troubles.note(side, fault.sentence)
        return default

    async def _connected(self) -> Client:
        if self._client is None:
            async with self._building:
                if self._client is None:
                    self._client = await asyncio.to_thread(build_client, self._target)
        return self._client

    async def _use_cluster(self) -> bool:
        """The server turned out to be a node of a cluster: speak to it as such from now on."""
        if self._target.kind == "cluster" or self._target.db:
            return False
        old, self._client = self._client, None
        self._target = self._target.as_cluster()
        if old is not None:
            await _close(old)
        return True

    def _name(self, key: str) -> str:
        return f"{self._prefix}answer:{key}"

    def _lock(self, key: str) -> str:
        return f"{self._prefix}lock:{key}"


async def _each(client: Client, command: str, names: list[str]) -> list[Any]:
    """One command for each name, in one round trip per node; an exception stands in its place."""
    if not names:
        return []
    async with client.pipeline(transaction=False) as pipe:
        for name in names:
            pipe.execute_command(command, name)  # the methods of a cluster's pipeline are not all pipelined
        return list(await pipe.execute(raise_on_error=False))


async def _task(blob: object) -> str | None:
    envelope = unseal(await unpack(blob), None)
    return None if envelope is None else envelope.task


async def _true(reply: Awaitable[object]) -> bool:
    return bool(await reply)


async def _close(client: Client) -> None:
    try:
        async with asyncio.timeout(deadlines.LOOKUP):
            await client.aclose()
            # A client of a sentinel group has clients of its own, which it does not close.
            manager = getattr(getattr(client, "connection_pool", None), "sentinel_manager", None)
            for sentinel in getattr(manager, "sentinels", ()):
                await sentinel.aclose()
    except Exception:  # noqa: S110  # a server that does not answer needs no goodbye
        pass
