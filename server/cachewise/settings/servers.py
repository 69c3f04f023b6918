"""Endpoints, made from the user file's servers and the environment. Only these two sources say where requests go.

A server whose address is refused has no endpoint at all: text meant for a company's gateway must not go to the vendor
instead. Not here: keys of the keyring (`stored_keys.py`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from cachewise.log import mask
from cachewise.model.names import ProviderName
from cachewise.settings.endpoints import (
    BASE_URL_VARIABLES,
    DEFAULT_BASE_URLS,
    KEY_VARIABLES,
    Endpoint,
    checked_base_url,
    checked_proxy,
)
from cachewise.settings.secrets import Secret, origin_of
from cachewise.settings.trust import holds_keys, quoted
from cachewise.settings.values import read_key

_ENTRY = re.compile(r"[A-Za-z0-9._\-]{1,60}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~\-]{1,100}")
_OWN_HEADERS = frozenset(
    {"host", "connection", "content-length", "content-type", "content-encoding", "transfer-encoding", "accept", "te"}
    | {"accept-encoding", "upgrade", "trailer", "expect", "cookie"}
)


@dataclass(slots=True)
class Servers:
    """The endpoints, where the parts of each came from, and what was wrong."""

    endpoints: dict[str, Endpoint] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    """`NAME.base_url` and `NAME.key` of each endpoint, as in `Loaded.origins`."""
    problems: list[str] = field(default_factory=list)


def find_servers(env: Mapping[str, str], entries: Mapping[str, Mapping[str, object]]) -> Servers:
    """The endpoints of the vendors and of the local servers in the user file.

    Args:
        env: The environment.
        entries: `UserFile.servers`.
    """
    found = Servers()
    for provider in DEFAULT_BASE_URLS:
        _add_vendor(found, provider, env, entries.get(provider, {}))
    for name, entry in entries.items():
        if name.startswith("local:"):
            _add_local(found, name, env, entry)
    return found


def _add_vendor(found: Servers, provider: ProviderName, env: Mapping[str, str], entry: Mapping[str, object]) -> None:
    variable, base_url, source = BASE_URL_VARIABLES[provider], DEFAULT_BASE_URLS[provider], "default"
    given: object = base_url
    if env.get(variable, "").strip():
        given, source = env[variable], f"environment {variable}"
    elif "base_url" in entry:
        given, source = entry["base_url"], "user file"
    checked = _base_url(found, provider, provider, given, source)
    if checked is None or not _reachable(found, provider, entry, checked):
        return
    key_variable = KEY_VARIABLES[provider]
    key = _key(found, provider, checked, env, key_variable)
    found.origins[f"{provider}.base_url"] = source
    found.endpoints[provider] = Endpoint(
        provider=provider,
        name=provider,
        base_url=checked,
        key=key,
        headers=_headers(found, provider, entry),
        proxy=_proxy(entry, checked),
        model=None,
        needs_key=True,
        key_variable=key_variable,
    )


def _add_local(found: Servers, name: str, env: Mapping[str, str], entry: Mapping[str, object]) -> None:
    entry_name = name.removeprefix("local:")
    shown = f"local.{entry_name}"
    if not _ENTRY.fullmatch(entry_name):
        found.problems.append(
            f"In the user file, {quoted(shown)} is not used: names of servers hold letters, digits, '.', '_' and '-'."
        )
        return
    if "base_url" not in entry:
        found.problems.append(f"In the user file, {shown!r} lacks its 'base_url', so it is not used.")
        return
    checked = _base_url(found, "local", shown, entry["base_url"], "user file")
    if checked is None or not _reachable(found, shown, entry, checked):
        return
    model = entry.get("model", entry_name)
    if not isinstance(model, str) or not model.strip() or not model.isprintable() or mask(model) != model:
        found.problems.append(f"In the user file, '{shown}.model' must be the name of a model; {entry_name!r} is sent.")
        model = entry_name
    variable = entry.get("api_key_env")
    if variable is not None and not (isinstance(variable, str) and _VARIABLE.fullmatch(variable)):
        found.problems.append(
            f"In the user file, '{shown}.api_key_env' must be the name of an environment variable, so {shown!r} is not "
            "used."
        )
        return
    found.origins[f"{name}.base_url"] = "user file"
    found.endpoints[name] = Endpoint(
        provider="local",
        name=entry_name,
        base_url=checked,
        key=_key(found, name, checked, env, variable) if variable else None,
        headers=_headers(found, shown, entry),
        proxy=_proxy(entry, checked),
        model=model.strip(),
        needs_key=variable is not None,
        key_variable=variable,
    )


def _base_url(found: Servers, provider: ProviderName, shown: str, given: object, source: str) -> str | None:
    try:
        if not isinstance(given, str):
            raise ValueError("it is not a string")
        return checked_base_url(given, provider=provider)
    except ValueError as error:
        where = f"In the user file, '{shown}.base_url'" if source == "user file" else f"{source.split()[-1]}"
        reason = str(error) if str(error).startswith("it") else "it is not a valid address"
        found.problems.append(f"{where} is refused: {reason}. Until that is mended, {shown!r} can't be used.")
        return None


def _reachable(found: Servers, shown: str, entry: Mapping[str, object], base_url: str) -> bool:
    """Whether the way to a server is clear. One whose proxy is refused is not asked past the proxy instead."""
    try:
        _proxy(entry, base_url)
    except ValueError as error:
        reason = str(error) if str(error).startswith("it") else "it is not a valid address"
        found.problems.append(
            f"In the user file, '{shown}.proxy' is refused: {reason}. Until that is mended, {shown!r} can't be used."
        )
        return False
    return True


def _proxy(entry: Mapping[str, object], base_url: str) -> str | None:
    given = entry.get("proxy")
    if given is None:
        return None
    if not isinstance(given, str):
        raise ValueError("it is not a string")
    return checked_proxy(given, base_url)


def _key(found: Servers, name: str, base_url: str, env: Mapping[str, str], variable: str) -> Secret | None:
    try:
        value = read_key(env.get(variable, ""))
    except ValueError as error:
        found.problems.append(f"{variable} {error}. Until then it counts as not set.")
        return None
    if value is None:
        return None
    found.origins[f"{name}.key"] = f"environment {variable}"
    return Secret(value, frozenset({origin_of(base_url)}))


def _headers(found: Servers, shown: str, entry: Mapping[str, object]) -> Mapping[str, str]:
    given = entry.get("headers", {})
    if not isinstance(given, Mapping):
        found.problems.append(f"In the user file, '{shown}.headers' must be a table of strings, so it is not used.")
        return MappingProxyType({})
    kept: dict[str, str] = {}
    for name, value in given.items():
        if holds_keys(name) or name.lower() in _OWN_HEADERS or not _HEADER.fullmatch(name):
            why = "keys don't belong into the file" if holds_keys(name) else "it can't be set"
        elif not isinstance(value, str) or not value.isascii() or not value.isprintable():
            why = "its value must be printable ASCII"
        elif mask(value) != value:
            why = "its value looks like a key, and keys don't belong into the file"
        else:
            kept[name] = value
            continue
        found.problems.append(f"In the user file, the header {quoted(name)} of {shown!r} is not sent: {why}.")
    return MappingProxyType(kept)
