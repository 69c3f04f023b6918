"""What editors are told about the settings: VS Code's `contributes.configuration`, and types for Lua.

Settings that belong to the user file are left out, since the server refuses them from editors.
"""

from __future__ import annotations

from typing import Any

from cachewise.settings.forms import Setting
from cachewise.settings.schema import SETTINGS

_JSON_TYPES = {"bool": "boolean", "int": "integer", "decimal": "number", "globs": "array"}
_LUA_TYPES = {"bool": "boolean", "int": "integer", "decimal": "number", "model": "string", "globs": "string[]"}


def vscode_properties() -> dict[str, Any]:
    """The server's part of `contributes.configuration.properties` in the extension's `package.json`."""
    return {f"cachewise.{setting.key}": _vscode_property(setting) for setting in _offered()}


def vscode_texts() -> dict[str, str]:
    """The descriptions that the properties name, in English, as in the extension's `package.nls.json`."""
    return {_text_name(setting): setting.description for setting in _offered()}


def _offered() -> list[Setting]:
    return [setting for setting in SETTINGS if setting.trust != "user"]


def _text_name(setting: Setting) -> str:
    return f"setting.{setting.key}"


def _vscode_property(setting: Setting) -> dict[str, Any]:
    declared: dict[str, Any] = {"scope": setting.scope, "markdownDescription": f"%{_text_name(setting)}%"}
    default: Any = list(setting.default) if isinstance(setting.default, tuple) else setting.default
    declared["default"] = default
    kind = _JSON_TYPES.get(setting.kind, "string")
    if setting.kind == "globs":
        declared["items"] = {"type": "string"}
    if setting.choices:
        declared["enum"] = list(setting.choices)
    declared["type"] = [kind, "null"] if default is None else kind
    if setting.minimum is not None:
        declared["minimum"] = setting.minimum
    if setting.maximum is not None:
        declared["maximum"] = setting.maximum
    return declared


def lua_types() -> str:
    """Annotations for lua-language-server: the classes `cachewise.Settings` and one for each group."""
    groups: dict[str, list[str]] = {"": []}
    for setting in SETTINGS:
        if setting.trust == "user":
            continue
        group, _, name = setting.key.rpartition(".")
        if group not in groups:
            groups[group] = []
            groups[""].append(f"---@field {group}? {_lua_class(group)}")
        kind = "|".join(f"'{c}'" for c in setting.choices) if setting.choices else _LUA_TYPES[setting.kind]
        groups[group].append(f"---@field {name}? {kind} {setting.description}")
    blocks = [
        "\n".join([f"---@class {_lua_class(group)}", *fields]) for group, fields in sorted(groups.items(), reverse=True)
    ]
    return "---@meta\n\n" + "\n\n".join(blocks) + "\n"


def _lua_class(group: str) -> str:
    return f"cachewise.Settings.{group[0].upper()}{group[1:]}" if group else "cachewise.Settings"
