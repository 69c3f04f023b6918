"""Getting a key from OpenRouter for somebody who signs in there: OAuth with PKCE (openrouter.ai/docs/oauth).

The browser gets a challenge, and only who knows its verifier, which never leaves this process, can turn the code that
comes back into a key. Not here: the browser and the way the code comes back (`cli/login.py`), and keeping the key.
"""

from __future__ import annotations

import hashlib
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import httpx2

from cachewise.faults import RequestFailed
from cachewise.settings.secrets import origin_of
from cachewise.settings.values import read_key

TIMEOUT = 20.0
"""Seconds for the exchange."""
LABEL = "cachewise"
"""How the key is called in the list of keys, where the code is copied by hand."""
_LONGEST = 64 * 1024
"""Bytes of a reply; a key and some words about its owner are a few hundred."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """One attempt to sign in."""

    url: str
    """What the user opens in a browser."""
    keys_url: str
    proxy: str | None
    verifier: str = field(repr=False)


def begin(base_url: str, callback: str | None, *, proxy: str | None = None) -> SignIn:
    """Start to sign in.

    Args:
        base_url: Of OpenRouter's API, such as `https://openrouter.ai/api/v1`.
        callback: Where the browser is sent with the code; None to have it shown, so that the user copies it.
        proxy: The user's own, if there is one; those of the environment are not used.
    """
    verifier = secrets.token_urlsafe(48)
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    query = {"code_challenge": urlsafe_b64encode(digest).rstrip(b"=").decode("ascii"), "code_challenge_method": "S256"}
    query |= {"key_label": LABEL} if callback is None else {"callback_url": callback}
    return SignIn(
        url=f"{origin_of(base_url)}/auth?{urlencode(query)}",
        keys_url=f"{base_url}/auth/keys",
        proxy=proxy,
        verifier=verifier,
    )


async def exchange(sign_in: SignIn, code: str) -> str:
    """Turn the code into a key. Redirects are not followed.

    Raises:
        RequestFailed: it was refused, or there was no answer; the sentence holds neither code nor key.
    """
    body = {"code": code.strip(), "code_verifier": sign_in.verifier, "code_challenge_method": "S256"}
    host = origin_of(sign_in.keys_url)
    try:
        async with (
            httpx2.AsyncClient(trust_env=False, follow_redirects=False, proxy=sign_in.proxy, timeout=TIMEOUT) as client,
            client.stream("POST", sign_in.keys_url, json=body) as response,
        ):
            status, raw = response.status_code, b""
            async for chunk in response.aiter_bytes():
                raw += chunk
                if len(raw) > _LONGEST:
                    raise RequestFailed(f"{host} gave an answer that is no key.")
        found: Any = httpx2.Response(200, content=raw).json() if status == 200 else None
    except httpx2.HTTPError as error:
        raise RequestFailed(f"{host} could not be reached ({type(error).__name__}). Try again.") from None
    except ValueError:
        raise RequestFailed(f"{host} gave an answer that is no key.") from None
    if status in (400, 403):
        raise RequestFailed("The code was not accepted: it is wrong, used or older than ten minutes. Sign in again.")
    if status != 200:
        raise RequestFailed(f"{host} refused with status {status}. Try again later.")
    key = found.get("key") if isinstance(found, dict) else None
    try:
        checked = read_key(key) if isinstance(key, str) else None
    except ValueError:
        checked = None
    if checked is None:
        raise RequestFailed(f"{host} gave an answer that is no key.")
    return checked
