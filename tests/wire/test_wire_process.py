"""The wire of real server processes: handshake, clean streams, cancelling, slow readers, TCP, and every way to end."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from cachewise.lsp.errors import CANCELLED, INVALID_REQUEST, PARSE_ERROR
from cachewise.lsp.outbox import CONGESTED
from support.lsp_client import LspClient, LspProcess, RpcError, ServerGone, encode

SERVER = Path(__file__).parent.parent / "support" / "echo_server.py"
MB = 1024 * 1024


@contextlib.asynccontextmanager
async def serving(**env: str) -> AsyncIterator[LspProcess]:
    async with await LspProcess.start([sys.executable, SERVER], env) as lsp:
        await lsp.initialize()
        yield lsp


@pytest.fixture
async def lsp() -> AsyncIterator[LspProcess]:
    async with serving() as process:
        yield process


async def replied(lsp: LspClient, msg_id: Any) -> dict[str, Any]:
    return await lsp.wait_for_message(lambda message: "method" not in message and message.get("id") == msg_id)


async def wait_until_waiting(lsp: LspClient, *ids: int) -> None:
    for msg_id in ids:
        await lsp.wait_for("cachewise/waiting", lambda params, msg_id=msg_id: params["id"] == msg_id)  # type: ignore[misc]


async def test_the_first_answer_comes_before_anything_heavy_is_loaded(lsp: LspProcess) -> None:
    modules = set((await lsp.request("cachewise/state"))["modules"])
    assert modules & {"pydantic_ai", "httpx2", "openai", "anthropic", "genai_prices", "sqlite3", "diskcache"} == set()


async def test_stray_output_does_not_reach_the_client(lsp: LspProcess) -> None:
    assert await lsp.request("cachewise/print") is None
    assert await lsp.request("cachewise/echo", {"still": "clean"}) == {"still": "clean"}
    assert await lsp.stop() == 0
    assert "stray text from print" in lsp.stderr
    assert "stray text from a library" in lsp.stderr


async def test_broken_frames_cost_only_themselves(lsp: LspProcess) -> None:
    lsp.send_raw(b"Content-Length: " + b"9" * 26 + b"\r\n\r\n")
    lsp.send_raw(b"content-length: 1\r\n\r\n{")
    lsp.send_raw(b"Content-Length: 2\r\n\r\n[]")
    assert await lsp.request("cachewise/echo", {"a": 1}) == {"a": 1}
    codes = [reply["error"]["code"] for reply in lsp.replies[None]]
    assert codes == [INVALID_REQUEST, PARSE_ERROR, INVALID_REQUEST]
    assert lsp.notifications("window/showMessage") == []


async def test_a_header_without_end_takes_no_memory(lsp: LspProcess) -> None:
    await lsp.request("cachewise/echo", {})
    before = lsp.memory
    piece = b"x" * MB
    for _ in range(200):
        lsp.send_raw(piece)
        await lsp.drain()
    lsp.send_raw(b"\r\n")
    assert await lsp.request("cachewise/echo", {"a": 1}) == {"a": 1}
    assert lsp.memory - before < 10 * MB


async def test_large_messages_go_both_ways(lsp: LspProcess) -> None:
    params = {"text": "é" * 5_000_000}
    assert await lsp.request("cachewise/echo", params) == params


async def test_a_request_sees_the_document_as_it_was(lsp: LspProcess) -> None:
    """All in one packet: the handler must start before the next change is applied."""
    rpc = {"jsonrpc": "2.0"}
    change = {"textDocument": {"uri": "u", "version": 2}, "contentChanges": [{"text": "first"}]}
    later = {"textDocument": {"uri": "u", "version": 3}, "contentChanges": [{"text": "second"}]}
    first, second = lsp.expect("a"), lsp.expect("b")
    lsp.send_raw(
        encode({**rpc, "method": "textDocument/didChange", "params": change})
        + encode({**rpc, "id": "a", "method": "cachewise/snapshot"})
        + encode({**rpc, "method": "textDocument/didChange", "params": later})
        + encode({**rpc, "id": "b", "method": "cachewise/snapshot"})
    )
    assert await first == {"text": "first"}
    assert await second == {"text": "second"}


async def test_a_cancel_is_answered_while_the_handler_still_cleans_up(lsp: LspProcess) -> None:
    msg_id, future = lsp.start_request("cachewise/stubborn", {"then": "result"})
    await wait_until_waiting(lsp, msg_id)
    lsp.cancel(msg_id)
    with pytest.raises(RpcError) as caught:
        await future
    assert caught.value.code == CANCELLED
    assert lsp.notifications("cachewise/cleaned") == []
    lsp.notify("cachewise/release", {})
    await lsp.wait_for("cachewise/cleaned")
    assert await lsp.request("cachewise/echo", {}) == {}
    assert len(lsp.replies[msg_id]) == 1


async def test_a_thousand_cancels_leave_nothing(lsp: LspProcess) -> None:
    before = await lsp.request("cachewise/state")
    ids = []
    for _ in range(1000):
        msg_id, _future = lsp.start_request("cachewise/wait")
        lsp.cancel(msg_id)
        ids.append(msg_id)
    await lsp.request("cachewise/echo", {})
    after = await lsp.request("cachewise/state")
    assert [[reply["error"]["code"] for reply in lsp.replies[msg_id]] for msg_id in ids] == [[CANCELLED]] * 1000
    assert (after["requests"], after["tasks"]) == (0, 0)
    assert after["threads"] == before["threads"]


async def test_logs_hold_no_content(lsp: LspProcess) -> None:
    canary = "canary-in-a-message"
    lsp.open("file:///x", canary)
    await lsp.request("cachewise/echo", {"text": canary})
    lsp.send_raw(b"Content-Length: 25\r\n\r\n" + b'{"x": "' + canary.encode())
    for method in ("cachewise/fail", "textDocument/hover"):
        with pytest.raises(RpcError):
            await lsp.request(method, {"how": "crash", "text": canary})
    await lsp.stop()
    assert "ValueError" in lsp.stderr, "the log works"
    assert canary not in lsp.stderr
    assert "canary" not in lsp.stderr


# A client that does not read


async def settled_memory(lsp: LspProcess) -> int:
    """The server's memory once it does nothing more."""
    seen = [lsp.memory]
    while len(seen) < 10 or len(set(seen[-10:])) > 1:
        await asyncio.sleep(0.02)
        seen.append(lsp.memory)
    return max(seen)


