"""Files that change without the editor's doing: told once, and the prefix moves for a named reason or not at all.

That it does so is looked at for every request of every desk (`support/prefixes.py`).
"""

from __future__ import annotations

from pathlib import Path

import pytest

from support.prefixes import frozen_texts
from support.server import Desk, desk, python_module

NAMES = ("alpha", "beta", "gamma")
MAIN = "".join(f"import {name}\n" for name in NAMES) + "\n\n" + python_module(30, "main")


def write(d: Desk, name: str, text: str) -> Path:
    path = d.workspace / f"{name}.py"
    path.write_text(text)
    return path


def last_prompt(d: Desk) -> tuple[list[str], str]:
    """The blocks of the prefix, and all of the text, of what the provider got last."""
    prompt = d.records[-1].prompt
    assert prompt is not None
    return frozen_texts(prompt), "".join(block.text for block in prompt.blocks)


@pytest.mark.parametrize("told", [False, True], ids=["unseen by the editor", "told by the editor"])
async def test_a_branch_switch_is_told_behind_what_the_provider_has(told: bool) -> None:
    async with desk() as d:
        paths = [write(d, name, python_module(25, name)) for name in NAMES]
        uri = d.open("main.py", MAIN)
        await d.explain(uri, 6, 10)
        before, _ = last_prompt(d)
        for name in NAMES:
            write(d, name, python_module(25, name).replace("total_3", f"switched_{name}"))
        if told:
            changes = [{"uri": path.as_uri(), "type": 2} for path in paths]
            d.lsp.notify("workspace/didChangeWatchedFiles", {"changes": changes})
        usage = (await d.explain(uri, 16, 20, refresh=True))["usage"]
        after, whole = last_prompt(d)
        assert all(f"switched_{name}" in whole for name in NAMES)
        assert after[: len(before)] == before, "the prefix stays, and the journal tells what is new"
        assert usage["cacheReadTokens"] > 0.8 * usage["inputTokens"]
        usage = (await d.explain(uri, 26, 30, refresh=True))["usage"]
        assert usage["cacheWriteTokens"] == 0
        assert "The prefix moved" not in d.lsp.stderr


async def test_a_file_that_is_renamed_or_closed_leaves_with_the_next_cold_moment() -> None:
    async with desk(clocked=True) as d:
        uri = d.open("main.py", MAIN)
        for name in NAMES:
            d.open(f"{name}.py", python_module(25, name))
        d.open("stays.py", python_module(25, "stays"))
        await d.explain(uri, 6, 10)
        before, _ = last_prompt(d)
        (d.workspace / "alpha.py").rename(d.workspace / "omega.py")
        d.close((d.workspace / "alpha.py").as_uri())
        d.open("omega.py", python_module(25, "alpha"), on_disk=False)
        d.close((d.workspace / "stays.py").as_uri())
        await d.explain(uri, 16, 20, refresh=True)
        after, _ = last_prompt(d)
        assert after[: len(before)] == before
        d.advance(400)
        usage = (await d.explain(uri, 26, 30, refresh=True))["usage"]
        after, whole = last_prompt(d)
        assert 'name="omega.py"' in whole
        assert 'name="alpha.py"' not in whole
        assert 'name="stays.py"' not in whole
        assert usage["cacheMiss"]["reason"] == "expired"
        assert d.lsp.stderr.count("The prefix moved") == 1
        assert "the cache was cold anyway" in d.lsp.stderr


async def test_each_folder_of_a_workspace_has_a_prefix_of_its_own() -> None:
    async with desk() as d:
        uris = []
        for folder in ("one", "two"):
            (d.workspace / folder).mkdir()
            added = {"uri": (d.workspace / folder).as_uri(), "name": folder}
            d.lsp.notify("workspace/didChangeWorkspaceFolders", {"event": {"added": [added], "removed": []}})
            uris.append(d.open(f"{folder}/main.py", python_module(80, folder)))
        for uri in (*uris, *uris):
            await d.explain(uri, 6, 10, refresh=True)
        assert len({record.session_id for record in d.records}) == 2
        for record, own, other in zip(d.records, ("one", "two") * 2, ("two", "one") * 2, strict=True):
            assert record.prompt is not None
            text = "".join(block.text for block in record.prompt.blocks)
            assert f"def {own}_3(" in text
            assert f"def {other}_3(" not in text
        for record in d.records[2:]:
            assert record.charge is not None
            assert record.charge.written == 0
