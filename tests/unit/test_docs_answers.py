"""docs/answers.md names what the code has: arguments, addresses, tasks, bounds."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

import cachewise.answers as api
from cachewise.answers import deadlines
from cachewise.answers.answers import FOLDER
from cachewise.answers.redis_url import parse_redis_url
from cachewise.answers.turn import LEASE
from cachewise.features.stored import PATIENCE

PAGE = (Path(__file__).parents[2] / "docs" / "answers.md").read_text(encoding="utf-8")


def rows(mark: str) -> list[list[str]]:
    """The cells of the table behind a mark, without its head."""
    table = PAGE.partition(f"<!-- {mark} -->\n")[2].partition("\n\n")[0]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table.splitlines()[2:]]


def test_the_migration_table_has_every_argument() -> None:
    given = {name for row in rows("migration") for name in re.findall(r"`\**(\w+)`", " ".join(row[:1]))}
    new = set(re.findall(r"`(\w+)`", rows("migration")[-1][1]))
    assert given | new == set(inspect.signature(api.cached_agent_run).parameters)
    assert not given & new


@pytest.mark.parametrize("name", ["cached_agent_stream", "cached_agent_run_sync"])
def test_the_other_entries_take_the_same_arguments(name: str) -> None:
    own = set(inspect.signature(getattr(api, name)).parameters)
    assert own <= set(inspect.signature(api.cached_agent_run).parameters)
    assert {"agent", "prompt", "task_name", "kwargs"} <= own


def test_every_name_of_the_examples_is_offered() -> None:
    code = "".join(re.findall(r"```python\n(.*?)```", PAGE, re.S))
    [line] = re.findall(r"from cachewise\.answers import (.*)", code)
    for name in line.split(", "):
        assert callable(getattr(api, name))
    fields = set(dir(api.CachedRun)) | set(api.CachedRun.__dataclass_fields__)
    assert set(re.findall(r"\bresult\.(\w+)", code)) <= fields


def test_every_address_can_be_read() -> None:
    found = re.findall(r"^\| `((?:redis|unix)\S*://\S*)` \|", PAGE, re.M)
    assert len(found) == 5
    for address in found:
        plain = re.sub(r"\[(USER:PASSWORD@|:PORT|/DB|\?db=0)\]", "", address)
        plain = plain.replace("PORT", "6379").replace("HOST", "127.0.0.1").replace("...", "127.0.0.1")
        assert parse_redis_url(plain).kind in ("single", "sentinel", "cluster", "unix")


def test_figures() -> None:
    assert f"loses it after {LEASE:.0f} s" in PAGE
    assert f"longer than {PATIENCE:.0f} s" in PAGE
    assert f"waits {deadlines.LOOKUP * 1000:.0f} ms for a tier" in PAGE
    assert f"`{FOLDER}`" in PAGE
