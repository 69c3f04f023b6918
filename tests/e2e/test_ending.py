"""How the server ends: asked to, left alone, in the middle of everything; and the TCP transport."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from pathlib import Path

import pytest

from cachewise.simulator.script import Fault, Script
from cachewise.simulator.server import Simulator
from support.lsp_client import LspClient, RpcError, ServerGone
from support.server import Desk, desk, environment, python_module, start_server

TEXT = python_module(20)
STREAMS = 20


async def busy(d: Desk) -> list[asyncio.Future[object]]:
    """So many streams that stand in the middle, each with some text received."""
    d.simulator.follow(Script(faults=(Fault(kind="stall", after_tokens=5),) * STREAMS))
    replies = []
    for number in range(STREAMS):
        uri = d.open(f"{number}.py", TEXT)
        params = d.explain_params(uri, partialResultToken=f"p{number}", workDoneToken=f"w{number}")
        replies.append(d.lsp.start_request("cachewise/explain", params)[1])
    for number in range(STREAMS):
        await d.lsp.wait_for("$/progress", lambda p, token=f"p{number}": p["token"] == token)  # type: ignore[misc]
    return replies


async def booked(home: Path) -> int:
    """The requests of today, as the next server of this user reads them."""
    async with desk(home=home) as later:
        return int((await later.usage())["today"]["requests"])


@pytest.mark.parametrize("how", ["shutdown and exit", "exit alone", "closed stdin", "terminated"])
async def test_the_end_in_the_middle_of_many_streams(how: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        async with desk(home=home) as d:
            replies = await busy(d)
            if how == "shutdown and exit":
                assert await d.lsp.request("shutdown") is None
                with pytest.raises(RpcError) as refused:
                    await d.explain("file:///a.py")
                assert refused.value.code == -32600
                d.lsp.notify("exit")
            elif how == "exit alone":
                d.lsp.notify("exit")
            elif how == "closed stdin":
                assert d.lsp.process.stdin is not None
                d.lsp.process.stdin.close()
            else:
                d.lsp.process.terminate()
            status = await d.lsp.wait_exit(timeout=10)
            assert status == (1 if how == "exit alone" else 0)
            for reply in replies:
                with pytest.raises(RpcError) as cancelled:
                    await reply
                assert cancelled.value.code == -32800
            await d.until(lambda: all(record.outcome == "gone" for record in d.records))
            assert len(d.records) == STREAMS
        assert await booked(home) == STREAMS


async def test_killed_servers_lose_nothing_that_was_told() -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        async with desk(home=home) as d:
            await d.explain(d.open("a.py", TEXT))
            await d.usage()
            d.lsp.process.kill()
            await d.lsp.wait_exit()
        assert await booked(home) == 1


async def test_one_client_over_tcp() -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        async with Simulator() as simulator:
            server = await start_server(environment(home, simulator), "--tcp", "127.0.0.1:0")
            clients: list[LspClient] = []
            try:
                await server.wait_for_log("cachewise listens on 127.0.0.1:")
                port = int(server.stderr.split("127.0.0.1:")[1].split()[0])
                browser, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
                with contextlib.suppress(ConnectionError):
                    assert await asyncio.wait_for(browser.read(), 5) == b""
                writer.close()
                client = await LspClient.connect("127.0.0.1", port)
                clients.append(client)
                await client.initialize()
                uri = (home / "a.py").as_uri()
                client.open(uri, TEXT)
                params = {"textDocument": {"uri": uri}, "position": {"line": 5, "character": 0}}
                result = await client.request("cachewise/explain", {**params, "partialResultToken": "p"})
                assert client.text_of("p") == result["text"] == simulator.requests[0].text
                with pytest.raises(ConnectionError):
                    await asyncio.open_connection("127.0.0.1", port)
                await client.request("shutdown")
                client.notify("exit")
                assert await server.wait_exit() == 0
            finally:
                for each in clients:
                    await each.close()
                await server.stop()


async def test_other_machines_are_not_listened_to() -> None:
    with tempfile.TemporaryDirectory() as folder:
        server = await start_server(environment(Path(folder), None), "--tcp", "0.0.0.0:0")
        with pytest.raises(ServerGone):
            await server.request("initialize", {})
        assert await server.wait_exit() == 1
        assert "--allow-remote" in server.stderr
        assert "Traceback" not in server.stderr
