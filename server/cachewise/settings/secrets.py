"""Keys that can't be shown by accident, and the origins that they are bound to.

Not here: where keys are found (`load.py`, `keyring.py`), and who sends them (`providers/` reveals a key at send time,
for the origin that the request really goes to).
"""

from __future__ import annotations

from typing import NoReturn
from urllib.parse import urlsplit

from cachewise.faults import ForbiddenHost

_DEFAULT_PORTS = {"http": 80, "https": 443, "redis": 6379, "rediss": 6379}
_LOOPBACK_NAMES = frozenset({"localhost", "::1"})


def origin_of(url: str) -> str:
    """The origin of an http(s) or redis(s) URL: `scheme://host[:port]`, in lower case, without the scheme's own port.

    Raises:
        ValueError: with a sentence that does not repeat the URL, which may carry a password. Odd schemes, user
            information, missing or non-ASCII hosts, backslashes, white space and control characters are refused, since
            HTTP clients disagree about where such URLs lead.
    """
    if any(c <= " " or c == "\\" or not c.isprintable() for c in url):
        raise ValueError("it holds white space, a backslash or a control character")
    parts = urlsplit(url)
    if parts.scheme not in _DEFAULT_PORTS:
        raise ValueError("its scheme is not one that cachewise speaks")
    if "@" in parts.netloc:
        raise ValueError("it holds a user name or a password")
    host = parts.hostname
    if not host:
        raise ValueError("it names no host")
    if not host.isascii() or "%" in host:
        raise ValueError("its host name is not plain ASCII")
    port = parts.port  # raises ValueError where it is no number of a port
    if port == 0:
        raise ValueError("its port is 0")
    shown = f"[{host}]" if ":" in host else host
    return (
        f"{parts.scheme}://{shown}"
        if port in (None, _DEFAULT_PORTS[parts.scheme])
        else f"{parts.scheme}://{shown}:{port}"
    )


def is_loopback(origin: str) -> bool:
    """Whether an origin can only be this machine: `localhost`, `127.0.0.0/8` or `::1`. Other names are not resolved."""
    host = urlsplit(origin).hostname or ""
    numbers = host.split(".")
    return host in _LOOPBACK_NAMES or (
        len(numbers) == 4 and numbers[0] == "127" and all(n.isdecimal() and int(n) < 256 for n in numbers)
    )


class Secret:
    """A key, together with the only origins that it may be sent to.

    Whatever prints, formats, copies or serialises it gets `***` or an error; `reveal_for` is the one way to the value.
    """

    __slots__ = ("__origins", "__value")

    def __init__(self, value: str, origins: frozenset[str]) -> None:
        object.__setattr__(self, "_Secret__value", value)
        object.__setattr__(self, "_Secret__origins", frozenset(origins))

    @property
    def origins(self) -> frozenset[str]:
        """The origins that the key is bound to."""
        found: frozenset[str] = object.__getattribute__(self, "_Secret__origins")
        return found

    def reveal_for(self, origin: str) -> str:
        """The key itself, for a request to `origin` (a URL is cut down to its origin).

        Raises:
            ForbiddenHost: the key is not bound to that origin.
        """
        try:
            wanted = origin_of(origin)
        except ValueError:
            wanted = ""
        if wanted not in self.origins:
            bound = ", ".join(sorted(self.origins)) or "no host"
            raise ForbiddenHost(
                f"Nothing was sent: the key is bound to {bound}, and the request was for {wanted or 'no web address'}. "
                "A base_url in the user file or the environment binds the key to its host."
            )
        value: str = object.__getattribute__(self, "_Secret__value")
        return value

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format("***", spec)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        import hmac  # keys are compared when settings change, not at start-up

        mine: str = object.__getattribute__(self, "_Secret__value")
        theirs: str = object.__getattribute__(other, "_Secret__value")
        return self.origins == other.origins and hmac.compare_digest(mine.encode(), theirs.encode())

    def __hash__(self) -> int:
        return hash(self.origins)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("A Secret does not change.")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError("A Secret does not change.")

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> Secret:
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("A Secret is never serialised.")
