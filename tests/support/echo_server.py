"""A small server on the real wire classes, for tests that look at the wire only: run it as a script.

`python echo_server.py` serves stdio; `--tcp` serves a port of the system's choice on 127.0.0.1 and prints it. With
ECHO_STOP_FILE set, `on_stop` writes that file; with ECHO_STUCK set, `on_stop` never returns.
"""

from __future__ import annotations

import asyncio
import logging
import math
import os
import sys
import threading
from pathlib import Path
from typing import Any

from lsprotocol import types

from cachewise.faults import InvalidParams, NoKey, ProviderFault, RequestFailed, UnknownDocument
from cachewise.lsp.process import leave
from cachewise.lsp.server import CachewiseServer

CANARY = "canary-text-of-a-document"


class OddFault(RequestFailed):
    """A fault whose data can't be sent."""

    def data(self) -> dict[str, Any]:
        return {"odd": object()}


class Echo:
    """The handlers, and what they have seen."""

    def __init__(self, server: CachewiseServer) -> None:
        self.server = server
        self.events: list[str] = []
        self.text = ""
        self.stopped = threading.Event()
        self.release = asyncio.Event()

    def register(self) -> None:
        feature = self.server.feature
        for name in dir(self):
            if name.startswith("on_"):
                feature("cachewise/" + name.removeprefix("on_"))(getattr(self, name))
        feature(types.TEXT_DOCUMENT_DID_OPEN)(self.did_open)
        feature(types.TEXT_DOCUMENT_DID_CHANGE)(self.did_change)
        feature(types.TEXT_DOCUMENT_DID_CLOSE)(self.did_close)
        feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)(self.did_change_configuration)
        feature(types.TEXT_DOCUMENT_HOVER)(self.hover)
        feature(types.TEXT_DOCUMENT_INLINE_COMPLETION, types.InlineCompletionOptions())(self.inline_completion)
        feature(types.WORKSPACE_TEXT_DOCUMENT_CONTENT)(self.content)
        self.server.commands = ("echo.arguments", "echo.wait")
        self.server.command_handler = self.command
        self.server.on_stop = self.stop

    # cachewise's own methods

    def on_echo(self, params: dict[str, Any]) -> Any:
        assert type(params) is dict
        return params

    async def on_wait(self, params: object) -> Any:
        self.server.wire.notify_json("cachewise/waiting", {"id": self.server.wire.msg_id})
        await asyncio.Event().wait()

    async def on_stubborn(self, params: dict[str, Any]) -> Any:
        """Takes its time after a cancel: until `cachewise/release` comes."""
        self.server.wire.notify_json("cachewise/waiting", {"id": self.server.wire.msg_id})
        try:
            await asyncio.Event().wait()
        finally:
            await self.release.wait()
            self.server.wire.notify_json("cachewise/cleaned", {"id": self.server.wire.msg_id})
            if params.get("then") == "result":
                return "a result after the cancel"  # noqa: B012 - just what a bad handler may do
            if params.get("then") == "crash":
                raise ValueError(CANARY)

    def on_release(self, params: object) -> None:
        self.release.set()

    async def on_fail(self, params: dict[str, Any]) -> Any:
        return self.on_fail_at_once(params)

    def on_fail_at_once(self, params: dict[str, Any]) -> Any:
        match params["how"]:
            case "crash":
                raise ValueError(CANARY)
            case "group":
                raise ExceptionGroup(CANARY, [KeyError(CANARY), OSError(CANARY)])
            case "cancelled":
                raise asyncio.CancelledError
            case "no key":
                raise NoKey("Set OPENROUTER_API_KEY.")
            case "provider":
                raise ProviderFault("Too many requests.", kind="rateLimit", status=429, retry_after=2.5)
            case "unknown document":
                raise UnknownDocument("The document is not open.")
            case "odd data":
                raise OddFault("Something is odd.")
            case "object":
                return {"secret": object()}
            case "nan":
                return {"value": math.nan}
            case "surrogate":
                return {"value": "\ud800"}
            case how:
                raise AssertionError(how)

    async def on_async_notice(self, params: dict[str, Any]) -> None:
        self.on_fail_at_once(params)

    async def on_ask(self, params: dict[str, Any]) -> Any:
        """Asks the client and returns its answer."""
        return await self.server.wire.ask_json(params["method"], params["params"], params.get("timeout", 10))

    async def on_ask_typed(self, params: object) -> Any:
        """The same by way of one of pygls' own functions."""
        edit = types.ApplyWorkspaceEditParams(edit=types.WorkspaceEdit())
        return {"applied": (await self.server.workspace_apply_edit_async(edit)).applied}

    async def on_busy(self, params: object) -> None:
        """Keeps a worker thread busy for longer than any test runs."""
        waiting = asyncio.get_running_loop().run_in_executor(None, self.stopped.wait, 300)
        self.server.wire.notify_json("cachewise/waiting", {"id": self.server.wire.msg_id})
        await waiting

    def on_print(self, params: object) -> None:
        """Does what no server should."""
        print("stray text from print")  # noqa: T201
        sys.stdout.flush()
        os.write(1, b"stray text from a library\n")
        return

    async def on_flood(self, params: dict[str, Any]) -> int:
        """Sends many notifications at once: `count`, each of `size` characters, `keyed` or not."""
        check_size(params)
        for number in range(params["count"]):
            key = "flood" if params["keyed"] else None
            value = {"number": number, "filler": "x" * params["size"]}
            self.server.wire.notify_json("cachewise/flooded", value, key=key)
        return int(params["count"])

    async def on_stream(self, params: dict[str, Any]) -> dict[str, Any]:
        """Streams `count` deltas of `size` characters; merges what the client has not yet taken."""
        check_size(params)
        wire, token = self.server.wire, params["partialResultToken"]
        held: list[str] = []
        sent = 0
        for number in range(params["count"]):
            held.append(f"{number:08d}" + "x" * (params["size"] - 8))
            last = number == params["count"] - 1
            if last or not wire.pending(token):
                wire.progress_json(token, {"text": "".join(held), "seq": sent}, key=None if last else token)
                held.clear()
                sent += 1
            await asyncio.sleep(0)
        return {"sent": sent}

    def on_mark(self, params: object) -> None:
        """Says on standard error that everything sent before was read, for clients that do not read themselves."""
        logging.getLogger("echo").info("mark reached")

    def on_state(self, params: object) -> dict[str, Any]:
        requests = self.server.wire.requests
        assert self.server.wire.outbox is not None
        return {
            "requests": len(requests),
            "tasks": requests.tasks,
            "unsent": self.server.wire.outbox.unsent,
            "threads": sorted(thread.name for thread in threading.enumerate()),
            "modules": sorted(name for name in sys.modules if "." not in name),
        }

    def on_events(self, params: object) -> dict[str, Any]:
        return {"events": self.events}

    async def on_snapshot(self, params: object) -> dict[str, Any]:
        """The text as it is before the first await."""
        text = self.text
        await asyncio.sleep(0)
        return {"text": text}

    # Standard methods

    def did_open(self, params: types.DidOpenTextDocumentParams) -> None:
        self.text = params.text_document.text
        self.events.append(f"open {params.text_document.uri}")

    def did_change(self, params: types.DidChangeTextDocumentParams) -> None:
        self.text = params.content_changes[0].text
        self.events.append(f"change {params.text_document.version}")

    def did_close(self, params: types.DidCloseTextDocumentParams) -> None:
        self.events.append(f"close {params.text_document.uri}")

    def did_change_configuration(self, params: types.DidChangeConfigurationParams) -> None:
        raise ValueError(CANARY)

    def hover(self, params: types.HoverParams) -> types.Hover:
        return types.Hover(contents=types.MarkupContent(kind=types.MarkupKind.Markdown, value=str(params.position)))

    async def inline_completion(self, params: types.InlineCompletionParams) -> types.InlineCompletionList:
        return types.InlineCompletionList(items=[types.InlineCompletionItem(insert_text="done")])

    def content(self, params: types.TextDocumentContentParams) -> types.TextDocumentContentResult:
        return types.TextDocumentContentResult(text=params.uri)

    async def command(self, params: types.ExecuteCommandParams) -> Any:
        if params.command == "echo.wait":
            await self.on_wait({})
        return {"command": params.command, "arguments": params.arguments, "token": params.work_done_token}

    async def stop(self) -> None:
        if os.environ.get("ECHO_STUCK"):
            await asyncio.Event().wait()
        if path := os.environ.get("ECHO_STOP_FILE"):
            await asyncio.to_thread(Path(path).write_text, "stopped")


def check_size(params: dict[str, Any]) -> None:
    """Keeps random parameters from asking for more than a test wants."""
    sizes = params["count"], params["size"]
    if not all(isinstance(size, int) and 0 <= size <= 100_000 for size in sizes):
        raise InvalidParams("count and size must be small whole numbers.")


def main() -> int:
    logging.basicConfig(level=logging.DEBUG)
    server = CachewiseServer("echo", "1.0")
    echo = Echo(server)
    echo.register()
    if "--tcp" in sys.argv:
        return server.serve_tcp("127.0.0.1", 0, lambda _host, port: print(port, flush=True))  # noqa: T201
    return server.serve_stdio()


if __name__ == "__main__":
    leave(main())
