"""`cachewise settings`: what is in force, where each value came from, and what could not be used. Keys stay hidden."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from cachewise.log import set_level, set_up
from cachewise.settings.endpoints import Endpoint
from cachewise.settings.load import Loaded, hide_keys, load
from cachewise.settings.places import Places, find_places
from cachewise.settings.schema import SETTINGS
from cachewise.settings.secrets import Secret
from cachewise.settings.stored_keys import find_keys


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the table."""

    key: str
    value: Any
    """Plain JSON; what is secret is already described in words."""
    source: str


def show(*, as_json: bool) -> int:
    """Print the settings that a server would start with. The editor's part is not known here.

    Returns:
        1 if anything could not be used, else 0.
    """
    redaction = set_up(os.environ)
    places = find_places(os.environ)
    loaded = load(os.environ, places)
    set_level(loaded.settings.log)
    loaded = asyncio.run(_with_stored_keys(loaded))
    hide_keys(loaded, redaction.add)
    sys.stdout.write(_json(loaded, places) if as_json else _table(loaded, places))
    sys.stdout.flush()
    return 1 if loaded.problems else 0


async def _with_stored_keys(loaded: Loaded) -> Loaded:
    looking = asyncio.create_task(find_keys(loaded))
    done, _ = await asyncio.wait([looking], timeout=1)
    if not done:
        sys.stderr.write("Waiting for the keyring ...\n")
    return await looking


def lines(loaded: Loaded) -> Iterator[Line]:
    """Every setting, then the address and the key of each provider and local server."""
    for setting in SETTINGS:
        value = getattr(loaded.settings, setting.field)
        source = loaded.origins[setting.key]
        if setting.key == "completion.model" and source == "default":
            source = "same as model"
        yield Line(key=setting.key, value=_plain(value), source=source)
    for name, endpoint in loaded.endpoints.items():
        yield Line(
            key=f"{name}.base_url", value=endpoint.base_url, source=loaded.origins.get(f"{name}.base_url", "default")
        )
        if endpoint.headers:
            yield Line(key=f"{name}.headers", value=", ".join(sorted(endpoint.headers)), source="user file")
        if endpoint.proxy:
            yield Line(key=f"{name}.proxy", value=endpoint.proxy, source="user file")
        if endpoint.provider == "local":
            yield Line(key=f"{name}.model", value=endpoint.model, source="user file")
        yield _key_line(name, endpoint, loaded)


def _key_line(name: str, endpoint: Endpoint, loaded: Loaded) -> Line:
    source = loaded.origins.get(f"{name}.key", "default")
    if endpoint.key is not None:
        value = f"set (from {source.removeprefix('environment ')}), bound to {', '.join(sorted(endpoint.key.origins))}"
    elif endpoint.needs_key:
        value = f"not set; set {endpoint.key_variable}" if endpoint.key_variable else "not set"
    else:
        value = "not needed"
    return Line(key=f"{name}.key", value=value, source=source)


def _plain(value: object) -> object:
    if isinstance(value, Secret):
        return f"set, leads to {', '.join(sorted(value.origins))}"
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, Decimal):
        return float(value)
    return value if value is None or isinstance(value, bool | int) else str(value)


def _json(loaded: Loaded, places: Places) -> str:
    shown = {
        "settings": [{"key": line.key, "value": line.value, "from": line.source} for line in lines(loaded)],
        "userFile": str(places.user_file),
        "folders": {"config": str(places.config), "cache": str(places.cache), "state": str(places.state)},
        "problems": list(loaded.problems),
    }
    return json.dumps(shown, indent=2, ensure_ascii=False) + "\n"


def _table(loaded: Loaded, places: Places) -> str:
    rows = [("setting", "value", "from"), *((line.key, _cell(line.value), line.source) for line in lines(loaded))]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    text = [f"{key:<{widths[0]}}  {value:<{widths[1]}}  {source}".rstrip() for key, value, source in rows]
    exists = "" if places.user_file.is_file() else " (there is none)"
    text += ["", f"user file: {places.user_file}{exists}", f"cache: {places.cache}", f"state: {places.state}"]
    if loaded.problems:
        text += ["", "Could not be used:", *(f"  {problem}" for problem in loaded.problems)]
    return "\n".join(text) + "\n"


def _cell(value: object) -> str:
    if value is None:
        return "unset"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return json.dumps(value, ensure_ascii=False)
    return str(value)
