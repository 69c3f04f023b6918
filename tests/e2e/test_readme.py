"""What the README shows: its commands exist, and its files are there. Its table is in `test_demo.py`."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from cachewise.cli.main import main

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = [
    line[2:]
    for block in re.findall(r"```console\n(.*?)```", README, re.DOTALL)
    for line in block.split("\n")
    if line.startswith("$ ")
]


def parts(command: str) -> list[list[str]]:
    """The single commands of a line."""
    return [shlex.split(part) for part in command.split("&&")]


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_exist(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    for words in parts(command):
        program = Path(words[0]).name
        if program == "make":
            assert re.search(rf"^{re.escape(words[1])}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
        elif program == "cachewise":
            assert main([*words[1:2], "--help"]) == 0
            assert "usage:" in capsys.readouterr().out
        elif program == "export":
            assert words[1].partition("=")[0] in (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
        else:
            assert program in ("python3", "pip"), f"an unknown command: {command}"


def test_commands_of_the_text_exist(capsys: pytest.CaptureFixture[str]) -> None:
    named = set(re.findall(r"`cachewise ([a-z]+)", README))
    assert {"serve", "doctor", "stats", "settings", "cache"} <= named
    for name in named:
        assert main([name, "--help"]) == 0
    capsys.readouterr()


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\((?!http)([^)#]+)", README))))
def test_linked_files_are_there(target: str) -> None:
    assert (ROOT / target).exists()
