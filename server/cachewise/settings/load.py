"""The settings in force: defaults, then the user file, then the environment, then what the editor may change.

A bad value never stops the server: what was there before stays, and one sentence says so. Not here: the keyring, which
may be slow and is asked later (`stored_keys.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from cachewise.model.names import ModelName
from cachewise.settings.endpoints import Endpoint
from cachewise.settings.forms import Setting, Settings
from cachewise.settings.places import Places
from cachewise.settings.schema import BY_KEY, SETTINGS
from cachewise.settings.secrets import is_loopback
from cachewise.settings.servers import find_servers
from cachewise.settings.trust import combined, entries
from cachewise.settings.user_file import read_user_file
from cachewise.settings.values import read_value


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """Settings, endpoints, where each came from, and what could not be used."""

    settings: Settings
    origins: Mapping[str, str]
    """By key, also `openrouter.base_url` and `openrouter.key`: `default`, `user file`, `environment VARIABLE`,
    `keyring` or `editor`."""
    problems: tuple[str, ...]
    """One sentence for people each. They hold no values."""
    endpoints: Mapping[str, Endpoint]
    """By `openrouter`, `anthropic`, `openai` and `local:NAME`. A server whose address was refused is missing."""
    base: Loaded | None = field(default=None, repr=False)
    """The state without an editor's section; None where this is it."""


def load(env: Mapping[str, str], places: Places) -> Loaded:
    """Read the user file and the environment. Takes a small file's time, and never raises for what they hold."""
    file = read_user_file(places.user_file)
    servers = find_servers(env, file.servers)
    problems = [*file.problems, *servers.problems]
    values: dict[str, Any] = {s.key: None if s.default is None else read_value(s, s.default) for s in SETTINGS}
    origins = dict.fromkeys(BY_KEY, "default") | servers.origins

    def take(setting: Setting, raw: object, source: str, subject: str) -> None:
        try:
            value = read_value(setting, raw)
            _refuse_unknown_server(value, servers.endpoints)
        except ValueError as error:
            problems.append(f"{subject} {error}, so it is not used.")
        else:
            values[setting.key], origins[setting.key] = value, source

    for key, raw in file.settings.items():
        take(BY_KEY[key], raw, "user file", f"In the user file, {key!r}")
    for setting in SETTINGS:
        variable = next((name for name in setting.variables if env.get(name, "").strip()), None)
        if variable:
            raw = env[variable].strip()
            take(setting, raw.lower() if setting.kind == "choice" else raw, f"environment {variable}", variable)
    if values["completion.model"] is None:
        values["completion.model"] = values["model"]
    refused = _refused_redis(values)
    if refused:
        problems.append(refused)
        values["redis.url"], origins["redis.url"] = None, "default"
    return Loaded(
        settings=Settings(**{BY_KEY[key].field: value for key, value in values.items()}),
        origins=MappingProxyType(origins),
        problems=tuple(problems),
        endpoints=MappingProxyType(servers.endpoints),
    )


def with_editor(loaded: Loaded, section: object) -> Loaded:
    """The settings with an editor's section on top, within what editors are trusted with.

    Starts from the state without any section, so that an older section leaves nothing behind. Never raises, whatever
    the section is. Endpoints never change.
    """
    base = loaded.base or loaded
    given, problems = entries(section)
    changes: dict[str, Any] = {}
    origins = dict(base.origins)
    for key, raw in given.items():
        setting = BY_KEY[key]
        own = getattr(base.settings, setting.field)
        try:
            wanted = read_value(setting, raw)
            _refuse_unknown_server(wanted, base.endpoints)
        except ValueError as error:
            problems.append(f"The editor's {key!r} {error}, so it is not used.")
            continue
        value, refusal = combined(setting, own, wanted)
        if refusal:
            problems.append(refusal)
        elif value != own or key == "completion.model":  # which follows `model` until it is set, even to the same
            changes[setting.field], origins[key] = value, "editor"
    if origins["completion.model"] == "default":
        changes["completion_model"] = changes.get("model", base.settings.model)
    return replace(
        base,
        settings=replace(base.settings, **changes),
        origins=MappingProxyType(origins),
        problems=(*base.problems, *problems),
        base=base,
    )


def hide_keys(loaded: Loaded, add: Callable[[str], None]) -> None:
    """Hand every secret value to `add`, which keeps it out of the log (`log.Redaction.add`)."""
    for endpoint in loaded.endpoints.values():
        if endpoint.key is not None:
            add(endpoint.key.reveal_for(endpoint.origin))
    redis = loaded.settings.redis_url
    if redis is not None:
        for origin in redis.origins:
            url = redis.reveal_for(origin)
            _, _, password = url.rpartition("@")[0].rpartition(":")
            add(password)
            add(url)


def _refuse_unknown_server(value: object, endpoints: Mapping[str, Endpoint]) -> None:
    if isinstance(value, ModelName) and value.provider == "local" and str(value) not in endpoints:
        raise ValueError("names a local server that has no usable [local.NAME] table in the user file")


def _refused_redis(values: Mapping[str, Any]) -> str | None:
    url = values["redis.url"]
    if url is None or values["redis.allowUnencrypted"]:
        return None
    [origin] = url.origins
    if origin.startswith("rediss:") or is_loopback(origin):
        return None
    return (
        "'redis.url' is not used: it leads to another machine without TLS. Use rediss://, or set "
        "'redis.allowUnencrypted' in the user file if the network in between is your own."
    )
