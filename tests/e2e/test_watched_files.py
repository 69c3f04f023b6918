"""Files that the client watches: what it tells of is read again, and nothing else moves the prefix."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from cachewise.simulator.script import Script
from support.lsp_client import DEADLINE
from support.prefixes import frozen_texts
from support.server import Desk, desk, python_module

pytestmark = pytest.mark.asyncio(loop_scope="module")

CREATED, CHANGED, DELETED = 1, 2, 3
WATCHES = {"workspace": {"didChangeWatchedFiles": {"dynamicRegistration": True}}}
MAIN = "import alpha\n\n\n" + python_module(60, "main")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def watching() -> AsyncIterator[Desk]:
    """One server for a client that can watch, where nothing else is special."""
    async with desk(capabilities=WATCHES) as d:
        yield d


def tell(d: Desk, kind: int, *paths: Path) -> None:
    """What a client says that watches these files."""
    changes = [{"uri": path.as_uri(), "type": kind} for path in paths]
    d.lsp.notify("workspace/didChangeWatchedFiles", {"changes": changes})


def sent(d: Desk) -> str:
    """All of the text that the provider got last."""
    prompt = d.records[-1].prompt
    assert prompt is not None
    return "".join(block.text for block in prompt.blocks)


def registrations(d: Desk) -> list[Any]:
    return d.lsp.notifications("client/registerCapability")


async def test_a_client_that_can_watch_is_asked_to(watching: Desk) -> None:
    async with watching.elsewhere() as d:
        (asked,) = (await d.lsp.wait_for("client/registerCapability"))["registrations"]
        assert asked["method"] == "workspace/didChangeWatchedFiles"
        assert asked["registerOptions"] == {"watchers": [{"globPattern": "**/*"}]}
        await d.explain(d.open("main.py", MAIN))
        assert len(registrations(d)) == 1


@pytest.mark.parametrize(
    "capabilities",
    [
        pytest.param({}, id="says nothing"),
        pytest.param({"workspace": {"didChangeWatchedFiles": {"dynamicRegistration": False}}}, id="can't"),
        pytest.param({"workspace": {"didChangeWatchedFiles": True}}, id="says nonsense"),
    ],
)
async def test_others_are_not(capabilities: dict[str, Any]) -> None:
    async with desk(capabilities=capabilities, env={"OPENROUTER_API_KEY": None}) as d:
        await d.complete(d.open("main.py", MAIN), 3, 0)
        assert registrations(d) == []


@pytest.mark.parametrize("told", [True, False])
async def test_a_change_that_the_age_of_a_file_does_not_show(watching: Desk, told: bool) -> None:
    """Written within one tick of the file system's clock, or by a tool that sets the time back."""
    async with watching.elsewhere() as d:
        path = d.workspace / "alpha.py"
        path.write_text(python_module(40, "alpha"))
        uri = d.open("main.py", MAIN)
        await d.explain(uri, 5, 10)
        assert d.records[-1].prompt is not None
        before, age = frozen_texts(d.records[-1].prompt), path.stat()
        path.write_text(path.read_text().replace("total_3", "moved_3"))
        os.utime(path, ns=(age.st_atime_ns, age.st_mtime_ns))
        if told:
            tell(d, CHANGED, path)
        usage = (await d.explain(uri, 15, 20))["usage"]
        assert ("moved_3" in sent(d)) is told
        assert frozen_texts(d.records[-1].prompt)[: len(before)] == before
        assert usage["cacheReadTokens"] > 0.8 * usage["inputTokens"]


async def test_a_copy_is_taken_anew_once_its_changes_have_cost_as_much(watching: Desk) -> None:
    async with watching.elsewhere() as d:
        path = d.workspace / "alpha.py"
        path.write_text(python_module(30, "alpha"))
        said = len(d.lsp.stderr)
        uri = d.open("main.py", MAIN)
        await d.explain(uri, 5, 10)
        for turn in range(12):
            path.write_text(python_module(30, f"alpha{turn}"))
            tell(d, CHANGED, path)
            await d.explain(uri, 15 + turn, 20 + turn)
            assert f"def alpha{turn}_3(" in sent(d)
        moved = [line for line in d.lsp.stderr[said:].splitlines() if "The prefix moved" in line]
        assert 0 < len(moved) < 12
        assert all("had cost as much as freezing them anew" in line for line in moved)


async def test_a_new_file_is_found_as_an_import_of_a_quiet_document_at_once(watching: Desk) -> None:
    async with watching.elsewhere() as d:
        uri = d.open("main.py", MAIN)
        d.open("tab.py", "import late\n")
        await d.explain(uri, 5, 10)
        late = d.workspace / "late.py"
        late.write_text("CAME_LATE = 1\n")
        tell(d, CREATED, late)
        await d.explain(uri, 15, 20)
        assert "CAME_LATE = 1" in sent(d)
        late.unlink()
        tell(d, DELETED, late)
        usage = (await d.explain(uri, 25, 30))["usage"]
        assert usage["cacheMiss"] is None, "it stays in the prefix until the cache is cold"


async def test_the_built_in_completer_reads_what_changed() -> None:
    line = "        combined_weight = measure_everything(quantity)\n"
    body = "".join(f"    def step_{n}(self, quantity):\n{line}" for n in range(4))
    async with desk(Script(), env={"OPENROUTER_API_KEY": None}, offline=True, capabilities=WATCHES) as d:
        text = "class Fresh:\n    def step(self, quantity):\n        combined_w"
        uri = d.open("main.py", text)
        assert await d.complete(uri, 2, 18) == []
        path = d.workspace / "arrived.py"
        path.write_text(f"class Steps:\n{body}")
        tell(d, CREATED, path)
        async with asyncio.timeout(DEADLINE):
            while not (items := await d.complete(uri, 2, 18)):  # it is read in the background
                pass
        assert items[0]["insertText"].startswith("eight = measure_everything(")


async def test_nonsense_and_a_whole_branch_are_taken_calmly(watching: Desk) -> None:
    async with watching.elsewhere() as d:
        (d.workspace / "alpha.py").write_text(python_module(10, "alpha"))
        uri = d.open("main.py", MAIN)
        await d.explain(uri, 5, 10)
        strange = ("untitled:x", "file://elsewhere/x", "file:///no/such/file", "", "file:///%00")
        changes = [{"uri": name, "type": kind} for name in strange for kind in (1, 2, 3)]
        d.lsp.notify("workspace/didChangeWatchedFiles", {"changes": changes})
        (d.workspace / "alpha.py").write_text(python_module(10, "alpha").replace("total_3", "moved_3"))
        tell(d, CHANGED, d.workspace / "alpha.py", *(d.workspace / f"gone{n}.py" for n in range(5_000)))
        await d.explain(uri, 15, 20)
        assert "moved_3" in sent(d)
