"""The simulator as an HTTP server: raw bytes, leaving clients, its other endpoints, and it as a process of its own."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from cachewise.simulator import Fault, Script, Simulator, fingerprint

CLAUDE = "anthropic/claude-haiku-4.5"
VERSION = {"anthropic-version": "2023-06-01"}


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    async with Simulator(Script(answer="One two")) as running:
        yield running


@pytest.fixture
async def http(simulator: Simulator) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(trust_env=False, timeout=10, base_url=simulator.origin) as client:
        yield client


def chat(model: str = CLAUDE, **more: Any) -> dict[str, Any]:
    return {"model": model, "messages": [{"role": "user", "content": "why"}], **more}


async def test_the_bytes_of_an_openrouter_stream(simulator: Simulator, http: httpx2.AsyncClient) -> None:
    response = await http.post("/api/v1/chat/completions", json=chat(stream=True, session_id="s"))
    record = simulator.requests[0]
    assert response.headers["x-cachewise-simulated"] == "1"
    assert response.headers["x-generation-id"] == record.generation_id
    lines = [line for line in response.text.split("\n\n") if line]
    assert lines[0] == ": OPENROUTER PROCESSING"
    assert lines[-1] == "data: [DONE]"
    chunks = [json.loads(line.removeprefix("data: ")) for line in lines[1:-1]]
    assert [chunk["choices"][0]["delta"]["content"] for chunk in chunks] == ["One", " two", "", ""]
    assert [chunk["choices"][0]["finish_reason"] for chunk in chunks] == [None, None, "stop", None]
    assert ["usage" in chunk for chunk in chunks] == [False, False, False, True]
    assert chunks[-1]["usage"]["prompt_tokens_details"] == {
        "cached_tokens": 0,
        "audio_tokens": 0,
        "cache_write_tokens": 0,
    }


@pytest.mark.parametrize("asked", [True, False])
async def test_openai_sends_usage_when_asked_to(asked: bool, http: httpx2.AsyncClient) -> None:
    body = chat("gpt-5-mini", stream=True, **({"stream_options": {"include_usage": True}} if asked else {}))
    response = await http.post("/v1/chat/completions", json=body)
    assert ('"usage"' in response.text) is asked


async def test_the_events_of_an_anthropic_stream(http: httpx2.AsyncClient) -> None:
    body = {**chat("claude-haiku-4-5"), "max_tokens": 9, "stream": True}
    response = await http.post("/anthropic/v1/messages", json=body, headers=VERSION)
    events = [line.removeprefix("event: ") for line in response.text.split("\n") if line.startswith("event: ")]
    assert events == [
        "message_start",
        "content_block_start",
        "ping",
        "content_block_delta",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]


async def test_anthropic_warms_without_an_answer(simulator: Simulator, http: httpx2.AsyncClient) -> None:
    body = {**chat("claude-haiku-4-5"), "max_tokens": 0}
    response = await http.post("/anthropic/v1/messages", json=body, headers=VERSION)
    assert (response.status_code, response.json()["content"]) == (200, [])
    assert simulator.requests[0].output_tokens == 0


MARK = {"type": "ephemeral", "ttl": "5m"}


@pytest.mark.parametrize(
    ("path", "body", "says"),
    [
        pytest.param("/v1/chat/completions", "no json", "no JSON object", id="no-json"),
        pytest.param("/v1/chat/completions", "[" * 100_000, "no JSON object", id="deep-json"),
        pytest.param("/v1/chat/completions", [], "no JSON object", id="a-list"),
        pytest.param("/v1/chat/completions", {"messages": []}, "model", id="no-model"),
        pytest.param("/v1/chat/completions", {"model": "m"}, "messages", id="no-messages"),
        pytest.param("/v1/chat/completions", {"model": "m", "messages": [3]}, "role", id="no-message"),
        pytest.param(
            "/v1/chat/completions", {"model": "m", "messages": [{"role": "user"}]}, "needs content", id="no-content"
        ),
        pytest.param("/v1/chat/completions", chat("m", max_tokens=-1), "max_tokens", id="negative"),
        pytest.param("/v1/chat/completions", chat("m", stop=3), "stop", id="stop-no-text"),
        pytest.param(
            "/v1/chat/completions", chat("gpt-5", prompt_cache_options={}), "Unknown parameter", id="before-5.6"
        ),
        pytest.param(
            "/v1/chat/completions",
            chat("gpt-5.6", prompt_cache_options={"mode": "all"}),
            "prompt_cache_options.mode",
            id="no-such-mode",
        ),
        pytest.param("/api/v1/chat/completions", chat("claude"), "not a valid model", id="no-vendor"),
        pytest.param("/api/v1/chat/completions", chat(provider=[]), "provider", id="provider-no-object"),
        pytest.param("/api/v1/chat/completions", chat(provider={"only": ["azure"]}), "No allowed", id="no-upstream"),
        pytest.param("/api/v1/chat/completions", chat(session_id="x" * 300), "session_id", id="long-session"),
        pytest.param(
            "/api/v1/chat/completions", chat(cache_control={"type": "forever"}), "cache_control.type", id="mark-type"
        ),
        pytest.param("/anthropic/v1/messages", chat("claude-haiku-4-5"), "max_tokens", id="no-max-tokens"),
        pytest.param(
            "/anthropic/v1/messages", chat("claude-haiku-4-5", max_tokens=0, stream=True), "max_tokens", id="no-warm"
        ),
        pytest.param(
            "/anthropic/v1/messages",
            {
                "model": "claude-haiku-4-5",
                "max_tokens": 5,
                "messages": [
                    {"role": "user", "content": [{"type": "text", "text": f"{i}", "cache_control": MARK}]}
                    for i in range(5)
                ],
            },
            "maximum of 4",
            id="five-marks",
        ),
        pytest.param(
            "/anthropic/v1/messages",
            chat("claude-haiku-4-5", max_tokens=5, cache_control={"type": "ephemeral", "ttl": "2h"}),
            "cache_control.ttl",
            id="no-such-ttl",
        ),
        pytest.param("/anthropic/v1/messages", chat("m", max_tokens=5, tools=[1]), "tools", id="no-tool"),
        pytest.param("/anthropic/v1/messages", chat("m", max_tokens=5, system=7), "system", id="no-system"),
    ],
)
async def test_bodies_that_are_refused(
    path: str, body: object, says: str, simulator: Simulator, http: httpx2.AsyncClient
) -> None:
    content = body if isinstance(body, str) else json.dumps(body)
    response = await http.post(path, content=content, headers=VERSION)
    assert response.status_code in (400, 404)
    assert says in response.json()["error"]["message"]
    record = simulator.requests[0]
    assert (record.outcome, record.owed, record.ended_at is None) == ("refused", False, False)
    assert (await http.get("/simulator/account")).json()["running"] == 0


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/api/v1/chat/completions", {"authorization": "Bearer right"}, 200),
        ("/api/v1/chat/completions", {"authorization": "Bearer wrong"}, 401),
        ("/api/v1/chat/completions", {}, 401),
        ("/v1/chat/completions", {"authorization": "Basic right"}, 401),
        ("/anthropic/v1/messages", {"x-api-key": "right"}, 200),
        ("/anthropic/v1/messages", {"authorization": "Bearer right"}, 401),
    ],
)
async def test_a_key_is_asked_for(path: str, headers: dict[str, str], status: int) -> None:
    async with Simulator(Script(api_key="right")) as simulator, httpx2.AsyncClient(trust_env=False) as http:
        body = chat(CLAUDE if "api" in path else "claude-haiku-4-5", max_tokens=5)
        response = await http.post(simulator.origin + path, json=body, headers={**VERSION, **headers})
        assert response.status_code == status
        assert "right" not in json.dumps(simulator.requests[0].to_json())


async def test_keys_are_remembered_as_fingerprints(simulator: Simulator, http: httpx2.AsyncClient) -> None:
    await http.post("/api/v1/chat/completions", json=chat(), headers={"authorization": "Bearer canary"})
    assert simulator.requests[0].headers["authorization"] == fingerprint("canary")
    assert "canary" not in (await http.get("/simulator/requests")).text


@pytest.mark.parametrize(
    ("script", "tokens"),
    [
        pytest.param(Script(answer="One two", first_token_delay=600), 0, id="before-the-first-token"),
        pytest.param(Script(answer="One two", token_delay=600), 1, id="between-two-tokens"),
        pytest.param(Script(answer="One two", faults=(Fault(kind="stall", after_tokens=1),)), 1, id="in-a-stall"),
        pytest.param(Script(answer="One two", header_delay=600), 0, id="before-the-headers"),
        pytest.param(Script(answer="One two", faults=(Fault(kind="hang"),)), 0, id="in-a-hang"),
    ],
)
async def test_a_leaving_client_is_noticed(
    script: Script, tokens: int, simulator: Simulator, http: httpx2.AsyncClient
) -> None:
    simulator.follow(script)
    asking = asyncio.create_task(http.post("/api/v1/chat/completions", json=chat(stream=True)))
    await simulator.until(lambda: bool(simulator.requests) and simulator.requests[0].output_tokens == tokens)
    asking.cancel()
    await simulator.until(lambda: simulator.requests[0].outcome == "gone" and simulator.open_sockets == 0)
    record = simulator.requests[0]
    assert record.gone_at is not None
    assert record.received_at < record.gone_at
    assert record.owed is (tokens > 0)
    with pytest.raises(asyncio.CancelledError):
        await asking
    simulator.follow(Script())
    assert (await http.post("/v1/chat/completions", json=chat("m", stream=False))).status_code == 200


async def test_the_bill_of_a_cancelled_stream_comes_later(simulator: Simulator, http: httpx2.AsyncClient) -> None:
    simulator.follow(Script(answer="One two three", faults=(Fault(kind="stall", after_tokens=2),)))
    asking = asyncio.create_task(http.post("/api/v1/chat/completions", json=chat(stream=True, session_id="s")))
    await simulator.until(lambda: bool(simulator.requests) and simulator.requests[0].output_tokens == 2)
    record = simulator.requests[0]
    url = f"/api/v1/generation?id={record.generation_id}"
    assert (await http.get(url)).status_code == 404
    asking.cancel()
    await simulator.until(lambda: record.ended_at is not None)
    bill = (await http.get(url)).json()["data"]
    assert record.cost is not None
    assert bill["total_cost"] == pytest.approx(float(record.cost), abs=1e-12)
    assert bill["total_cost"] > 0
    assert (bill["cancelled"], bill["native_tokens_completion"], bill["native_tokens_prompt"]) == (True, 2, 1)
    assert (bill["session_id"], bill["streamed"], bill["provider_name"]) == ("s", True, "Simulated anthropic")
    simulator.follow(Script(bill_delay=600))
    assert (await http.get(url)).status_code == 404


async def test_connections_are_kept_and_counted(simulator: Simulator, http: httpx2.AsyncClient) -> None:
    for _ in range(3):
        await http.post("/v1/chat/completions", json=chat("gpt-5-mini", stream=True))
    assert simulator.open_sockets == 1
    await http.aclose()
    await simulator.until(lambda: simulator.open_sockets == 0)


async def test_another_process_can_script_and_read(http: httpx2.AsyncClient) -> None:
    script = Script(answer="scripted", faults=(Fault(kind="status", status=429, retry_after=7),))
    assert (await http.post("/simulator/script", json=script.to_json())).json() == json.loads(
        json.dumps(script.to_json())
    )
    refused = await http.post("/v1/chat/completions", json=chat("gpt-5-mini"))
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "7")
    assert (await http.get("/simulator/script")).json()["faults_left"] == 0
    answered = await http.post("/v1/chat/completions", json=chat("gpt-5-mini"))
    assert answered.json()["choices"][0]["message"]["content"] == "scripted"
    received = (await http.get("/simulator/requests?ended=2&after=1")).json()["requests"]
    assert [each["number"] for each in received] == [1]
    assert received[0]["body"] == chat("gpt-5-mini")
    assert received[0]["billed"] == {"read": 0, "write": 0, "write_1h": 0, "plain": 1, "total": 1}
    account = (await http.get("/simulator/account")).json()
    assert (account["requests"], account["plain"], account["open_sockets"]) == (2, 1, 1)
    assert account["cost"] == received[0]["cost"]
    assert "body" not in (await http.get("/simulator/requests?bodies=0")).json()["requests"][0]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/simulator/script", '{"faults": 3}', 400),
        ("POST", "/simulator/script", "{", 400),
        ("POST", "/simulator/clock", '{"advance": "soon"}', 400),
        ("POST", "/simulator/clock", '{"advance": 5}', 200),
        ("GET", "/simulator/requests?ended=many", "", 400),
        ("GET", "/simulator/requests?ended=1&within=0", "", 200),
        ("GET", "/api/v1/chat/completions", "", 404),
        ("GET", "/nowhere", "", 404),
    ],
)
async def test_control_requests(method: str, path: str, body: str, status: int, http: httpx2.AsyncClient) -> None:
    response = await http.request(method, path, content=body)
    assert response.status_code == status
    assert response.headers["x-cachewise-simulated"] == "1"


async def test_key_and_models(http: httpx2.AsyncClient) -> None:
    await http.post("/api/v1/chat/completions", json=chat())
    key = (await http.get("/api/v1/key")).json()["data"]
    assert (key["label"], key["usage"] > 0) == ("simulated", True)
    models = (await http.get("/api/v1/models")).json()["data"]
    prices = {model["id"]: model["pricing"] for model in models}
    assert prices[CLAUDE]["input_cache_read"] == "0.0000001"


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"nonsense\r\n\r\n", id="no-request"),
        pytest.param(b"GET / HTTP/1.1\r\nhost: evil.example\r\n\r\n", id="another-host"),
        pytest.param(b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: -3\r\n\r\n", id="no-length"),
        pytest.param(b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 99999999999\r\n\r\n", id="too-long"),
        pytest.param(b"POST / HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n", id="chunked"),
        pytest.param(b"GET / HTTP/1.1\r\nx: " + b"y" * 70_000, id="an-endless-head"),
    ],
)
async def test_bytes_that_are_no_request(raw: bytes, simulator: Simulator) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", simulator.port)
    writer.write(raw)
    assert (await reader.read()).startswith(b"HTTP/1.1 400 ")
    writer.close()
    await writer.wait_closed()
    await simulator.until(lambda: simulator.open_sockets == 0)
    assert simulator.requests == []


async def test_requests_in_pieces_and_in_a_row(simulator: Simulator) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", simulator.port)
    one = b"GET /simulator/script HTTP/1.1\r\nHost: localhost:1\r\nContent-Length: 2\r\n\r\n{}"
    for byte in one[:-1]:
        writer.write(bytes([byte]))
        await writer.drain()
    writer.write(one[-1:] + one)
    found = b""
    while found.count(b"HTTP/1.1 200 OK") < 2:
        found += await reader.read(4096)
    writer.close()
    await writer.wait_closed()


async def test_leaving_drops_what_still_runs() -> None:
    async with Simulator(Script(faults=(Fault(kind="hang"),) * 3)) as simulator, httpx2.AsyncClient() as http:
        url = f"{simulator.openai_url}/chat/completions"
        asking = [asyncio.create_task(http.post(url, json=chat("m"))) for _ in range(3)]
        await simulator.until(lambda: len(simulator.requests) == 3)
    assert all(isinstance(each, httpx2.HTTPError) for each in await asyncio.gather(*asking, return_exceptions=True))
    assert all(record.outcome != "open" for record in simulator.requests)


async def test_waiting_for_what_does_not_come_ends(simulator: Simulator) -> None:
    with pytest.raises(TimeoutError, match=r"within 0\.01 seconds"):
        await simulator.until(lambda: False, 0.01)


async def start(*arguments: str) -> asyncio.subprocess.Process:
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cachewise.simulator", *arguments, stdin=pipe, stdout=pipe, stderr=pipe
    )


@pytest.mark.parametrize("end", ["input", "signal"])
async def test_as_a_process(end: str) -> None:
    process = await start("--port", "0", "--answer", "from a process")
    assert process.stdin is not None
    assert process.stdout is not None
    said = json.loads(await process.stdout.readline())
    assert said["openrouter"] == f"http://127.0.0.1:{said['port']}/api/v1"
    async with httpx2.AsyncClient(trust_env=False) as http:
        response = await http.post(f"{said['openai']}/chat/completions", json=chat("gpt-5-mini"))
    assert response.json()["choices"][0]["message"]["content"] == "from a process"
    if end == "signal":
        process.send_signal(signal.SIGTERM)
    else:
        process.stdin.close()
    async with asyncio.timeout(20):
        _, errors = await process.communicate()
    assert (process.returncode, errors) == (0, b"")


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        pytest.param(["--script", '{"nothing": 1}'], 2, b"has no nothing", id="no-script"),
        pytest.param(["--port", "{taken}"], 1, b"can't listen on port", id="port-taken"),
    ],
)
async def test_a_process_that_can_not_start(
    arguments: list[str], status: int, says: bytes, simulator: Simulator
) -> None:
    process = await start(*[argument.replace("{taken}", str(simulator.port)) for argument in arguments])
    async with asyncio.timeout(20):
        _, errors = await process.communicate()
    assert process.returncode == status
    assert says in errors
    assert b"Traceback" not in errors
