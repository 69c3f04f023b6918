"""`cachewise login`: puts a provider's key into the system's keyring, where every server of the user finds it.

For OpenRouter by signing in with a browser, or with a code that is copied by hand where there is none (`--paste`); for
the others, or with `--key`, the key itself is typed or piped in. The key is never printed. Not here: the OAuth flow
(`providers/oauth.py`), and looking keys up (`settings/stored_keys.py`).
"""

from __future__ import annotations

import asyncio
import getpass
import os
import sys
import threading
import webbrowser

from cachewise.cli.callback import listening
from cachewise.faults import Fault
from cachewise.log import redaction, set_up
from cachewise.settings.endpoints import KEY_VARIABLES, Endpoint
from cachewise.settings.load import hide_keys, load
from cachewise.settings.places import find_places
from cachewise.settings.stored_keys import store_key
from cachewise.settings.values import read_key

PATIENCE = 600.0
"""Seconds to sign in; OpenRouter's codes are good for ten minutes."""
_NAMES = {"openrouter": "OpenRouter", "anthropic": "Anthropic", "openai": "OpenAI"}


def login(provider: str, *, paste: bool, key: bool) -> int:
    """Get a key and keep it.

    Args:
        provider: `openrouter`, `anthropic` or `openai`.
        paste: Sign in to OpenRouter with a code that is copied by hand.
        key: Ask for an existing key instead of signing in.

    Raises:
        Fault: there is no key, or no keyring to keep it in.
    """
    set_up(os.environ)
    loaded = load(os.environ, find_places(os.environ))
    hide_keys(loaded, redaction().add)
    endpoint = loaded.endpoints.get(provider)
    if endpoint is None:
        raise Fault(f"The address for {_NAMES[provider]} was refused; `cachewise settings` says why.")
    if provider != "openrouter" and paste:
        raise Fault(f"Only OpenRouter can be signed in to. Leave --paste out, and enter the key of {_NAMES[provider]}.")
    found = _typed_key(provider) if key or provider != "openrouter" else asyncio.run(_sign_in(endpoint, paste=paste))
    redaction().add(found)
    store_key(provider, found)
    print(f"The key is in the keyring (service cachewise, user {provider}). Restart your language server to use it.")
    variable = next(name for known, name in KEY_VARIABLES.items() if known == provider)
    if os.environ.get(variable):
        print(f"Here {variable} is set, too, and comes first; take it out of your environment.")
    return 0


async def _sign_in(endpoint: Endpoint, *, paste: bool) -> str:
    from cachewise.providers.oauth import begin, exchange

    if paste:
        attempt = begin(endpoint.base_url, None, proxy=endpoint.proxy)
        print(f"Open this page in any browser, and sign in:\n\n  {attempt.url}\n", flush=True)
        return await exchange(attempt, _secret("Code (not shown): "))
    async with listening() as callback:
        attempt = begin(endpoint.base_url, callback.url, proxy=endpoint.proxy)
        print(f"Sign in in your browser. If none opens, open this page:\n\n  {attempt.url}\n", flush=True)
        print("Without a browser on this machine, use `cachewise login --paste`.", flush=True)
        # A daemon, since a browser that runs in the terminal returns only when it is closed.
        threading.Thread(target=webbrowser.open, args=(attempt.url,), daemon=True).start()
        try:
            async with asyncio.timeout(PATIENCE):
                code = await callback.code
        except TimeoutError:
            raise Fault(f"Nobody signed in within {PATIENCE / 60:.0f} minutes.") from None
        return await exchange(attempt, code)


def _typed_key(provider: str) -> str:
    try:
        found = read_key(_secret(f"Key for {_NAMES[provider]} (not shown): "))
    except ValueError as error:
        raise Fault(f"That {error}.") from None
    if found is None:
        raise Fault("No key was given.")
    return found


def _secret(prompt: str) -> str:
    """A line that is not shown while it is typed; from a pipe, its first line."""
    if sys.stdin.isatty():
        return getpass.getpass(prompt)
    return sys.stdin.readline()
