"""A new user's first minutes with the extension, in the real VS Code: a key, a suggestion, an explanation, the numbers.

On the way it takes the pictures of the walkthrough and the README; `make pictures` puts them there.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from cachewise.simulator.records import fingerprint
from cachewise.simulator.script import Script
from clients.vscode import ROOT
from clients.vscode_desk import HEAD as TYPED
from clients.vscode_desk import SOURCE, Desk, vscode_desk
from support.server import KEY

pytestmark = [pytest.mark.vscode, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(240)]

PROJECT = ("context/rent.py", "context/marks.py", "context/layout.py", "model/plan.py", "ledger/prices.py")
"""Sources that are long enough, together, for a provider to cache them."""
HEAD = "\n\ndef share(read: int, total: int) -> float:\n    "
BODY = (
    '"""The share of the input that was read from the cache, from 0 to 1."""\n    return read / total if total else 0.0'
)


WITH_STATUS = ".monaco-workbench"


async def without_key(desk: Desk) -> None:
    """The status item says it at once; typing is quiet, and a question tells what to do."""
    window = desk.window
    await window.status(lambda text: "no key" in text)
    path = await window.open("a.py", SOURCE)
    await window.type(TYPED)
    await window.picture("no-key")
    assert await window.toasts() == []
    await window.press("Control+Alt+e")
    toasts = await window.until("the toast", window.toasts)
    assert "key" in " ".join(toasts)
    await window.picture("no-key-question")
    assert desk.records == []
    await window.command("Notifications: Clear All Notifications")
    await window.close_all()
    path.unlink()  # not for the pictures


async def set_key(desk: Desk) -> None:
    """By the palette, as a person would; the server is started with it, and it is in no file in plain text."""
    window = desk.window
    await window.command("cachewise: Set API Key")
    await window.until("the providers", window.picks, lambda picks: len(picks) == 3)
    await window.picture("key", ".quick-input-widget", margin=16)
    await window.press("Enter")
    await window.input(KEY)
    await window.status(lambda text: "$" in text and "no key" not in text)
    files = [path for path in window.editor.home.rglob("*") if path.is_file() and path.stat().st_size < 10_000_000]
    assert len(files) > 20
    assert [path for path in files if KEY.encode() in path.read_bytes()] == []


async def test_first_minutes(tmp_path: Path) -> None:
    async with vscode_desk(tmp_path, OPENROUTER_API_KEY=None) as desk:
        window = desk.window
        await without_key(desk)
        await set_key(desk)

        *others, last = PROJECT
        for name in others:
            await window.open(name, _source(name))
        path = await window.open(last, _source(last))
        desk.simulator.follow(Script(answer=HEAD.lstrip() + BODY + "\n"))
        await desk.type_until_asked(HEAD)
        await window.ghost(lambda ghost: ghost == BODY)
        await window.picture("suggest", WITH_STATUS)
        await window.press("Tab")
        await window.saved(path, _source(last) + HEAD + BODY)

        desk.simulator.follow(Script())
        await window.press("Control+Alt+e")
        text = await window.preview(lambda text: "$" in text)
        assert "share" in text
        await desk.paid()
        await window.picture("explain", WITH_STATUS)

        told = await window.hover(lambda text: "Session" in text and "explain" in text)
        assert desk.bill in told
        await window.picture("numbers", WITH_STATUS)
        assert all(record.headers["authorization"] == fingerprint(KEY) for record in desk.records)
        assert sum(record.charge.read for record in desk.records if record.charge) > 0
        assert await window.toasts() == []


def _source(name: str) -> str:
    return (ROOT / "server" / "cachewise" / name).read_text()
