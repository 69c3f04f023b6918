"""docs/editors.md: each configuration can be read by its editor's format and starts the server that there is."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cachewise.cli.main import main

PAGE = (Path(__file__).parents[2] / "docs" / "editors.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"(?ms)^## ([^\n]+)\n(.*?)(?=^## |\Z)", PAGE))
PARSERS = {"json": json.loads, "toml": tomllib.loads}


def blocks(language: str) -> list[Any]:
    """Each section's name and what its blocks of a language hold."""
    found = re.compile(rf"(?ms)^```{language}\n(.*?)^```")
    return [
        pytest.param(PARSERS[language](text), id=name)
        for name, body in SECTIONS.items()
        for text in found.findall(body)
    ]


def commands(value: Any) -> Iterator[list[str]]:
    """The commands that a configuration starts something with."""
    if isinstance(value, dict):
        command = value.get("command", value.get("exec"))
        if isinstance(command, str):
            yield [*command.split(), *value.get("args", ())]
        elif isinstance(command, list):
            yield command
        for inner in value.values():
            yield from commands(inner)


@pytest.mark.parametrize("shown", [*blocks("json"), *blocks("toml")])
def test_it_starts_what_there_is(shown: Any, capsys: pytest.CaptureFixture[str]) -> None:
    for program, *arguments in commands(shown):
        assert program == "cachewise"
        assert main([*arguments, "--help"]) == 0
        assert arguments[0] in capsys.readouterr().out


def test_every_editor_of_the_table_has_a_section() -> None:
    table = re.findall(r"(?m)^\| ([A-Z][^|]+?) \|", PAGE)
    for row in table:
        for name in re.findall(r"VS Code|Neovim|eglot|lsp-mode|Helix|Sublime Text|Kate|JetBrains|Zed", row):
            linked = "](../" in row
            assert linked or any(name in heading for heading in SECTIONS), f"{row} has no section"
    assert {"Sublime Text", "Kate", "JetBrains", "Zed", "Helix"} <= set(SECTIONS)
    assert any(list(commands(shown.values[0])) for shown in [*blocks("json"), *blocks("toml")])


def test_links_lead_somewhere() -> None:
    for link in re.findall(r"\]\(([^)#]+)\)", PAGE):
        assert (Path(__file__).parents[2] / "docs" / link).exists(), link
