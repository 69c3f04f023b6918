"""The link to one Redis: every command stands under a deadline, and a breaker leaves a dead server alone.

Not here: the commands (`redis.py`), the client and what its exceptions mean (`redis_client.py`).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Literal, TypeVar

from cachewise.answers import deadlines
from cachewise.answers.breaker import Breaker
from cachewise.answers.redis_client import RedisFault, build_client, diagnose
from cachewise.answers.redis_url import RedisTarget
from cachewise.answers.store import Troubles

if TYPE_CHECKING:
    from cachewise.answers.redis_client import Client

T = TypeVar("T")

_AT_ONCE = 32
"""Commands in the air; redis-py refuses the 101st connection, and one answers thousands of commands a second."""


class RedisLink:
    """The link to a Redis server, sentinel group or cluster.

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
    def problem(self) -> str | None:
        """What is wrong at the moment, as a sentence for people."""
        return self._troubles.sentence

    async def connect(self) -> bool:
        """Import the client and connect, so that the first lookup does not have to. Says whether it worked."""
        try:
            async with asyncio.timeout(deadlines.OPENING):
                await self._connected()
        except TimeoutError:
            return False
        return await self.run("read", deadlines.CONNECT, False, lambda client: is_true(client.ping()))

    async def aclose(self) -> None:
        """Close the connections; nothing is carried out from now on."""
        self._closed = True
        client, self._client = self._client, None
        if client is not None:
            await _close(client)

    async def run(
        self,
        side: Literal["read", "write"],
        deadline: float,
        default: T,
        operation: Callable[[Client], Awaitable[T]],
    ) -> T:
        """Carry an operation out.

        Args:
            side: Whose breaker it counts for.
            deadline: Seconds that it may take, connecting included.
            default: What is returned where it fails, or is not tried.
            operation: Called with the client; once more where that turns out to speak to a node of a cluster.
        """
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


async def is_true(reply: Awaitable[object]) -> bool:
    """Whether Redis said yes."""
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