async def test_a_client_that_does_not_read(lsp: LspProcess) -> None:
    await lsp.request("cachewise/flood", {"count": 10, "size": 100, "keyed": True})
    before = lsp.memory
    lsp.pause_reading()
    streams = [
        lsp.start_request("cachewise/stream", {"partialResultToken": number, "count": 3000, "size": 100})[1]
        for number in range(10)
    ]
    flood = lsp.start_request("cachewise/flood", {"count": 20_000, "size": 1000, "keyed": True})[1]
    last = [lsp.start_request("cachewise/echo", {"n": number})[1] for number in range(50)][-1]
    peak = 0
    done = False

    async def watch() -> None:
        nonlocal peak
        while not done:
            peak = max(peak, lsp.memory)
            await asyncio.sleep(0.02)

    watching = asyncio.create_task(watch())
    lsp.notify("cachewise/mark", {})
    await lsp.wait_for_log("mark reached")  # requests are accepted all the while
    lsp.resume_reading()
    results = await asyncio.gather(*streams)
    assert await flood == 20_000
    assert await last == {"n": 49}
    done = True
    await watching
    assert peak - before < 16 * MB
    for number, result in enumerate(results):
        values = lsp.progress(number)
        assert [value["seq"] for value in values] == list(range(result["sent"]))
        assert lsp.text_of(number) == "".join(f"{n:08d}" + "x" * 92 for n in range(3000))
        assert result["sent"] < 3000, "deltas were merged"
    flooded = lsp.notifications("cachewise/flooded")
    assert flooded[-1]["number"] == 19_999
    assert len(flooded) < 20_000, "superseded notifications were dropped"


async def test_unread_replies_are_kept_but_no_more_requests_taken(lsp: LspProcess) -> None:
    lsp.pause_reading()
    size = 100_000
    wanted = 12 * CONGESTED // size
    futures = [lsp.start_request("cachewise/echo", {"n": n, "text": "x" * size})[1] for n in range(wanted)]
    before = lsp.memory
    await lsp.wait_for_log("no further requests are taken")
    # The rest of the requests waits in the pipe and with the client.
    assert await settled_memory(lsp) - before < 16 * MB
    lsp.resume_reading()
    results = await asyncio.gather(*futures)
    assert [result["n"] for result in results] == list(range(wanted))


async def test_shutdown_of_a_client_that_does_not_read(lsp: LspProcess) -> None:
    lsp.pause_reading()
    lsp.start_request("cachewise/flood", {"count": 3000, "size": 1000, "keyed": False})
    lsp.start_request("shutdown")
    lsp.notify("exit")
    assert await lsp.wait_exit() == 0


# Ending


async def test_shutdown_and_exit_with_live_requests(tmp_path: Path) -> None:
    async with serving(ECHO_STOP_FILE=str(tmp_path / "stopped")) as lsp:
        ids = [lsp.start_request("cachewise/stubborn", {})[0] for _ in range(20)]
        await wait_until_waiting(lsp, *ids)
        assert await lsp.request("shutdown") is None
        lsp.notify("exit")
        assert await lsp.wait_exit() == 0
        assert [lsp.replies[msg_id][0]["error"]["code"] for msg_id in ids] == [CANCELLED] * 20
    assert (tmp_path / "stopped").read_text() == "stopped", "the hook has run"


