from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator
from contextlib import aclosing
from itertools import pairwise

import pytest

from cachewise.model.events import Failed, Opened, Stopped, StreamEvent, TextDelta, UsageReport
from cachewise.model.names import ProviderName
from support.providers import MODELS, build, collect, endpoint, request
from support.upstream import (
    COMMENT,
    DONE,
    END,
    HOLD,
    Script,
    Until,
    Upstream,
    anthropic_answer,
    block_delta,
    block_start,
    chat,
    chat_answer,
    data,
    message_end,
    message_start,
    piece,
    response,
    stream_head,
)

PROVIDERS: tuple[ProviderName, ...] = ("openrouter", "anthropic", "openai", "local")
TEXTS = ["    \n", "def", " ünï😀", "\r\n\tx", "`" * 3, "<think", ">", " end \n"]
USAGE = {"prompt_tokens": 12, "completion_tokens": 8, "total_tokens": 20, "cost": 0.5}


def texts(events: list[StreamEvent]) -> list[str]:
    return [event.text for event in events if isinstance(event, TextDelta)]


async def ask(provider: ProviderName, script: Script, model: str | None = None) -> list[StreamEvent]:
    async with Upstream(script) as upstream:
        return await collect(build(endpoint(provider, upstream.url)), request(model or MODELS[provider]))


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_text_comes_through_byte_for_byte_and_in_order(provider: ProviderName) -> None:
    script = anthropic_answer(TEXTS) if provider == "anthropic" else chat_answer(TEXTS, usage=USAGE)
    events = await ask(provider, script)
    assert texts(events) == TEXTS
    assert isinstance(events[0], Opened)
    assert events[-1] == Stopped("stop")
    assert isinstance(events[-2], UsageReport)


async def test_indentation_at_the_start_of_a_qwen_answer_is_kept() -> None:
    events = await ask("openrouter", chat_answer(["    ", "\n  x"]), "openrouter:qwen/qwen3-coder-plus")
    assert texts(events) == ["    ", "\n  x"]


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_only_local_models_think_in_their_text(provider: ProviderName) -> None:
    said = ["<think>", "hum", "</think>", "x"]
    events = await ask(provider, anthropic_answer(said) if provider == "anthropic" else chat_answer(said))
    assert texts(events) == (["x"] if provider == "local" else said)


@pytest.mark.parametrize(
    ("provider", "reason", "stopped"),
    [
        ("openrouter", "length", Stopped("length")),
        ("openrouter", "content_filter", Stopped("filter")),
        ("openrouter", "tool_calls", Stopped("other")),
        ("openai", "length", Stopped("length")),
        ("openai", "content_filter", Stopped("filter")),
        ("local", "length", Stopped("length")),
        ("anthropic", "max_tokens", Stopped("length")),
        ("anthropic", "stop_sequence", Stopped("stop")),
        ("anthropic", "refusal", Stopped("filter")),
        ("anthropic", "model_context_window_exceeded", Stopped("length")),
        ("anthropic", "pause_turn", Stopped("other")),
    ],
)
async def test_why_an_answer_ended(provider: ProviderName, reason: str, stopped: Stopped) -> None:
    if provider == "anthropic":
        script: Script = [stream_head(), message_start(), block_start(), block_delta("x"), message_end(1, reason)]
    else:
        script = chat_answer(["x"], finish=reason)
    assert (await ask(provider, script))[-1] == stopped


