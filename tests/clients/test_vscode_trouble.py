"""What goes wrong around the editor, in the real VS Code: no provider, no server. No key: `test_vscode_first.py`."""

from __future__ import annotations

import os
import signal

import pytest

from cachewise.simulator.script import Fault, Script
from clients.vscode_desk import SOURCE, Desk

pytestmark = [pytest.mark.vscode, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(240)]

TYPED = "def triple(number): return 3"


async def test_provider_down_and_up_again(code: Desk) -> None:
    """Typing goes on, the status item warns, nothing pops up; once the provider is back, so is the help."""
    code.simulator.follow(Script(faults=(Fault(kind="status", status=503),) * 60))
    path = await code.window.open("down.py", SOURCE)
    # But for one key at once: a request that a key cancels before its fault is there may have cost something.
    await code.window.page.keyboard.insert_text(TYPED[:-1])
    await code.type_until_asked(TYPED[-1], code.window.warns)
    await code.window.saved(path, SOURCE + TYPED)
    await code.window.picture("provider-down")
    assert await code.window.toasts() == []
    await code.window.close_all()
    await code.suggest()
    await code.window.until("the warning ends", code.window.warns, lambda warns: not warns)
    await code.paid()


async def test_server_killed(code: Desk) -> None:
    """It is started again, helps again, and the session's cost goes on from where it was."""
    await code.suggest()
    before = await code.paid()
    (server,) = code.window.editor.servers()
    os.kill(server, signal.SIGKILL)

    async def servers() -> list[int]:
        return code.window.editor.servers()

    await code.window.until("another server", servers, lambda found: found and server not in found)
    await code.window.status(lambda text: text.split()[0] == before.split()[0])
    await code.window.close_all()
    await code.suggest()
    await code.paid()
    assert await code.window.toasts() == []
