"""The user's own file, `config.toml`: read as it stands, taken apart into settings and servers.

Not here: what the values mean (`values.py`) and what becomes of the servers (`servers.py`). Keys are never read from
it: a file is copied, committed and shown on screens.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cachewise.settings.schema import BY_KEY
from cachewise.settings.trust import GROUPS, holds_keys, quoted

LARGEST = 1_000_000
"""Bytes. A file of settings is no larger; what is larger is something else."""

VENDORS = ("openrouter", "anthropic", "openai")
_ENTRY_NAMES = {
    "vendor": ("base_url", "headers", "proxy"),
    "local": ("base_url", "headers", "proxy", "model", "api_key_env"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class UserFile:
    """What the user file says, not yet checked."""

    settings: Mapping[str, object] = field(default_factory=dict)
    servers: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    """By the name of the endpoint: `openrouter`, `anthropic`, `openai` or `local:NAME`."""
    problems: tuple[str, ...] = ()


def read_user_file(path: Path) -> UserFile:
    """Read the file. One that is missing is empty; one that can't be used is empty with a problem."""
    try:
        with path.open("rb") as file:
            refusal = _unsafe(os.fstat(file.fileno()))
            if refusal:
                return UserFile(problems=(f"The user file {str(path)!r} {refusal}, so it is not used.",))
            raw = file.read(LARGEST + 1)
    except FileNotFoundError:
        return UserFile()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "its path is not usable"
        return UserFile(problems=(f"The user file {str(path)!r} can't be read: {reason}.",))
    if len(raw) > LARGEST:
        return UserFile(problems=(f"The user file {str(path)!r} is too large, so it is not used.",))
    import tomllib  # only where there is a file

    try:
        tables = tomllib.loads(raw.decode())
    except UnicodeDecodeError:
        return UserFile(problems=(f"The user file {str(path)!r} is not UTF-8, so it is not used.",))
    except (ValueError, RecursionError) as error:
        at = str(error)[str(error).rfind("(at ") :] if "(at " in str(error) else "(nested too deeply)"
        return UserFile(problems=(f"The user file {str(path)!r} is not valid TOML {at}, so it is not used.",))
    return _taken_apart(tables)


def _unsafe(found: os.stat_result) -> str | None:
    if not stat.S_ISREG(found.st_mode):
        return "is not a regular file"
    if os.name != "posix":
        return None
    if found.st_uid not in (os.geteuid(), 0):
        return "belongs to another user"
    private_group = found.st_gid == found.st_uid  # the group of the same number holds only the user
    if found.st_mode & stat.S_IWOTH or (found.st_mode & stat.S_IWGRP and not private_group):
        return "can be written by others (run 'chmod 600' on it)"
    return None


def _taken_apart(tables: Mapping[str, object]) -> UserFile:
    settings: dict[str, object] = {}
    servers: dict[str, Mapping[str, object]] = {}
    problems: list[str] = []
    for name, value in tables.items():
        if name in VENDORS:
            servers[name] = _server(name, value, _ENTRY_NAMES["vendor"], problems)
        elif name == "local":
            if not isinstance(value, Mapping):
                problems.append("In the user file, 'local' must be tables such as [local.NAME], so it is not used.")
                continue
            for entry, table in value.items():
                servers[f"local:{entry}"] = _server(f"local.{entry}", table, _ENTRY_NAMES["local"], problems)
        elif name in GROUPS and isinstance(value, Mapping):
            for inner, inner_value in value.items():
                _setting(f"{name}.{inner}", inner_value, settings, problems)
        else:
            _setting(name, value, settings, problems)
    return UserFile(settings=settings, servers=servers, problems=tuple(problems))


def _setting(key: str, value: object, settings: dict[str, object], problems: list[str]) -> None:
    if key in BY_KEY:
        settings[key] = value
    elif any(holds_keys(part) for part in key.split(".")):
        problems.append(_key_in_file(key))
    else:
        problems.append(f"In the user file, {quoted(key)} is no setting of cachewise{_likely(key)}, so it is not used.")


def _server(shown: str, table: object, names: tuple[str, ...], problems: list[str]) -> Mapping[str, object]:
    if not isinstance(table, Mapping):
        problems.append(f"In the user file, {quoted(shown)} must be a table, so it is not used.")
        return {}
    for name in table:
        if name in names:
            continue
        if holds_keys(name):
            problems.append(_key_in_file(f"{shown}.{name}"))
        else:
            problems.append(f"In the user file, {quoted(f'{shown}.{name}')} is not known, so it is not used.")
    return {name: table[name] for name in names if name in table}


def _key_in_file(key: str) -> str:
    return (
        f"In the user file, {quoted(key)} is not used: keys come only from environment variables, the keyring or the "
        "editor's secret store. For a local server, 'api_key_env' names the variable that holds its key."
    )


def _likely(key: str) -> str:
    """A hint where only the way of writing differs, such as `completion.max_tokens`."""
    bare = key.replace("_", "").casefold()
    for known in BY_KEY:
        if known.casefold() == bare:
            return f" (write it as {known!r})"
    return ""