async def test_a_closed_input_is_an_end(tmp_path: Path) -> None:
    async with serving(ECHO_STOP_FILE=str(tmp_path / "stopped")) as lsp:
        msg_id, future = lsp.start_request("cachewise/wait")
        await wait_until_waiting(lsp, msg_id)
        lsp._writer.close()
        assert await lsp.wait_exit() == 0
        with pytest.raises((RpcError, ServerGone)):
            await future
    assert (tmp_path / "stopped").exists()


async def test_a_closed_output_is_an_end() -> None:
    reading, writing = os.pipe()
    process = await asyncio.create_subprocess_exec(sys.executable, SERVER, stdin=PIPE, stdout=writing, stderr=PIPE)
    os.close(writing)
    os.close(reading)
    assert process.stdin is not None
    params: dict[str, Any] = {"processId": None, "rootUri": None, "capabilities": {}}
    process.stdin.write(encode({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params}))
    _out, log = await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode == 0
    assert b"Traceback" not in log


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
async def test_signals_end_it_cleanly(tmp_path: Path, sign: signal.Signals) -> None:
    async with serving(ECHO_STOP_FILE=str(tmp_path / "stopped")) as lsp:
        lsp.process.send_signal(sign)
        assert await lsp.wait_exit() == 0
        assert "Traceback" not in lsp.stderr
    assert (tmp_path / "stopped").exists()


async def test_exit_without_shutdown_is_an_error(lsp: LspProcess) -> None:
    lsp.notify("exit")
    assert await lsp.wait_exit() == 1


async def test_a_hook_that_hangs_does_not_hold_up_the_end() -> None:
    async with serving(ECHO_STUCK="1") as lsp:
        assert await lsp.stop() == 0
        assert "not closed in time" in lsp.stderr


async def test_a_busy_worker_thread_does_not_hold_up_the_end(lsp: LspProcess) -> None:
    msg_id, _future = lsp.start_request("cachewise/busy")
    await wait_until_waiting(lsp, msg_id)
    lsp._writer.close()
    assert await lsp.wait_exit() == 0


async def test_a_last_message_without_its_end_is_an_end_too(lsp: LspProcess) -> None:
    lsp.send_raw(b"Content-Length: 500\r\n\r\n{")
    lsp._writer.close()
    assert await lsp.wait_exit() == 0


# TCP


@contextlib.asynccontextmanager
async def listening() -> AsyncIterator[tuple[int, asyncio.subprocess.Process]]:
    process = await asyncio.create_subprocess_exec(sys.executable, SERVER, "--tcp", stdout=PIPE, stderr=PIPE)
    assert process.stdout is not None
    try:
        yield int(await asyncio.wait_for(process.stdout.readline(), 20)), process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.communicate()


async def test_tcp() -> None:
    async with listening() as (port, process):
        lsp = await LspClient.connect("127.0.0.1", port)
        await lsp.initialize()
        params = {"text": "x" * 3_000_000}
        assert await lsp.request("cachewise/echo", params) == params
        with pytest.raises(ConnectionError):
            await LspClient.connect("127.0.0.1", port)
        await lsp.request("shutdown")
        lsp.notify("exit")
        assert await asyncio.wait_for(process.wait(), 20) == 0
        await lsp.close()


async def test_tcp_ends_with_its_client() -> None:
    async with listening() as (port, process):
        lsp = await LspClient.connect("127.0.0.1", port)
        await lsp.initialize()
        lsp.start_request("cachewise/wait")
        await lsp.wait_for("cachewise/waiting")
        await lsp.close()
        assert await asyncio.wait_for(process.wait(), 20) == 0


@pytest.mark.parametrize("first", [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"POST /x HTTP/1.1\r\n", b""])
async def test_tcp_turns_browsers_away_and_waits_on(first: bytes) -> None:
    inner = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"capabilities": {}}}).encode()
    async with listening() as (port, process):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(first + b"Content-Length: %d\r\n\r\n%s" % (len(inner), inner) if first else b"")
        writer.write_eof()
        with contextlib.suppress(ConnectionResetError):
            assert await asyncio.wait_for(reader.read(), 20) == b"", "not a word is said"
        writer.close()
        lsp = await LspClient.connect("127.0.0.1", port)
        await lsp.initialize()
        assert process.returncode is None
        await lsp.close()


async def test_tcp_can_be_ended_before_anyone_came() -> None:
    async with listening() as (_port, process):
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 20) == 0
