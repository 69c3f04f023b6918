"""Reading a Redis address: one server, a sentinel group or a cluster, with or without TLS.

    redis://[user:password@]host[:port][/db]            rediss:// for TLS
    redis+sentinel://[user:password@]host:port[,host:port...]/service[/db]      rediss+sentinel:// for TLS
    redis+cluster://[user:password@]host:port[,host:port...]                    rediss+cluster:// for TLS
    unix:///path/to/socket[?db=0]

Options behind `?`: `namespace=NAME` keeps teams on one Redis apart; `insecure=yes` allows a password and answers to
cross a network without TLS. Not here: connecting (`redis_client.py`).
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field, replace
from typing import Literal
from urllib.parse import parse_qsl, unquote, urlsplit

Kind = Literal["single", "sentinel", "cluster", "unix"]

_SCHEMES: dict[str, tuple[Kind, bool]] = {
    "redis": ("single", False),
    "rediss": ("single", True),
    "redis+sentinel": ("sentinel", False),
    "rediss+sentinel": ("sentinel", True),
    "redis+cluster": ("cluster", False),
    "rediss+cluster": ("cluster", True),
    "unix": ("unix", False),
}
_PORTS: dict[Kind, int] = {"single": 6379, "cluster": 6379, "sentinel": 26379, "unix": 0}
_NAMESPACE = re.compile(r"[A-Za-z0-9_.-]{1,64}")
DEFAULT_NAMESPACE = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisTarget:
    """A Redis to connect to. Its repr and `shown` never hold the password."""

    kind: Kind
    hosts: tuple[tuple[str, int], ...]
    tls: bool = False
    db: int = 0
    service: str | None = None
    """The name of the group that sentinels watch."""
    path: str | None = None
    """Of a Unix socket."""
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    namespace: str = DEFAULT_NAMESPACE
    insecure: bool = False

    @property
    def shown(self) -> str:
        """How people are told about it."""
        if self.kind == "unix":
            return str(self.path)
        return ",".join(f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port in self.hosts)

    @property
    def is_private(self) -> bool:
        """Whether nobody on the way can read along: TLS, or this machine."""
        return self.tls or self.kind == "unix" or all(_is_loopback(host) for host, _ in self.hosts)

    def as_cluster(self) -> RedisTarget:
        """The same servers, taken for nodes of a cluster."""
        return replace(self, kind="cluster", db=0)


def parse_redis_url(url: str) -> RedisTarget:
    """Take a Redis address apart.

    Raises:
        ValueError: with a sentence for people, that quotes nothing of the address beyond its scheme.
    """
    scheme, separator, rest = url.strip().partition("://")
    if not separator or scheme.lower() not in _SCHEMES:
        raise ValueError(f"The Redis address has to begin with one of {', '.join(f'{s}://' for s in _SCHEMES)}.")
    kind, tls = _SCHEMES[scheme.lower()]
    # urlsplit knows nothing of host lists, so the hosts are taken out by hand.
    parts = urlsplit(f"redis://x/{rest.partition('/')[2]}" if kind == "unix" else f"redis://{rest}")
    options = dict(parse_qsl(parts.query))
    namespace = options.pop("namespace", DEFAULT_NAMESPACE)
    if not _NAMESPACE.fullmatch(namespace):
        raise ValueError("The namespace in the Redis address may hold letters, digits, '_', '.' and '-' only.")
    insecure = options.pop("insecure", "no").lower() in {"yes", "true", "1"}
    db_option = options.pop("db", None)
    if options:
        raise ValueError(f"The Redis address has options that are not known: {', '.join(sorted(options))}.")
    login, _, hosts_text = (rest.partition("/")[0] if kind == "unix" else parts.netloc).rpartition("@")
    username, _, password = login.partition(":")
    segments = [unquote(s) for s in parts.path.split("/") if s]
    path = service = None
    if kind == "unix":
        path, segments = "/" + "/".join(segments), []
        hosts: tuple[tuple[str, int], ...] = ()
        if path == "/":
            raise ValueError("A unix:// address needs the path of the socket.")
    else:
        hosts = _hosts(hosts_text, _PORTS[kind])
    if kind == "sentinel":
        if not segments:
            raise ValueError("A sentinel address needs the service's name behind the hosts: .../mymaster.")
        service = segments.pop(0)
    db = _db(segments, db_option)
    if kind == "cluster" and db:
        raise ValueError("A Redis Cluster has database 0 only.")
    return RedisTarget(
        kind=kind,
        hosts=hosts,
        db=db,
        service=service,
        path=path,
        username=unquote(username) or None,
        password=unquote(password) or None,
        tls=tls,
        namespace=namespace,
        insecure=insecure,
    )


def _hosts(text: str, default_port: int) -> tuple[tuple[str, int], ...]:
    found = []
    for item in text.split(","):
        match = re.fullmatch(r"(\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<name>[^\[\]:\s]+))(:(?P<port>\d{1,5}))?", item.strip())
        if match is None:
            raise ValueError("The Redis address has to name its hosts as host or host:port, with commas between.")
        port = int(match["port"] or default_port)
        if not 0 < port < 65536:
            raise ValueError("The Redis address has a port that is out of range.")
        found.append((match["six"] or unquote(match["name"]), port))
    return tuple(found)


def _db(segments: list[str], option: str | None) -> int:
    text = option if option is not None else (segments[0] if segments else "0")
    if len(segments) > 1 or not re.fullmatch(r"\d{1,4}", text):
        raise ValueError("The Redis address may end with the number of a database, such as /0.")
    return int(text)


def _is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
