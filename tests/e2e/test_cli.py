"""The command line as a user meets it: statuses, sentences, and no tracebacks."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from support.command import run

SENTENCES: dict[str, tuple[tuple[str, ...], int, str]] = {
    "help": (("--help",), 0, "usage: cachewise"),
    "help of serve": (("serve", "--help"), 0, "--tcp"),
    "help of demo": (("demo", "--help"), 0, "--pace"),
    "version": (("--version",), 0, "cachewise "),
    "no command": ((), 2, "usage: cachewise"),
    "an unknown command": (("dance",), 2, "dance"),
    "an unknown option": (("serve", "--loud"), 2, "--loud"),
    "no address": (("serve", "--tcp", "nowhere"), 1, "HOST:PORT"),
    "a port beyond all ports": (("serve", "--tcp", "127.0.0.1:70000"), 1, "HOST:PORT"),
    "an address for everybody": (("serve", "--tcp", "0.0.0.0:0"), 1, "--allow-remote"),
    "settings": (("settings",), 0, "completion.maxTokens"),
}


@pytest.mark.parametrize(("arguments", "status", "says"), SENTENCES.values(), ids=SENTENCES)
async def test_a_command_line_gets_a_status_and_a_sentence(
    tmp_path: Path, arguments: tuple[str, ...], status: int, says: str
) -> None:
    found, out, err = await run(*arguments, home=tmp_path)
    assert found == status
    assert says in (out if status == 0 else err)
    assert "Traceback" not in out + err
    assert (err if status == 0 else out) == ""


async def test_settings_hide_keys(tmp_path: Path) -> None:
    key = "sk-or-v1-0123456789abcdef0123456789abcdef"
    for arguments in (("settings",), ("settings", "--json")):
        status, out, err = await run(*arguments, home=tmp_path, env={"OPENROUTER_API_KEY": key})
        assert status == 0
        assert key not in out + err
        assert "OPENROUTER_API_KEY" in out


async def test_an_address_that_is_taken_is_a_sentence(tmp_path: Path) -> None:
    async with await asyncio.start_server(lambda _r, _w: None, "127.0.0.1", 0) as taken:
        port = taken.sockets[0].getsockname()[1]
        status, out, err = await run("serve", "--tcp", f"127.0.0.1:{port}", home=tmp_path)
    assert (status, out) == (1, "")
    assert err.startswith("cachewise: ")
    assert "Traceback" not in err
