"""The key of an answer: a digest of everything the answer depends on, and of nothing else.

Two kinds. What an editor asks is `scoped`: the key names the question and its surroundings, so that an edit elsewhere
in the file keeps the answer. Runs of agents are `exact`: their keys name all that would be sent (`agent_probe.py`).
Both hash canonical JSON; no field can run into the next. Not here: the surroundings of a selection (`scope.py`).
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

SCHEME = 1
"""Part of every key: raising it loses all answers at once."""
_ABSOLUTE = re.compile(r"(/|[A-Za-z]:|[A-Za-z][A-Za-z0-9+.-]+://)")


def scoped_key(
    *,
    task: str,
    model: str,
    settings: Mapping[str, Any],
    template_version: str,
    language: str,
    path: str,
    question: str = "",
    diagnostics: Sequence[str] = (),
    selection: str = "",
    definition: str = "",
    place: tuple[int, int] = (0, 0),
    dependencies: str = "",
) -> str:
    """The key of a question about a piece of a file.

    Args:
        task: The feature's name.
        model: The whole model string, with its provider.
        settings: Those that change the output, such as the longest answer. JSON values only.
        template_version: Of the feature's prompt.
        language: The LSP language id.
        path: Relative to the workspace folder; an absolute one is cut down to its last part.
        question: What the user asked.
        diagnostics: Their messages, in any order.
        selection: The selected text.
        definition: The definition around it, with its enclosing signatures (`Scope.definition`).
        place: Where the selection is inside that definition (`Scope.place`).
        dependencies: Digest of what the definition names (`scope.dependencies_digest`).

    Returns:
        64 hex digits.

    Raises:
        TypeError: if the settings hold something that JSON can't say.
    """
    return digest(
        {
            "kind": "scoped",
            "task": task,
            "model": model,
            "settings": settings,
            "template": template_version,
            "language": language,
            "path": relative_name(path),
            "question": question,
            "diagnostics": sorted(diagnostics),
            "selection": selection,
            "definition": definition,
            "place": place,
            "dependencies": dependencies,
        }
    )


def digest(value: Mapping[str, Any]) -> str:
    """SHA-256 of canonical JSON: sorted keys, one way to write each value.

    Raises:
        TypeError: if something in it is not JSON.
    """
    return hashlib.sha256(canonical_digestible(value)).hexdigest()


def canonical_digestible(value: Mapping[str, Any]) -> bytes:
    """The bytes that `digest` takes the digest of.

    Raises:
        TypeError: if something in it is not JSON.
    """
    return canonical_json({"scheme": SCHEME, **value})


def canonical_json(value: object) -> bytes:
    """JSON bytes that are equal exactly for equal values; 1 and 1.0 are equal, True and 1 are not.

    Raises:
        TypeError: if something in it is not JSON.
    """
    return json.dumps(_plain(value), sort_keys=True, ensure_ascii=True, separators=(",", ":")).encode("ascii")


def relative_name(path: str) -> str:
    """A path as keys name it: forward slashes, and never absolute, so that two checkouts share their answers."""
    name = path.replace("\\", "/")
    if _ABSOLUTE.match(name):
        return name.rstrip("/").rpartition("/")[2]
    while name.startswith("./"):
        name = name[2:]
    return name


def _plain(value: object) -> object:
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise TypeError(f"{value!r} has no place in a key")
        return int(value) if value.is_integer() and abs(value) < 2**53 else value
    if isinstance(value, Decimal):
        return str(value.normalize())
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        if not all(isinstance(name, str) for name in value):
            raise TypeError("names in a key are text")
        return {name: _plain(item) for name, item in value.items()}
    raise TypeError(f"a {type(value).__name__} has no place in a key")
