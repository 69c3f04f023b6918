"""What holds for every test: nothing leaves the machine, and a slow machine is no failure; and a Redis to ask for."""

from __future__ import annotations

import ipaddress
import socket
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from cachewise.answers import deadlines
from support.redis_server import RedisServer, redis_server

settings.register_profile("cachewise", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
settings.load_profile("cachewise")


def _is_local(address: Any) -> bool:
    """Whether a socket address stays on this machine: a path, or a loopback host."""
    if not isinstance(address, tuple):
        return True
    host = str(address[0])
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return host == "localhost"


@pytest.fixture(autouse=True, scope="session")
def _no_network() -> None:
    """Connections beyond loopback raise, here and not in a library's thread where nobody would see it."""

    def audit(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "socket.connect" and isinstance(arguments[0], socket.socket) and not _is_local(arguments[1]):
            raise ConnectionRefusedError("tests talk to loopback only")

    sys.addaudithook(audit)


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no lookup of an answer fail because the machine is busy with other tests."""
    for name in ("LOOKUP", "SHARE", "WRITE", "CONNECT", "SOCKET", "OPENING"):
        monkeypatch.setattr(deadlines, name, 20.0)


@pytest.fixture(scope="module")
def module_redis() -> Iterator[RedisServer]:
    with redis_server() as server:
        yield server


@pytest.fixture
def redis(module_redis: RedisServer) -> RedisServer:
    """The module's Redis, with nothing in it."""
    module_redis.command("FLUSHALL")
    return module_redis
