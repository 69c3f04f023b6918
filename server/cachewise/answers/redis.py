"""The third tier: answers in a Redis that a team or several machines share.

    cachewise:v1:NAMESPACE:answer:KEY   a sealed envelope, compressed above 1 KB, with a TTL
    cachewise:v1:NAMESPACE:lock:KEY     the token of who is asking right now
    cachewise:v1:NAMESPACE:limit:NAME   what several servers count together (`redis_limits.py`)

Only plain commands are used (GET, SET, DEL, UNLINK, PEXPIRE, SCAN, STRLEN, WATCH/MULTI/EXEC), no scripts, and only
keys under the prefix. Not here: the seal (`envelope.py`), the compression (`redis_value.py`), and what becomes of a
command where the server is slow or gone (`redis_link.py`).
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any

from cachewise.answers import deadlines
from cachewise.answers.envelope import unseal
from cachewise.answers.redis_link import RedisLink, is_true
from cachewise.answers.redis_url import RedisTarget
from cachewise.answers.redis_value import pack, unpack
from cachewise.answers.store import MAX_VALUE_BYTES, StoreInfo, Tier

if TYPE_CHECKING:
    from cachewise.answers.redis_client import Client

_BATCH = 200


class RedisStore:
    """A Redis server, sentinel group or cluster.

    Args: as for `RedisLink`.
    """

    def __init__(
        self,
        target: RedisTarget,
        *,
        tell: Callable[[str], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
        cooldown: float = 30.0,
    ) -> None:
        self._link = RedisLink(target, tell=tell, clock=clock, cooldown=cooldown)
        self._prefix = f"cachewise:v1:{target.namespace}:"

    @property
    def tier(self) -> Tier:
        return "redis"

    @property
    def problem(self) -> str | None:
        return self._link.problem

    async def connect(self) -> bool:
        """Import the client and connect, so that the first lookup does not have to. Says whether it worked."""
        return await self._link.connect()

    async def get(self, key: str, *, deadline: float | None = None) -> bytes | None:
        limit = deadlines.LOOKUP if deadline is None else deadline
        blob = await self._link.run("read", limit, None, lambda client: client.get(self._name(key)))
        return None if blob is None else await unpack(blob)

    async def set(self, key: str, value: bytes, *, ttl_seconds: float, task: str) -> bool:
        if len(value) > MAX_VALUE_BYTES or ttl_seconds <= 0:
            return False
        blob, ttl = await pack(value), max(1, int(ttl_seconds * 1000))
        return await self._link.run(
            "write", deadlines.SHARE, False, lambda c: is_true(c.set(self._name(key), blob, px=ttl))
        )

    async def delete(self, key: str) -> None:
        await self._link.run("write", deadlines.LOOKUP, False, lambda client: is_true(client.delete(self._name(key))))

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

        return await self._link.run("write", deadlines.WALK, 0, remove)

    async def info(self) -> StoreInfo:
        async def count(client: Client) -> StoreInfo:
            entries = size = 0
            async for names in self._names(client):
                entries += len(names)
                size += sum(n for n in await _each(client, "STRLEN", names) if isinstance(n, int))
            return StoreInfo(tier="redis", entries=entries, bytes=size)

        unknown = StoreInfo(tier="redis", entries=None, bytes=None)
        return await self._link.run("read", deadlines.CONNECT, unknown, count)

    async def acquire(self, key: str, token: str, seconds: float) -> bool | None:
        name, ttl = self._lock(key), max(1, int(seconds * 1000))
        return await self._link.run(
            "write", deadlines.LOOKUP, None, lambda client: is_true(client.set(name, token, px=ttl, nx=True))
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

        return await self._link.run("write", deadline, False, swap)

    async def aclose(self) -> None:
        await self._link.aclose()

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

        return await self._link.run("write", deadlines.LOOKUP, False, swap)

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
