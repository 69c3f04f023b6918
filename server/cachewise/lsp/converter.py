"""Parameters of the standard methods as lsprotocol's types, strictly: a number is not taken for a string.

Not here: the methods of cachewise itself, whose parameters stay plain JSON objects (`params.py` reads them).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cattrs
from lsprotocol import types
from pygls.protocol import default_converter

from cachewise.faults import InvalidParams
from cachewise.lsp.messages import ABSENT

_READ_CAPABILITIES = {"general": ("positionEncodings",), "textDocument": ("inlineCompletion",)}
"""What `capabilities.py` reads. pygls' builder looks at more for renaming, saving and file operations, which have no
handlers here. The JSON as a whole is kept in `Protocol.announced`."""


def make_converter() -> cattrs.Converter:
    """The converter of pygls, but without cattrs' habit of calling `str`, `int` and `bool` on whatever it gets."""
    converter: cattrs.Converter = default_converter()  # type: ignore[no-untyped-call]
    converter.register_structure_hook(str, _only(lambda value: isinstance(value, str)))
    converter.register_structure_hook(bool, _only(lambda value: isinstance(value, bool)))
    converter.register_structure_hook(int, _only(_is_whole))
    return converter


def is_notification(method: str) -> bool:
    """Whether the protocol knows this method as one that is never answered."""
    entry = types.METHOD_TO_TYPES.get(method)
    return entry is not None and entry[1] is None


def typed_params(converter: cattrs.Converter, method: str, params: Any) -> Any:
    """The parameters of a message as its handler takes them: typed for standard methods, else a plain object.

    Raises:
        InvalidParams: They do not fit; the sentence says where, and quotes nothing.
    """
    entry = types.METHOD_TO_TYPES.get(method)
    if entry is None:
        if params is ABSENT:
            return {}
        if not isinstance(params, dict):
            raise InvalidParams("The parameters must be a JSON object.")
        return params
    kind: Any = entry[2]
    if kind is None:
        return None
    if not isinstance(params, dict):
        raise InvalidParams(f"{method} needs an object as its parameters.")
    if method == types.INITIALIZE and isinstance(capabilities := params.get("capabilities"), dict):
        params = {**params, "capabilities": _read_capabilities(capabilities)}
    try:
        return converter.structure(params, kind)
    except Exception as error:
        if method == types.INITIALIZE and isinstance(capabilities := params.get("capabilities"), dict):
            known = _known_capabilities(converter, capabilities)
            if known != capabilities:
                return typed_params(converter, method, {**params, "capabilities": known})
        raise InvalidParams(f"The parameters of {method} do not fit{_place(error)}.") from error


def _read_capabilities(capabilities: dict[str, Any]) -> dict[str, Any]:
    """A client's capabilities without those that nobody reads from the types: building them all takes 30 ms."""
    return {
        section: {name: entries[name] for name in names if name in entries} if isinstance(entries, dict) else entries
        for section, names in _READ_CAPABILITIES.items()
        if (entries := capabilities.get(section)) is not None
    }


def _known_capabilities(converter: cattrs.Converter, capabilities: dict[str, Any]) -> dict[str, Any]:
    """A client's capabilities without those that the types do not know: newer clients announce newer values."""

    def fits(part: dict[str, Any]) -> bool:
        try:
            converter.structure(part, types.ClientCapabilities)
        except Exception:
            return False
        return True

    return {
        section: {name: value for name, value in entries.items() if fits({section: {name: value}})}
        if isinstance(entries, dict)
        else entries
        for section, entries in capabilities.items()
    }


def _place(error: Exception) -> str:
    """Where in the parameters something is wrong, such as ` at $.position.line`."""
    try:
        first = cattrs.transform_error(error)[0]
    except Exception:
        return ""
    _what, at, path = first.rpartition(" @ ")
    return f" at {path[:100]}" if at else ""


def _only(fits: Callable[[Any], bool]) -> Callable[[Any, Any], Any]:
    def structure(value: Any, kind: Any) -> Any:
        if not fits(value):
            raise ValueError("a value of another type")
        # The kind is often a subclass: lsprotocol's enumerations are numbers and strings, and refuse unknown values.
        return kind(value)

    return structure


def _is_whole(value: Any) -> bool:
    # Some clients write whole numbers as 1.0.
    return not isinstance(value, bool) and (isinstance(value, int) or (isinstance(value, float) and value.is_integer()))
