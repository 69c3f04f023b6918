"""docs/protocol.md names what the code has: commands, messages, shapes."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest

from cachewise.app import build
from cachewise.cli import main
from cachewise.features.answer import Answer
from cachewise.model.usage import CacheMiss, Cost, Tokens, Totals, Usage

PAGE = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text(encoding="utf-8")
USAGE = Usage(
    feature="explain",
    model="m",
    source="provider",
    tokens=Tokens(),
    cost=Cost(usd=Decimal(1), source="billed", saved=None),
    first_token_ms=None,
    total_ms=1,
    outcome="complete",
    cache_miss=CacheMiss(reason="cold", tokens=1, detail=""),
)


def shape(name: str) -> set[str]:
    """The keys that the page gives for a shape."""
    found = re.search(rf"^{name}: `\{{(.*?)\}}`", PAGE, re.M | re.S)
    assert found is not None, f"no shape {name} on the page"
    return set(re.findall(r"\w+", found[1]))


SHAPES = {
    "Usage": set(USAGE.to_json()),
    "Totals": set(Totals().to_json()),
    "Answer": set(
        Answer(text="", source="answers", model="m", usage=USAGE, age_seconds=1.0, context_changed=True).to_json()
    ),
}


@pytest.mark.parametrize(("name", "keys"), SHAPES.items(), ids=SHAPES.keys())
def test_shapes(name: str, keys: set[str]) -> None:
    assert shape(name) == keys


def test_commands_of_the_server(tmp_path: Path) -> None:
    server = build({f"XDG_{kind}_HOME": str(tmp_path) for kind in ("CONFIG", "CACHE", "STATE")})
    assert set(re.findall(r"^\| `(cachewise\.\w+)`", PAGE, re.M)) == set(server.commands)


def test_commands_of_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["--help"]) == 0
    listed = set(re.findall(r"^ {4}(\w+) ", capsys.readouterr().out, re.M))
    assert set(re.findall(r"^\| `cachewise (\w+)`", PAGE, re.M)) == listed
