"""What an editor's section may say, and how it combines with the user's own settings.

An editor sends one merged section, so a repository's own editor configuration looks like the user's. Hence what steers
the network, keys, processes or files is dropped here, whatever its name, and some settings may only be tightened. Not
here: the binding of keys to hosts, the second and independent lock (`secrets.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from cachewise.log import mask
from cachewise.settings.forms import Setting
from cachewise.settings.schema import BY_KEY

MOST_PROBLEMS = 20
"""Of one section; the rest is only counted, so that a hostile section can't flood the log or the status."""

GROUPS = frozenset(key.rpartition(".")[0] for key in BY_KEY if "." in key)

_SECTION = "cachewise"
_KEYS = re.compile(
    r"key$|keys$|secret|password|passwd|credential|bearer|authorization|^token$|(api|auth|access)_?token", re.I
)
_STEERS = re.compile(
    r"url|uri|prox(y|ies)|header|endpoint|host|server|port$|origin|address|path|dir$|directory|folder|file|socket"
    r"|verify|insecure|tls|ssl|cert|unencrypted|command|args$|^env$|environment|python|shell|exec"
    r"|^(openrouter|anthropic|openai|local|redis|cache|log|logs|state|config|places|keyring|sealing)$",
    re.I,
)


def entries(section: object) -> tuple[dict[str, object], list[str]]:
    """The entries of an editor's section that it may give, still unread, and a sentence for each other one.

    The section may stand in an object under `cachewise`; keys may be nested, dotted or both; null means unset.
    """
    problems: list[str] = []
    if isinstance(section, Mapping) and _SECTION in section:
        section = section[_SECTION]
    if section is None:
        return {}, problems
    if not isinstance(section, Mapping):
        return {}, ["The editor's configuration is not an object, so nothing of it is used."]
    found: dict[str, object] = {}
    dropped = 0
    for key, value in _flattened(section):
        if value is None:
            found.pop(key, None)
            continue
        setting = BY_KEY.get(key)
        if setting is not None and setting.trust != "user":
            found[key] = value
        elif len(problems) < MOST_PROBLEMS:
            problems.append(_refusal(key))
        else:
            dropped += 1
    if dropped:
        problems.append(f"{dropped} more settings of the editor are not used.")
    return found, problems


def merged(*sections: object) -> dict[str, object]:
    """Several sections of one editor as one with dotted keys; what a later one says, even null, counts.

    A section that is no object says nothing.
    """
    flat: dict[str, object] = {}
    for section in sections:
        if isinstance(section, Mapping):
            inner = section.get(_SECTION, section)
            if isinstance(inner, Mapping):
                flat.update(_flattened(inner))
    return flat


def combined(setting: Setting, own: Any, wanted: Any) -> tuple[Any, str | None]:
    """The value in force when the user's own value is `own` and the editor wants `wanted`; and what was refused."""
    match setting.trust:
        case "editor":
            return wanted, None
        case "add":
            return tuple(dict.fromkeys((*own, *wanted))), None
        case "tighten":
            if own is None or wanted <= own:  # False < True: switching off is lowering
                return wanted, None
            if wanted == setting.default:  # editors send their defaults along; nobody asked for that
                return own, None
            return own, f"The editor's {setting.key!r} may only be tighter than your own value, which stays."
        case "user":
            return own, _refusal(setting.key)


def quoted(key: str) -> str:
    """A key of unknown making, fit for a message: short, printable, and without anything that looks like a key."""
    shown = mask(key)
    return repr(shown if len(shown) <= 60 else shown[:57] + "...")


def holds_keys(name: str) -> bool:
    """Whether a name is one that people put keys under."""
    return _KEYS.search(name) is not None


def _flattened(section: Mapping[object, object]) -> Iterator[tuple[str, object]]:
    for name, value in section.items():
        key = str(name).removeprefix(_SECTION + ".")
        if key in GROUPS and isinstance(value, Mapping):
            for inner, inner_value in value.items():
                yield f"{key}.{inner}", inner_value
        else:
            yield key, value


def _refusal(key: str) -> str:
    parts = key.split(".")
    if key not in BY_KEY and any(holds_keys(part) for part in parts):
        return (
            f"The editor's {quoted(key)} is not used: keys come only from environment variables, the keyring or the "
            "editor's secret store."
        )
    if key in BY_KEY or any(_STEERS.search(part) for part in parts):
        return (
            f"The editor's {quoted(key)} is not used: what steers the network, keys or files belongs into the user "
            "file (`cachewise settings` says where it is) or the environment."
        )
    if key in GROUPS:
        return f"The editor's {quoted(key)} must be an object of settings, so it is not used."
    return f"The editor's {quoted(key)} is no setting of cachewise, so it is not used."
