"""The files that the specifiers of JavaScript and TypeScript stand for: relative ones, and the project's own names.

`@/button` is what the nearest tsconfig.json or jsconfig.json says in `paths` or `baseUrl`, or a file that it extends or
refers to. Packages are not looked for. Not here: which specifiers a text has (`syntax/imports.py`), and whether a file
lies in the workspace (`imports.py`). Asks the file system: use it in a thread.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

_SUFFIXES = (".ts", ".tsx", ".d.ts", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs", ".vue", ".svelte", ".json")
_COMPILED = re.compile(r"\.(?:[mc]?js|jsx)$")
_CONFIGS = ("tsconfig.json", "jsconfig.json")
_LARGEST_CONFIG = 64_000
_MOST_CONFIGS = 12
_MOST_PATHS = 200
_MOST_TARGETS = 4
_COMMENT = re.compile(r'("(?:\\.|[^"\\])*")|//[^\n]*|/\*(?:.*?\*/|.*)', re.DOTALL)
_LAST_COMMA = re.compile(r'("(?:\\.|[^"\\])*")|,(?=\s*[}\]])', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Names:
    """What specifiers that are not relative stand for in a project."""

    base: str | None = None
    """The folder that names may start from."""
    paths: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Patterns with one `*` at most, and the absolute paths that they stand for."""

    def stems(self, specifier: str) -> Iterator[str]:
        """The absolute paths, with or without a suffix, that a specifier may mean; the likeliest first."""
        if specifier in self.paths:
            yield from self.paths[specifier]
            return
        fitting = [pattern for pattern in self.paths if _fits(pattern, specifier)]
        if fitting:
            pattern = max(fitting, key=lambda fits: fits.index("*"))
            head, _, tail = pattern.partition("*")
            middle = specifier[len(head) : len(specifier) - len(tail)]
            yield from (target.replace("*", middle) for target in self.paths[pattern])
        elif self.base is not None and _begins(self.base, specifier.split("/")[0]):
            yield os.path.join(self.base, specifier)


def script_files(specifiers: Iterable[str], directory: str, above: Iterable[str]) -> Iterator[str]:
    """The existing files that specifiers of a file stand for, in their order.

    Args:
        specifiers: As they are written.
        directory: Absolute path of the file's folder.
        above: That folder and those above it, as far as the project may reach.
    """
    names: Names | None = None
    for specifier in specifiers:
        stems: Iterable[str] = (os.path.join(directory, specifier),)
        if specifier not in (".", "..") and not specifier.startswith(("./", "../")):
            names = _names(list(above)) if names is None else names
            stems = names.stems(specifier)
        found = next(filter(None, map(_file, stems)), None)
        if found:
            yield found


def _file(stem: str) -> str | None:
    stem = os.path.normpath(stem)
    source = _COMPILED.sub("", stem)
    candidates = [stem]
    candidates += [each + suffix for each in dict.fromkeys((stem, source)) for suffix in _SUFFIXES]
    candidates += [os.path.join(stem, f"index{suffix}") for suffix in _SUFFIXES]
    return next(filter(os.path.isfile, candidates), None)


def _fits(pattern: str, specifier: str) -> bool:
    head, star, tail = pattern.partition("*")
    fits = specifier.startswith(head) and specifier.endswith(tail) and len(specifier) >= len(head) + len(tail)
    return bool(star) and fits


def _begins(folder: str, name: str) -> bool:
    """Whether a folder has something of that name, with any suffix: most specifiers are of packages."""
    return name in _listed(folder, _changed(folder))


@lru_cache(maxsize=16)
def _listed(folder: str, changed: int) -> frozenset[str]:
    try:
        return frozenset(part for name in os.listdir(folder) for part in (name, name.split(".")[0]))
    except OSError:
        return frozenset()


def _changed(path: str) -> int:
    """A number that changes with a file or folder."""
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return 0


def _names(above: list[str]) -> Names:
    """The names of the project that the first of some folders belongs to."""
    for folder in above:
        for name in _CONFIGS:
            path = os.path.join(folder, name)
            if os.path.isfile(path):
                return _of_config(path, above[-1], set())
    return Names()


def _of_config(path: str, top: str, seen: set[str]) -> Names:
    """What a configuration says itself, and else what those below `top` say that it extends or refers to."""
    seen.add(path)
    config = _read(path, _changed(path))
    folder = os.path.dirname(path)
    options = config.get("compilerOptions")
    options = options if isinstance(options, dict) else {}
    base, paths = options.get("baseUrl"), options.get("paths")
    base = os.path.normpath(os.path.join(folder, base)) if isinstance(base, str) else None
    found = Names(base, _absolute(paths, base or folder) if isinstance(paths, dict) else {})
    extended, referred = config.get("extends"), config.get("references")
    others = [extended] if isinstance(extended, str) else list(extended) if isinstance(extended, list) else []
    others = [each for each in others if isinstance(each, str) and each.startswith(".")]
    if isinstance(referred, list):
        others += [each.get("path") for each in referred if isinstance(each, dict)]
    for other in others:
        if (found.base and found.paths) or not isinstance(other, str) or len(seen) >= _MOST_CONFIGS:
            break
        at = os.path.normpath(os.path.join(folder, other))
        at = os.path.join(at, _CONFIGS[0]) if os.path.isdir(at) else at if at.endswith(".json") else f"{at}.json"
        if at not in seen and at.startswith(top.rstrip(os.sep) + os.sep):
            more = _of_config(at, top, seen)
            found = Names(found.base or more.base, found.paths or more.paths)
    return found


def _absolute(paths: dict[Any, Any], folder: str) -> dict[str, tuple[str, ...]]:
    found = {}
    for pattern, targets in list(paths.items())[:_MOST_PATHS]:
        if isinstance(targets, list) and str(pattern).count("*") <= 1:
            stems = tuple(os.path.join(folder, target) for target in targets if isinstance(target, str))
            found[str(pattern)] = stems[:_MOST_TARGETS]
    return found


@lru_cache(maxsize=32)
def _read(path: str, changed: int) -> dict[str, Any]:
    """A configuration: JSON with comments, and commas behind last items. Empty where it is something else."""
    try:
        with open(path, encoding="utf-8-sig", errors="replace") as file:
            text = file.read(_LARGEST_CONFIG)
        plain = _LAST_COMMA.sub(lambda found: found[1] or "", _COMMENT.sub(lambda found: found[1] or "", text))
        config = json.loads(plain)
    except (OSError, ValueError, RecursionError):
        return {}
    return config if isinstance(config, dict) else {}
