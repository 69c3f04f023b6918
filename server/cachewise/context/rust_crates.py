"""The crates that Rust sources import by name and that are in the workspace: the package's own, and those of its paths.

A package's tests, examples and programs name its library as any other crate. Not here: paths within a crate
(`imports.py`). Asks the file system: use it in a thread.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

_LARGEST = 200_000
_DEPENDENCIES = ("dependencies", "dev-dependencies", "build-dependencies")


def crate_folder(name: str, above: Iterable[str]) -> str | None:
    """The absolute path of the folder with a crate's sources; None where no manifest says that it is here.

    Args:
        name: The crate's name, as sources write it.
        above: The folders in which a manifest that counts may lie, the nearest first.
    """
    for folder in above:
        manifest = _manifest(folder)
        library = _table(manifest, "lib")
        own = library.get("name") or _table(manifest, "package").get("name")
        if _is(own, name):
            return _sources(folder, library)
        for key, value in _dependencies(manifest):
            if _is(key, name) and isinstance(path := value.get("path"), str):
                at = os.path.normpath(os.path.join(folder, path))
                return _sources(at, _table(_manifest(at), "lib"))
    return None


def _sources(folder: str, library: dict[str, Any]) -> str:
    path = library.get("path")
    return os.path.join(folder, os.path.dirname(path) if isinstance(path, str) else "src")


def _is(key: object, name: str) -> bool:
    return isinstance(key, str) and key.replace("-", "_") == name


def _dependencies(manifest: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """All that are told as a table, those of a workspace included."""
    tables = [_table(manifest, table) for table in _DEPENDENCIES]
    for table in (*tables, _table(_table(manifest, "workspace"), "dependencies")):
        yield from ((key, value) for key, value in table.items() if isinstance(value, dict))


def _table(manifest: dict[str, Any], name: str) -> dict[str, Any]:
    table = manifest.get(name)
    return table if isinstance(table, dict) else {}


def _manifest(folder: str) -> dict[str, Any]:
    """A folder's manifest; empty where it has none."""
    path = os.path.join(folder, "Cargo.toml")
    try:
        return _read(path, os.stat(path).st_mtime_ns)
    except OSError:
        return {}


@lru_cache(maxsize=32)
def _read(path: str, changed: int) -> dict[str, Any]:
    """What a manifest says, read again when it has changed; empty where it is none."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return tomllib.loads(file.read(_LARGEST))
    except (OSError, ValueError, RecursionError):
        return {}
