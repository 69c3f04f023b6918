"""Ledgers with known entries, and `cachewise stats` over them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cachewise.cli.main import main
from cachewise.ledger.meter import Entry
from cachewise.ledger.rows import Offer
from cachewise.ledger.store import Store
from cachewise.model.usage import Tokens
from support.ledger import HeldClock, usage

DAY = 86_400.0
Fill = Callable[..., Path]


def filler(path: Path, clock: HeldClock) -> Fill:
    """What writes entries to the ledger, each given as its age in days and what is special about it."""
    made = 0

    def fill(*entries: tuple[float, dict[str, Any]], shown: int = 0, accepted: int = 0) -> Path:
        nonlocal made
        items: list[Entry | Offer] = []
        for age, fields in entries:
            made += 1
            names = {kind: fields.pop(kind, None) for kind in ("workspace", "route")}
            items.append(Entry(id=f"e{made}", time=clock.moment - age * DAY, usage=usage(**fields), **names))
        if shown:
            items.append(
                Offer(
                    id="offer",
                    time=clock.moment,
                    shown=shown,
                    accepted=accepted,
                    characters=50 * accepted,
                    typed=3,
                    rejected=2,
                )
            )
        store = Store(path)
        store.write(items)
        store.close()
        return path

    return fill


def example(fill: Fill) -> Path:
    """Four entries of the last three days, one of a month ago, and ten suggestions."""
    answer = Tokens(input=0, cache_read=0, cache_write=0, output=0)
    return fill(
        (0, {"cost": "0.01", "saved": "0.02", "workspace": "app 111111", "route": "Anthropic"}),
        (0, {"cost": "0.002", "saved": "0.001", "feature": "complete", "workspace": "app 222222"}),
        (1, {"cost": "0.03", "saved": "-0.004", "model": "openai:gpt-5", "workspace": "site 333333"}),
        (2, {"source": "answers", "cost": "0", "saved": "0.05", "tokens": answer}),
        (30, {"cost": "1", "feature": "ask"}),
        shown=10,
        accepted=4,
    )


def run_stats(capsys: pytest.CaptureFixture[str], *argv: str, status: int = 0) -> tuple[str, str]:
    """The command as it is typed: what it wrote to both streams."""
    assert main(["stats", *argv]) == status
    out = capsys.readouterr()
    assert "Traceback" not in out.err
    return out.out, out.err


def cells(output: str, name: str) -> list[str]:
    """The figures of the first row that begins with this name."""
    [line, *_] = [line for line in output.splitlines() if line.startswith(name + "  ")]
    return line.removeprefix(name).split()