async def test_a_finish_reason_of_error_is_a_fault_even_without_an_error() -> None:
    last = (await ask("openrouter", chat_answer(["x"], finish="error")))[-1]
    assert isinstance(last, Failed)
    assert last.fault.kind == "server"


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_thinking_is_not_part_of_the_answer(provider: ProviderName) -> None:
    if provider == "anthropic":
        thinking = {"type": "thinking", "thinking": "", "signature": ""}
        start = {"type": "content_block_start", "index": 0, "content_block": thinking}
        hum = {"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "hum"}}
        text = {"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}}
        delta = {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "said"}}
        script: Script = [
            stream_head(),
            message_start(),
            data(start, event="content_block_start"),
            data(hum, event="content_block_delta"),
            data({"type": "content_block_stop", "index": 0}, event="content_block_stop"),
            data(text, event="content_block_start"),
            data(delta, event="content_block_delta"),
            message_end(2),
        ]
    else:
        delta = {"role": "assistant", "content": "", "reasoning": "hum"}
        thought = chat(choices=[{"index": 0, "delta": delta, "finish_reason": None}])
        script = [stream_head(), thought, chat("said"), chat(finish="stop"), DONE]
    assert texts(await ask(provider, script)) == ["said"]


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_opened_comes_with_the_head_and_each_text_as_it_arrives(provider: ProviderName) -> None:
    head, first, second = asyncio.Event(), asyncio.Event(), asyncio.Event()
    if provider == "anthropic":
        script: Script = [
            *(stream_head(headers={"x-generation-id": "gen-7"}), Until(head), message_start(), block_start()),
            *(block_delta("a"), Until(first), block_delta("b"), Until(second), message_end(2)),
        ]
    else:
        script = [
            *(stream_head(headers={"x-generation-id": "gen-7"}), COMMENT, Until(head), chat("a"), Until(first)),
            *(chat("b"), Until(second), chat(finish="stop"), DONE),
        ]
    async with Upstream(script) as upstream:
        provided = build(endpoint(provider, upstream.url))
        async with aclosing(provided.stream(request(MODELS[provider]))) as stream:
            assert await anext(stream) == Opened("gen-7")
            head.set()
            assert await next_text(stream) == "a"
            first.set()
            assert await next_text(stream) == "b"
            second.set()
            assert [event async for event in stream][-1] == Stopped("stop")
        await provided.aclose()


async def next_text(stream: AsyncGenerator[StreamEvent, None]) -> str:
    async for event in stream:
        if isinstance(event, TextDelta):
            return event.text
    raise AssertionError("the stream ended")


def held(provider: ProviderName, at: str) -> Script:
    """A script that stays silent before the head, before the first text, or behind it."""
    if at == "before the head":
        return [HOLD]
    if provider == "anthropic":
        head: Script = [stream_head(), message_start()]
        return [*head, HOLD] if at == "before the first text" else [*head, block_start(), block_delta("a"), HOLD]
    head = [stream_head(headers={"x-generation-id": "gen-1"}), COMMENT]
    return [*head, HOLD] if at == "before the first text" else [*head, chat("a"), HOLD]


PLACES = ("before the head", "before the first text", "in the middle")


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("at", PLACES)
async def test_cancelling_the_reader_closes_the_connection(provider: ProviderName, at: str) -> None:
    async with Upstream(held(provider, at)) as upstream:
        provided = build(endpoint(provider, upstream.url))
        seen: list[StreamEvent] = []
        waiting = asyncio.Event()

        async def read() -> None:
            async with aclosing(provided.stream(request(MODELS[provider]))) as stream:
                async for event in stream:
                    seen.append(event)
                    if isinstance(event, TextDelta if at == "in the middle" else Opened):
                        waiting.set()

        before = asyncio.all_tasks()
        reading = asyncio.create_task(read())
        await (upstream.until_requested() if at == "before the head" else asyncio.wait_for(waiting.wait(), 5))
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        await upstream.until_gone()
        assert not any(isinstance(event, Failed | Stopped) for event in seen)
        await provided.aclose()
        left = {task for task in asyncio.all_tasks() - before if "_serve" not in repr(task)}
        assert left == set()


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_closing_the_generator_closes_the_connection(provider: ProviderName) -> None:
    async with Upstream(held(provider, "in the middle"), held(provider, "in the middle")) as upstream:
        provided = build(endpoint(provider, upstream.url))
        for count in (1, 2):
            stream = provided.stream(request(MODELS[provider]))
            assert await next_text(stream) == "a"
            await stream.aclose()
            await upstream.until_gone(count)
        await provided.aclose()


async def test_anthropic_has_told_its_input_when_it_is_cancelled_before_the_first_text() -> None:
    async with Upstream(held("anthropic", "before the first text")) as upstream:
        provided = build(endpoint("anthropic", upstream.url))
        async with aclosing(provided.stream(request(MODELS["anthropic"]))) as stream:
            assert await anext(stream) == Opened(None)
            report = await anext(stream)
            assert isinstance(report, UsageReport)
            assert report.tokens.cache_read == 10000
        await upstream.until_gone()
        await provided.aclose()


async def test_cancelled_while_waiting_to_retry_sends_no_more() -> None:
    async with Upstream([response(429, b"{}", headers={"retry-after": "19"})]) as upstream:
        provided = build(endpoint("openai", upstream.url))
        reading = asyncio.ensure_future(anext(provided.stream(request(MODELS["openai"]))))
        await upstream.until_requested()
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        await provided.aclose()
        assert len(upstream.requests) == 1


async def test_one_connection_serves_request_after_request() -> None:
    async with Upstream(chat_answer(["x"], usage=USAGE)) as upstream:
        provided = build(endpoint("openrouter", upstream.url))
        for _ in range(5):
            assert [event async for event in provided.stream(request(MODELS["openrouter"]))][-1] == Stopped("stop")
        await provided.aclose()
        assert (len(upstream.requests), upstream.connections) == (5, 1)


@pytest.mark.parametrize("provider", ["openrouter", "anthropic"])
async def test_how_the_bytes_are_cut_makes_no_difference(provider: ProviderName) -> None:
    """The seed is the number of the round, so a failure names itself."""
    script = anthropic_answer(TEXTS) if provider == "anthropic" else chat_answer(TEXTS, usage=USAGE)
    body = b"".join(unchunked(step) for step in script[1:] if isinstance(step, bytes))

    def cut(seed: int) -> Script:
        dice = random.Random(seed)
        places = sorted({0, len(body), *(dice.randrange(len(body)) for _ in range(dice.choice([1, 3, 30, 300])))})
        return [stream_head(), *(piece(body[a:b]) for a, b in pairwise(places)), END]

    rounds = range(40)
    async with Upstream(*(cut(seed) for seed in rounds)) as upstream:
        provided = build(endpoint(provider, upstream.url))
        for seed in rounds:
            events = [event async for event in provided.stream(request(MODELS[provider]))]
            assert texts(events) == TEXTS, f"round {seed}"
            assert events[-1] == Stopped("stop"), f"round {seed}"
        await provided.aclose()


def unchunked(step: bytes) -> bytes:
    body = b""
    while step:
        size, _, rest = step.partition(b"\r\n")
        body += rest[: int(size, 16)]
        step = rest[int(size, 16) + 2 :]
    return body


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_no_bytes_are_worse_than_a_fault(provider: ProviderName) -> None:
    """Damaged streams end in exactly one `Failed` or `Stopped`, and never in an exception."""
    script = anthropic_answer(TEXTS) if provider == "anthropic" else chat_answer(TEXTS, usage=USAGE)
    body = b"".join(unchunked(step) for step in script[1:] if isinstance(step, bytes))

    def damaged(seed: int) -> Script:
        dice = random.Random(seed)
        if seed % 4 == 0:
            noise = dice.randbytes(dice.randrange(400))
            return [stream_head(), *([piece(noise)] if noise else []), END]
        bad = bytearray(body)
        for _ in range(dice.choice([1, 5, 50])):
            bad[dice.randrange(len(bad))] = dice.choice(b'{}[]":,\n\x00\xff0n')
        return [stream_head(), piece(bytes(bad)), END]

    rounds = range(60)
    async with Upstream(*(damaged(seed) for seed in rounds)) as upstream:
        provided = build(endpoint(provider, upstream.url))
        for seed in rounds:
            events = [event async for event in provided.stream(request(MODELS[provider], max_retries=0))]
            ends = [event for event in events if isinstance(event, Failed | Stopped)]
            assert ends == events[-1:], f"round {seed}"
        await provided.aclose()
