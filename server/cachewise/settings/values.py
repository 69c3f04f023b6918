"""Values as they stand in a file, a variable or an editor's section, read into the type of their setting.

What is wrong is said without the value, since a key may have been pasted anywhere. Not here: which source may set what.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Any

from cachewise.log import mask
from cachewise.model.names import ModelName
from cachewise.settings.forms import Setting
from cachewise.settings.secrets import Secret, origin_of

MOST_GLOBS = 200
LONGEST_GLOB = 300
LONGEST_MODEL = 200

_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")


def read_value(setting: Setting, raw: object) -> Any:
    """The value of a setting, in the type that `Settings` has for it.

    Raises:
        ValueError: with the end of a sentence, `must be ...`, that does not repeat the value.
    """
    match setting.kind:
        case "bool":
            return _bool(raw)
        case "int" | "decimal":
            return _number(setting, raw)
        case "choice":
            if isinstance(raw, str) and raw in setting.choices:
                return raw
            raise ValueError(f"must be one of {', '.join(setting.choices)}")
        case "model":
            return _model(raw)
        case "globs":
            return _globs(raw)
        case "redisUrl":
            return _redis(raw)


def read_key(raw: str) -> str | None:
    """A provider key as a variable or a keyring holds it; None where it is empty.

    Raises:
        ValueError: it can't be the value of an HTTP header.
    """
    key = raw.strip()
    if not key:
        return None
    if not key.isascii() or not key.isprintable() or " " in key:
        raise ValueError("holds characters that no key has; copy it again")
    return key


def _bool(raw: object) -> bool:
    if isinstance(raw, bool):
        return raw
    raise ValueError("must be true or false")


def _number(setting: Setting, raw: object) -> int | Decimal:
    whole = setting.kind == "int"
    wanted = f"must be a {'whole ' if whole else ''}number from {setting.minimum} to {setting.maximum}"
    number: Decimal | None = None
    if isinstance(raw, int | float) and not isinstance(raw, bool):
        number = _decimal(raw)
    elif isinstance(raw, str) and len(raw) < 40 and _NUMBER.fullmatch(raw):
        number = Decimal(raw)
    if number is None or not number.is_finite() or (whole and number != number.to_integral_value()):
        raise ValueError(wanted)
    if (setting.minimum is not None and number < setting.minimum) or (
        setting.maximum is not None and number > setting.maximum
    ):
        raise ValueError(wanted)
    return int(number) if whole else number


def _decimal(raw: float) -> Decimal | None:
    try:
        return Decimal(raw) if isinstance(raw, int) else Decimal(repr(raw))
    except InvalidOperation:
        return None


def _model(raw: object) -> ModelName:
    wanted = "must be 'openrouter:VENDOR/MODEL', 'anthropic:MODEL', 'openai:MODEL', 'local:NAME' or 'offline'"
    if not isinstance(raw, str) or len(raw) > LONGEST_MODEL or not raw.isascii() or not raw.isprintable():
        raise ValueError(wanted)
    if mask(raw) != raw:
        raise ValueError(wanted + "; what stands there looks like a key")
    try:
        return ModelName.parse(raw)
    except ValueError:
        raise ValueError(wanted) from None


def _globs(raw: object) -> tuple[str, ...]:
    if not isinstance(raw, list | tuple) or len(raw) > MOST_GLOBS:
        raise ValueError(f"must be a list of at most {MOST_GLOBS} patterns")
    for glob in raw:
        if not isinstance(glob, str) or not glob.strip() or len(glob) > LONGEST_GLOB or not glob.isprintable():
            raise ValueError(f"must hold patterns in printable characters, each at most {LONGEST_GLOB} long")
        if glob.lstrip().startswith("!"):
            raise ValueError("must not hold a pattern with '!', because files can only be left out, not taken in")
    return tuple(dict.fromkeys(raw))


def _redis(raw: object) -> Secret:
    wanted = "must be redis://[USER:PASSWORD@]HOST[:PORT][/DB], or rediss:// for TLS"
    if not isinstance(raw, str):
        raise ValueError(wanted)
    url = raw.strip()
    scheme, slashes, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    if scheme.lower() not in ("redis", "rediss") or not slashes:
        raise ValueError(wanted)
    if "?" in url or "#" in url or (slash and path and not path.isdecimal()):
        raise ValueError(wanted + "; options after '?' are not supported")
    try:
        origin = origin_of(f"{scheme}://{authority.rpartition('@')[2]}")
    except ValueError:
        raise ValueError(wanted) from None
    if not all(c.isprintable() and c != " " for c in url):
        raise ValueError(wanted)
    return Secret(url, frozenset({origin}))
