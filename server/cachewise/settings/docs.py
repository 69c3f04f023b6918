"""What is made from the settings' declarations: `python -m cachewise.settings.docs --write` or `--check`.

These are `docs/settings.md`, the settings in the manifest of the VS Code extension, and the types of the Neovim
plugin's. Not here: what these say (`editors.py`).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from cachewise.settings.editors import lua_types, vscode_properties, vscode_texts
from cachewise.settings.endpoints import BASE_URL_VARIABLES, DEFAULT_BASE_URLS, KEY_VARIABLES
from cachewise.settings.forms import Setting
from cachewise.settings.schema import SETTINGS

_TRUST = {
    "editor": "may set it",
    "tighten": "may only lower it or switch it off",
    "add": "may only add to it",
    "user": "never",
}

_INTRODUCTION = """\
<!-- Made from server/cachewise/settings/schema.py by `python -m cachewise.settings.docs --write`. Edit it there. -->

# Settings

cachewise works without any setting but a provider's key. `cachewise settings` prints what is in force, where each value
came from, and what could not be used and why.

A later source wins over an earlier one, as far as it is trusted:

1. the defaults below;
2. the user file `config.toml` (`cachewise settings` prints its path; on Linux `~/.config/cachewise/config.toml`);
3. environment variables;
4. the editor, in its section `cachewise`.

A value that does not fit is left out with a sentence about it, and the value of the earlier source stays. The server
starts in any case.

## What editors may set

A language server can't tell your own editor settings from those in a repository that you just cloned. So the editor
never says where requests go, which keys or headers they carry, or which files are used; and it may make a budget or a
switch only tighter than your own value. The last column of the table says what holds for each setting.

Names are camelCase and start below `cachewise`. Editors may send them nested (`{"completion": {"maxTokens": 128}}`) or
dotted (`{"completion.maxTokens": 128}`).
"""

_REST = """\
## The user file

The same names as above, in TOML. Names in snake_case are not settings. The tables of servers are special:

```toml
model = "local:llama"

[completion]
maxTokens = 128
debounceMs = 40

[context]
exclude = ["generated/", "*.snap"]

[budget]
perDayUsd = 2.50

[local.llama]                           # chosen as "local:llama"
base_url = "http://127.0.0.1:8080/v1"   # with the API path; any OpenAI-compatible server
model = "qwen2.5-coder-7b"              # the name to send; the table's own name if left out
api_key_env = "LLAMA_KEY"               # the variable that holds its key, if it wants one

[openrouter]                            # also [anthropic] and [openai]
base_url = "https://gateway.example.com/api/v1"
headers = { X-Team = "editors" }        # sent with each request; never keys
proxy = "http://proxy.example.com:3128" # HTTPS_PROXY and the like are not read
```

The file must belong to you and be writable only by you, since it says where your keys are sent.

## Where requests go, and keys

| provider | key | address | default address |
|---|---|---|---|
{providers}

An address includes the path of the API. `https://` is required, except for this machine (`localhost`, `127.0.0.1`,
`[::1]`). A variable for an address wins over the user file. An address that is refused leaves its provider unusable
until it is mended: requests never fall back to another host.

A key comes from its variable or, where that is not set, from the system's keyring (service `cachewise`, user name
`openrouter`, `anthropic` or `openai`), where `cachewise login` puts it. Keys in the user file or in the editor's
section are not read. A key is bound to the scheme, host and port of its provider's address and sent nowhere else.

The folders for configuration, caches and state are the platform's; `XDG_CONFIG_HOME`, `XDG_CACHE_HOME` and
`XDG_STATE_HOME` move them.
"""


def settings_page() -> str:
    """The whole of `docs/settings.md`."""
    rows = ["| setting | values | default | environment | editor |", "|---|---|---|---|---|"]
    for setting in SETTINGS:
        variables = ", ".join(f"`{name}`" for name in setting.variables) or "-"
        rows.append(
            f"| `{setting.key}` | {_values(setting)} | {_default(setting)} | {variables} | {_TRUST[setting.trust]} |"
        )
    meanings = [f"**`{setting.key}`**: {setting.description}" for setting in SETTINGS]
    providers = "\n".join(
        f"| `{name}` | `{KEY_VARIABLES[name]}` | `{BASE_URL_VARIABLES[name]}` | {url} |"
        for name, url in DEFAULT_BASE_URLS.items()
    )
    parts = [_INTRODUCTION, "\n".join(rows) + "\n", "## What they mean\n", "\n\n".join(meanings) + "\n"]
    return "\n".join([*parts, _REST.replace("{providers}", providers)])


def _values(setting: Setting) -> str:
    match setting.kind:
        case "bool":
            return "`true`, `false`"
        case "choice":
            return ", ".join(f"`{choice}`" for choice in setting.choices)
        case "int" | "decimal":
            return f"{setting.minimum} to {setting.maximum}"
        case "model":
            return "a model"
        case "globs":
            return "a list of patterns"
        case "redisUrl":
            return "an address"


def _default(setting: Setting) -> str:
    if setting.key == "completion.model":
        return "same as `model`"
    if setting.default is None:
        return "unset"
    if isinstance(setting.default, bool):
        return f"`{str(setting.default).lower()}`"
    return "`[]`" if setting.default == () else f"`{setting.default}`"


def manifest(text: str) -> str:
    """The extension's `package.json` with the server's settings in it; its own ones stay."""
    whole = json.loads(text)
    configuration = whole["contributes"]["configuration"]
    own = {key: value for key, value in configuration["properties"].items() if not _is_servers(key, value)}
    configuration["properties"] = own | vscode_properties()
    return _json(whole)


def texts(text: str) -> str:
    """The extension's `package.nls.json` with the server's descriptions in it."""
    own = {key: value for key, value in json.loads(text).items() if not key.startswith("setting.")}
    return _json(own | vscode_texts())


def _is_servers(key: str, value: Mapping[str, object]) -> bool:
    return value.get("markdownDescription") == f"%setting.{key.removeprefix('cachewise.')}%"


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def main(argv: Sequence[str]) -> int:
    """Write the files, or say which ones are not current."""
    parser = argparse.ArgumentParser(
        prog="python -m cachewise.settings.docs", description="Makes what is generated from the settings."
    )
    parser.add_argument("--folder", type=Path, default=Path(), help="of the project; the current one by default")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--write", action="store_true", help="write the file")
    what.add_argument("--check", action="store_true", help="exit 1 if the file is not what would be written")
    options = parser.parse_args(argv)
    old = []
    for name, make in _MADE.items():
        file = options.folder / name
        there = file.read_text(encoding="utf-8") if file.is_file() else None
        wanted = make(there or "")
        if options.write:
            file.write_text(wanted, encoding="utf-8")
        elif there != wanted:
            old.append(name)
    if not old:
        return 0
    sys.stderr.write(f"Not current: {', '.join(old)}. Run: python -m cachewise.settings.docs --write\n")
    return 1


_MADE: dict[str, Callable[[str], str]] = {
    "docs/settings.md": lambda there: settings_page(),
    "vscode-client/package.json": manifest,
    "vscode-client/package.nls.json": texts,
    "nvim-client/lua/cachewise/settings.lua": lambda there: lua_types(),
}
"""By path in the project: what makes the file from the one that is there."""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
