"""What holds for every test: nothing leaves the machine, and a slow machine is no failure."""

from __future__ import annotations

import ipaddress
import socket
import sys
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

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
