"""Where each provider is reached, with which key.

Not here: how an endpoint comes out of the user file and the environment (`servers.py`), and the HTTP clients
(`providers/`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from cachewise.model.names import ProviderName
from cachewise.settings.secrets import Secret, is_loopback, origin_of

DEFAULT_BASE_URLS: Mapping[ProviderName, str] = MappingProxyType(
    {
        "openrouter": "https://openrouter.ai/api/v1",
        "anthropic": "https://api.anthropic.com",
        "openai": "https://api.openai.com/v1",
    }
)
"""The vendors' own addresses, as their documentation gives them."""

KEY_VARIABLES: Mapping[ProviderName, str] = MappingProxyType(
    {"openrouter": "OPENROUTER_API_KEY", "anthropic": "ANTHROPIC_API_KEY", "openai": "OPENAI_API_KEY"}
)
BASE_URL_VARIABLES: Mapping[ProviderName, str] = MappingProxyType(
    {"openrouter": "OPENROUTER_BASE_URL", "anthropic": "ANTHROPIC_BASE_URL", "openai": "OPENAI_BASE_URL"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One server that models are asked at."""

    provider: ProviderName
    name: str
    """The key in `Loaded.endpoints`: `openrouter`, `anthropic`, `openai`, or the NAME of `local:NAME`."""
    base_url: str
    """With the API path, without a slash at the end. For Anthropic without `/v1`, which its client adds itself."""
    key: Secret | None
    headers: Mapping[str, str] = field(repr=False)
    """Further headers of the user file. Values may be secret, so they are in no repr."""
    model: str | None
    """For `local` the model name to send. None elsewhere, where the model setting says it."""
    needs_key: bool
    proxy: str | None = None
    """The HTTP proxy that connections are tunnelled through, so that it sees no key and no text."""
    key_variable: str | None = None
    """The environment variable that the key is looked for in, so that a message can say what to set."""

    @property
    def origin(self) -> str:
        """The origin that requests go to, and that the key must be bound to."""
        return origin_of(self.base_url)


def checked_proxy(url: str, base_url: str) -> str:
    """A proxy's address in the form that `Endpoint` holds.

    Raises:
        ValueError: with the end of a sentence (`it ...`) that does not repeat the address.
    """
    trimmed = url.strip().rstrip("/")
    if "@" in trimmed:
        raise ValueError("it holds a password, and those don't belong into the file")
    origin = origin_of(trimmed)
    if not origin.startswith("http"):
        raise ValueError("it does not begin with http:// or https://")
    if trimmed.count("/") > 2 or "?" in trimmed or "#" in trimmed:
        raise ValueError("it holds more than a host and a port")
    if not base_url.startswith("https://"):
        raise ValueError("it would see the key, since the server's own address is not https://")
    return origin


def checked_base_url(url: str, *, provider: ProviderName) -> str:
    """A base URL in the form that `Endpoint` holds.

    Raises:
        ValueError: with the end of a sentence (`it ...`) that does not repeat the URL.
    """
    trimmed = url.strip().rstrip("/")
    origin = origin_of(trimmed)
    if not origin.startswith("http"):
        raise ValueError("it does not begin with https:// or http://")
    if "?" in trimmed or "#" in trimmed:
        raise ValueError("it holds a query or a fragment")
    if origin.startswith("http://") and not is_loopback(origin):
        raise ValueError("it uses http:// to another machine; only https:// is safe there")
    return trimmed.removesuffix("/v1") if provider == "anthropic" else trimmed
