"""What the README shows: its commands exist, its files are there, and its table is what the demo prints."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from cachewise.cli.main import main
from support.command import run

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = [
    line[2:]
    for block in re.findall(r"```console\n(.*?)```", README, re.DOTALL)
    for line in block.split("\n")
    if line.startswith("$ ")
]
LIKE = 0.2
"""How far the demo's figures may be from the README's: they move with the sources that it explains."""


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


def rows_of(table: str) -> list[list[str]]:
    lines = [line for line in table.strip("\n").split("\n") if not line.startswith("---")]
    return [re.split(r" {2,}", line.strip()) for line in lines]


def number(cell: str) -> float:
    return float(cell.replace(",", "").replace("$", ""))


async def test_the_table_is_what_the_demo_prints(tmp_path: Path) -> None:
    found = re.search(r"<!-- demo-table -->\n```text\n(.*?)\n```", README, re.DOTALL)
    assert found is not None
    status, out, _ = await run("demo", home=tmp_path)
    assert status == 0
    shown, printed = rows_of(found[1]), rows_of(out.partition("What it cost\n")[2])
    assert shown[0] == printed[0]
    assert [row[0] for row in shown[1:-1]] == [row[0] for row in printed[1:-1]]
    assert len(shown[-1]) == len(printed[-1])
    for old, new in zip(shown[-1][1:], printed[-1][1:], strict=True):
        assert number(old) == pytest.approx(number(new), rel=LIKE), "run `make docs`: the README's table is out of date"
