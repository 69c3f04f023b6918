"""Building a client of redis-py for an address, and turning its exceptions into sentences for people.

redis-py waits five seconds and retries ten times by default; every figure is therefore set here. Importing it takes
0.2 s, so it is imported in a thread when the first command is about to go out. Not here: the commands (`redis.py`)
and what they wait for (`redis_link.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cachewise.answers import deadlines
from cachewise.answers.redis_url import RedisTarget

if TYPE_CHECKING:
    from redis.asyncio import Redis
    from redis.asyncio.cluster import RedisCluster

    Client = Redis | RedisCluster

RETRIES = 1


def build_client(target: RedisTarget) -> Client:
    """A client that connects with its first command. Imports redis-py: call it in a thread."""
    from redis.asyncio import Redis, RedisCluster, Sentinel
    from redis.asyncio.cluster import ClusterNode
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff

    common: dict[str, Any] = {
        "username": target.username,
        "password": target.password,
        "socket_timeout": deadlines.SOCKET,
        "socket_connect_timeout": deadlines.SOCKET,
        "retry": Retry(NoBackoff(), RETRIES),
        "decode_responses": False,
    }
    if target.kind == "unix":
        return Redis(unix_socket_path=target.path, db=target.db, **common)
    if target.tls:
        common["ssl"] = True
    if target.kind == "cluster":
        nodes = [ClusterNode(host, port) for host, port in target.hosts]
        return RedisCluster(startup_nodes=nodes, require_full_coverage=False, **common)
    if target.kind == "sentinel":
        short = {name: common[name] for name in ("socket_timeout", "socket_connect_timeout", "retry")}
        make_sentinel: Any = Sentinel  # it has no types
        sentinel = make_sentinel(target.hosts, sentinel_kwargs={**short, "ssl": target.tls} if target.tls else short)
        master: Redis = sentinel.master_for(str(target.service), db=target.db, **common)
        return master
    host, port = target.hosts[0]
    return Redis(host=host, port=port, db=target.db, **common)


@dataclass(frozen=True, slots=True)
class RedisFault:
    """What an exception of redis-py means."""

    sentence: str
    counts: bool
    """Whether it speaks against the server as a whole, and not against this one key."""
    is_cluster: bool = False
    """The server is one of a cluster and wants to be spoken to as such."""
    slow: bool = False
    """The caller's deadline passed."""


def diagnose(error: Exception, target: RedisTarget) -> RedisFault:
    """A sentence for an exception. Nothing of the exception's own text is used: it may hold anything."""
    where = f"Redis at {target.shown}"
    if isinstance(error, TimeoutError):  # our own deadline; redis-py may not even be imported yet
        return RedisFault(f"{where} answers too slowly; shared answers are not used.", True, slow=True)
    from redis import exceptions

    text = str(error)
    if isinstance(error, exceptions.MovedError | exceptions.AskError):
        return RedisFault(f"{where} is a cluster.", counts=True, is_cluster=True)
    if isinstance(error, exceptions.AuthenticationError | exceptions.NoPermissionError) or text.startswith(
        ("WRONGPASS", "NOAUTH", "NOPERM")
    ):
        return RedisFault(f"{where} refused the user, the password or a command; shared answers are not used.", True)
    if isinstance(error, exceptions.BusyLoadingError) or text.startswith("LOADING"):
        return RedisFault(f"{where} is still loading its data; shared answers are not used until it is done.", True)
    if isinstance(error, exceptions.ReadOnlyError) or text.startswith("READONLY"):
        return RedisFault(f"{where} is a read-only replica; new answers are not shared.", True)
    if isinstance(error, exceptions.OutOfMemoryError) or text.startswith("OOM"):
        return RedisFault(f"{where} has no memory left; new answers are not shared.", True)
    if isinstance(error, exceptions.ClusterDownError | exceptions.RedisClusterException | exceptions.ClusterError):
        return RedisFault(f"The cluster of {where} is not complete; shared answers are not used.", True)
    if text.startswith("WRONGTYPE"):
        return RedisFault(f"{where} holds something else under a key of ours; it counts as no answer.", False)
    if isinstance(error, exceptions.TimeoutError):
        return RedisFault(f"{where} answers too slowly; shared answers are not used.", True)
    if isinstance(error, exceptions.ResponseError | exceptions.DataError):
        return RedisFault(f"{where} refused a command ({type(error).__name__}); shared answers are not used.", True)
    if "CERTIFICATE_VERIFY_FAILED" in text:
        return RedisFault(
            f"{where} shows a certificate that is not trusted here, or that is another server's; shared answers are "
            "not used.",
            True,
        )
    return RedisFault(f"{where} can't be reached; shared answers are not used.", True)
