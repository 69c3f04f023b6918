"""`cachewise serve`: the language server on stdio or on a TCP port."""

from __future__ import annotations

import gc
import os
import sys
from typing import NoReturn

from cachewise.faults import Fault
from cachewise.log import set_up

COLLECT_AFTER = (5_000, 30, 100)
"""Thresholds of Python's garbage collector. With its own, full collections, which stop everything for up to 0.1 s, take
a tenth of the start, and come again and again while the provider's library loads."""
SWITCH_AFTER = 0.0001
"""Seconds after which a busy thread gives way. Python's own 5 ms is what typing may take in all, and a message changes
threads twice: from the reader to the event loop, and from there to the writer."""


def serve(address: str | None, *, allow_remote: bool) -> NoReturn:
    """Run the server until its client goes away, then end the process.

    Args:
        address: `HOST:PORT`, or None for stdio.
        allow_remote: Whether an address that other machines reach is taken.

    Raises:
        Fault: the address can't be used.
    """
    set_up(os.environ)
    tune_interpreter()
    from cachewise.app import build
    from cachewise.lsp.process import leave

    server = build()
    if address is None:
        leave(server.serve_stdio())
    host, port = parse_address(address, allow_remote=allow_remote)

    def listening(at: str, number: int) -> None:
        print(f"cachewise listens on {at}:{number}", file=sys.stderr, flush=True)

    try:
        status = server.serve_tcp(host, port, listening)
    except OSError as error:
        # What asyncio makes of it is a long text; an address that can't be looked up has only its own.
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else str(error.strerror or error)
        raise Fault(f"The server can't listen on {address}: {reason}.") from None
    leave(status)


def tune_interpreter() -> None:
    """Set Python up for short pauses in place of the most work per second."""
    gc.set_threshold(*COLLECT_AFTER)
    sys.setswitchinterval(SWITCH_AFTER)


def parse_address(address: str, *, allow_remote: bool) -> tuple[str, int]:
    """Host and port of `HOST:PORT`; an IPv6 host stands in brackets. Port 0 lets the system choose.

    Raises:
        Fault: it is no address, or not this machine's own and `allow_remote` is off.
    """
    host, colon, digits = address.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not host or not digits.isascii() or not digits.isdigit() or int(digits) > 65535:
        raise Fault(f"{address!r} is no address. Write HOST:PORT, such as 127.0.0.1:8765.")
    if not allow_remote and not _is_loopback(host):
        raise Fault(
            f"{host!r} is reachable from other machines, and whoever connects can spend your money. "
            "Use 127.0.0.1, or add --allow-remote if you are sure."
        )
    return host, int(digits)


def _is_loopback(host: str) -> bool:
    import ipaddress  # a start on stdio does without

    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
