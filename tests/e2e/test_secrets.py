"""What must never leave: keys, the text of secret files, and anything at all to where a workspace wants it to go."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from cachewise.simulator.script import Fault, Script
from support.lsp_client import RpcError
from support.server import Desk, desk, python_module
from support.upstream import Upstream, response

CANARY_KEY = "sk-or-v1-canary00000000000000000000feedbeef"
ODD_KEY = "canary.key.of.no.known.form.4711"
CANARY_TEXT = "canary_word_of_the_document"
TEXT = python_module(30) + f"\n{CANARY_TEXT} = 1\n"


async def use_everything(d: Desk) -> None:
    """Requests that go well, fail, are cancelled or make no sense."""
    uri = d.open("a.py", TEXT)
    await d.explain(uri, partialResultToken="p", workDoneToken="w")
    await d.ask(uri, "What is this?")
    await d.complete(uri, 6, 4)
    await d.command("cachewise.explain", {"uri": uri, "position": {"line": 3, "character": 0}, "show": True})
    await d.command("cachewise.prewarm", {"uri": uri})
    faults = [Fault(kind="status", status=401), Fault(kind="status", status=400), Fault(kind="garbage", after_tokens=2)]
    d.simulator.follow(Script(faults=tuple(faults)))
    for _ in faults:
        with pytest.raises(RpcError):
            await d.explain(uri, refresh=True)
    odd: list[Any] = [{}, [], {"textDocument": CANARY_TEXT}, None]
    for params in odd:
        with pytest.raises(RpcError):
            await d.lsp.request("cachewise/explain", params)
    await d.complete(uri, 6, 4)
    await d.usage()
    await d.quiet()


@pytest.mark.parametrize("key", [CANARY_KEY, ODD_KEY], ids=["like a key", "like none"])
async def test_a_key_appears_nowhere(key: str) -> None:
    """Not even where the provider itself repeats it, and the log tells all it can."""
    echo = json.dumps({"error": {"code": 400, "message": f"The key {key} is bad, {key}!"}}).encode()
    env: dict[str, str | None] = {"OPENROUTER_API_KEY": key, "CACHEWISE_LOG": "debug"}
    async with desk(Script(api_key=key), env=env, messages=1) as d:
        await use_everything(d)
        assert any(record.outcome == "complete" for record in d.records), "the key was not even used"
        await d.lsp.stop()
        check_absent(d, key)
    async with (
        Upstream([response(400, echo)], [response(401, echo)]) as upstream,
        desk(env={**env, "OPENROUTER_BASE_URL": upstream.url + "/api/v1"}) as d,
    ):
        uri = d.open("a.py", TEXT)
        for _ in range(2):
            with pytest.raises(RpcError) as failed:
                await d.explain(uri)
            assert failed.value.code == -32803
        await d.complete(uri, 6, 4)
        await d.lsp.stop()
        assert upstream.requests[0].headers["authorization"] == f"Bearer {key}"
        check_absent(d, key)


def check_absent(d: Desk, key: str) -> None:
    for secret in (key, key[-12:], key.encode().hex()):
        assert secret not in d.lsp.stderr
        assert secret not in json.dumps(d.lsp.messages)
        for path in d.files:
            assert secret.encode() not in path.read_bytes(), path
    assert d.files, "the server kept nothing, so there was nothing to look through"


async def test_no_text_in_the_log() -> None:
    async with desk(env={"CACHEWISE_LOG": "info"}, messages=1) as d:
        await use_everything(d)
        await d.lsp.stop()
        assert d.lsp.stderr, "there is no log to look at"
        answer = next(record.text for record in d.records if record.text)
        for text in (CANARY_TEXT, "What is this?", answer[-40:], "Combine two numbers"):
            assert text not in d.lsp.stderr


SECRET_FILES = (
    ".env",
    ".env.local",
    "deploy/prod.pem",
    "id_rsa",
    ".aws/config",
    "secrets/notes.py",
    "ca.key",
    ".netrc",
)


async def test_secret_files_stay_here_also_in_open_tabs() -> None:
    async with desk() as d:
        uris = {name: d.open(name, f"# {CANARY_TEXT}\nTOKEN = 'x'\n", "plaintext") for name in SECRET_FILES}
        (d.workspace / "linked.py").symlink_to(d.workspace / ".env")
        uris["linked.py"] = d.open("linked.py", f"# {CANARY_TEXT}\n", on_disk=False)
        uri = d.open("a.py", python_module(20) + "\nimport linked\nfrom secrets import notes\n")
        await d.explain(uri)
        await d.ask(uri, "What is in the environment?")
        await d.complete(uri, 6, 4)
        sent = len(d.records)
        for name, secret in uris.items():
            assert await d.complete(secret, 1, 3) == [], name
            asks: list[Callable[[str], Awaitable[Any]]] = [
                lambda u: d.explain(u, 0, 1),
                lambda u: d.ask(u, "What is it?"),
                lambda u: d.command("cachewise.prewarm", {"uri": u}),
            ]
            for ask in asks:
                with pytest.raises(RpcError) as refused:
                    await ask(secret)
                assert refused.value.code == -32803, name
                assert "secret" in refused.value.message
        assert len(d.records) == sent
        await d.quiet()
        for record in d.records:
            assert CANARY_TEXT.encode() not in record.raw_body


def hostile(thief: str) -> list[dict[str, Any]]:
    """Sections of a workspace that wants requests, keys or files to go elsewhere."""
    url = f"{thief}/api/v1"
    return [
        {"baseUrl": url, "base_url": url, "openrouter": {"base_url": url, "headers": {"X": "y"}}},
        {"openrouter.base_url": url, "openrouter.key": "sk-stolen", "apiKey": "sk-stolen", "OPENROUTER_BASE_URL": url},
        {"env": {"OPENROUTER_BASE_URL": url, "HTTPS_PROXY": thief}, "proxy": thief, "http.proxy": thief},
        {"local": {"thief": {"base_url": url}}, "model": "local:thief", "completion.model": "local:thief"},
        {"redis.url": thief.replace("http", "redis"), "redis": {"url": thief, "allowUnencrypted": True}},
        {"cache.dir": "/tmp/elsewhere", "state": "/tmp/elsewhere", "log": "debug", "log.file": "/tmp/elsewhere"},
        {"cachewise": {"baseUrl": url, "cachewise": {"baseUrl": url}}},
        {"headers": {"Authorization": "Bearer stolen"}, "tls.verify": False, "command": ["sh", "-c", "true"]},
        {"__proto__": {"baseUrl": url}, "model": {"baseUrl": url}, "context": {"exclude": 7}, "": url, "a" * 5000: url},
    ]


async def test_a_workspace_cannot_move_anything() -> None:
    async with Upstream([response(200, b"{}")]) as thief:
        sections = hostile(thief.url)
        answers = iter([*sections, *sections, *sections])
        async with desk(
            options=sections[0],
            capabilities={"workspace": {"configuration": True}},
            answerers={"workspace/configuration": lambda _params: [next(answers)]},
        ) as d:
            uri = d.open("a.py", TEXT)
            (d.workspace / ".env").write_text(f"OPENROUTER_BASE_URL={thief.url}/api/v1\nOPENROUTER_API_KEY=stolen\n")
            keys = set()
            for section in sections:
                asked = d.lsp.mark()
                d.lsp.notify("workspace/didChangeConfiguration", {"settings": section})
                await d.lsp.wait_for("workspace/configuration", since=asked)
                await d.explain(uri, refresh=True)
                await d.complete(uri, 6, 4)
                keys |= {record.headers.get("authorization") for record in d.records}
            await d.quiet()
            assert len(d.records) >= len(sections) + 1
            assert len(keys) == 1, "another key was sent"
            allowed = {"accept", "accept-encoding", "authorization", "connection", "content-length", "content-type"}
            for record in d.records:
                assert set(record.headers) <= allowed | {"host", "user-agent", "transfer-encoding"}
            warned = await d.status(lambda s: s["health"] == "warning")
            assert "not used" in warned["message"]
            inside = [path for path in d.home.parent.rglob("*") if path.is_file()]
            assert all(path.is_relative_to(d.home) or path.is_relative_to(d.workspace) for path in inside)
            assert "DEBUG" not in d.lsp.stderr
        assert thief.connections == 0


async def test_budgets_and_switches_only_tighten() -> None:
    """The user switched completion off; the workspace does not switch it on."""
    async with desk(config="completion.enabled = false\n", options={"completion": {"enabled": True}}) as d:
        assert await d.complete(d.open("a.py", TEXT), 6, 4) == []
        assert d.records == []


async def test_private_folders_are_private() -> None:
    async with desk() as d:
        await d.explain(d.open("a.py", TEXT))
        await d.usage()
        for path in d.home.rglob("*"):
            if "cachewise" in path.parts:
                assert path.stat().st_mode & 0o077 == 0, path
