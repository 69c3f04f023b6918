"""Keys that the user put into the system's keyring. Asked for once, after start-up, and never waited for long.

`store_key` puts one there, for `cachewise login`. For look-ups, a keyring that is missing, locked or slow is no problem
of the user's; the log knows.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from types import MappingProxyType

from cachewise.faults import Fault
from cachewise.settings.endpoints import KEY_VARIABLES, Endpoint
from cachewise.settings.load import Loaded
from cachewise.settings.secrets import Secret
from cachewise.settings.values import read_key

SERVICE = "cachewise"
DEADLINE = 5.0
"""Seconds for all look-ups together. Some keyrings ask the user, and the server does not wait for that."""

Lookup = Callable[[str, str], str | None]
"""(service, user) to the stored value; may block."""

_log = logging.getLogger(__name__)


async def find_keys(loaded: Loaded, *, lookup: Lookup | None = None, deadline: float = DEADLINE) -> Loaded:
    """The same with the keys of the keyring in the endpoints that need one and have none.

    The keyring's user names are `openrouter`, `anthropic` and `openai`. A key of the environment comes first.

    Args:
        loaded: What `load` or `with_editor` gave.
        lookup: In place of the system's keyring.
        deadline: Seconds.
    """
    lacking = [e for e in loaded.endpoints.values() if e.needs_key and e.key is None and e.provider != "local"]
    if not lacking:
        return loaded
    try:
        async with asyncio.timeout(deadline):
            stored = await _in_thread(lookup or _system_keyring, [e.name for e in lacking])
    except TimeoutError:
        _log.warning("The keyring did not answer within %s s; it is left out.", deadline)
        return loaded
    found: dict[str, Secret] = {}
    for endpoint in lacking:
        try:
            key = read_key(stored.get(endpoint.name) or "")
        except ValueError:
            _log.warning("What the keyring holds for %s is no key; it is left out.", endpoint.name)
            continue
        if key is not None:
            found[endpoint.name] = Secret(key, frozenset({endpoint.origin}))
    return _with_keys(loaded, found) if found else loaded


def store_key(provider: str, key: str) -> None:
    """Put a key where `find_keys` looks for it.

    Raises:
        Fault: there is no keyring, it refused, or it did not keep the key; the sentence does not hold it.
    """
    import keyring
    from keyring.errors import KeyringError, NoKeyringError

    variable = next(name for known, name in KEY_VARIABLES.items() if known == provider)
    instead = f"Set the environment variable {variable} instead."
    try:
        keyring.set_password(SERVICE, provider, key)
        kept = keyring.get_password(SERVICE, provider)
    except NoKeyringError:
        raise Fault(f"There is no keyring on this machine to keep the key in. {instead}") from None
    except (KeyringError, OSError, RuntimeError) as error:
        raise Fault(f"The keyring refused to keep the key ({type(error).__name__}). {instead}") from None
    if kept != key:
        raise Fault(f"The keyring did not keep the key. {instead}")


def _with_keys(loaded: Loaded, found: dict[str, Secret]) -> Loaded:
    endpoints: dict[str, Endpoint] = {
        name: replace(endpoint, key=found[name]) if name in found else endpoint
        for name, endpoint in loaded.endpoints.items()
    }
    return replace(
        loaded,
        endpoints=MappingProxyType(endpoints),
        origins=MappingProxyType({**loaded.origins, **{f"{name}.key": "keyring" for name in found}}),
        base=None if loaded.base is None else _with_keys(loaded.base, found),
    )


async def _in_thread(lookup: Lookup, users: list[str]) -> dict[str, str]:
    """Look all users up in a daemon thread: unlike a pool's, it holds nothing up when the server ends meanwhile."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[dict[str, str]] = loop.create_future()

    def deliver(stored: dict[str, str]) -> None:
        if not done.done():
            done.set_result(stored)

    def work() -> None:
        stored: dict[str, str] = {}
        for user in users:
            try:
                value = lookup(SERVICE, user)
            except Exception as error:  # keyrings of any make, each with errors of its own
                _log.info("The keyring could not be asked for %s (%s).", user, type(error).__name__)
                continue
            if isinstance(value, str):
                stored[user] = value
        try:
            loop.call_soon_threadsafe(deliver, stored)
        except RuntimeError:
            _log.debug("The keyring answered after the end.")

    threading.Thread(target=work, name="keyring", daemon=True).start()
    return await done


def _system_keyring(service: str, user: str) -> str | None:
    import keyring

    return keyring.get_password(service, user)
