from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from cachewise.faults import NoKey, RequestFailed
from cachewise.model.events import Stopped
from cachewise.model.names import ModelName
from cachewise.providers.registry import Providers
from cachewise.settings.endpoints import Endpoint
from support.providers import MODELS, collect, endpoint, request
from support.upstream import HOLD, Script, Upstream, chat, chat_answer, stream_head

OPENROUTER = ModelName.parse(MODELS["openrouter"])
LOCAL = ModelName.parse(MODELS["local"])
URL = "http://127.0.0.1:9"


def endpoints(url: str = URL, *, key: str | None = "sk-1") -> Mapping[str, Endpoint]:
    return {
        "openrouter": endpoint("openrouter", url, key=key),
        "anthropic": endpoint("anthropic", url, key=key),
        "openai": endpoint("openai", url, key=key),
        "local:tiny": endpoint("local", url, key=None),
    }


@pytest.mark.parametrize(
    ("model", "fault", "says"),
    [
        ("openrouter:anthropic/claude-haiku-4.5", NoKey, "OPENROUTER_API_KEY"),
        ("anthropic:claude-haiku-4-5", NoKey, "ANTHROPIC_API_KEY"),
        ("openai:gpt-5.6", NoKey, "OPENAI_API_KEY"),
        ("local:other", RequestFailed, "'local:other'"),
        ("offline", RequestFailed, "cachewise.model"),
    ],
)
async def test_what_can_not_be_asked_is_said_with_what_to_do(model: str, fault: type[RequestFailed], says: str) -> None:
    providers = Providers(endpoints(key=None))
    name = ModelName.parse(model)
    with pytest.raises(RequestFailed) as caught:
        await providers.get(name)
    assert type(caught.value) is fault
    assert says in caught.value.sentence
    assert caught.value.sentence.endswith(".")
    await providers.warm_up(name)  # says nothing, because nobody waits for an answer
    await providers.aclose()


async def test_one_provider_for_each_endpoint_also_when_asked_at_once() -> None:
    providers = Providers(endpoints())
    other = ModelName.parse("openrouter:openai/gpt-5.6")
    found = await asyncio.gather(*(providers.get(model) for model in (OPENROUTER, other, OPENROUTER, LOCAL)))
    assert found[0] is found[1] is found[2]
    assert found[3] is not found[0]
    assert await providers.get(OPENROUTER) is found[0]
    await providers.aclose()


async def test_a_local_server_needs_no_key_and_sends_none() -> None:
    async with Upstream(chat_answer(["x"])) as upstream:
        providers = Providers(endpoints(upstream.url, key=None))
        provider = await providers.get(LOCAL)
        assert (await collect(provider, request(MODELS["local"])))[-1] == Stopped("stop")
        await providers.aclose()
        sent = upstream.requests[0]
        assert "authorization" not in sent.headers
        assert sent.json["model"] == "tiny-model"


async def test_warming_up_builds_what_the_first_request_uses() -> None:
    providers = Providers(endpoints())
    await providers.warm_up(LOCAL)
    built = providers._built["local:tiny"].result()
    assert await providers.get(LOCAL) is built
    await providers.aclose()


async def test_a_cancelled_get_does_not_take_the_building_from_the_next() -> None:
    providers = Providers(endpoints())
    first = asyncio.create_task(providers.get(LOCAL))
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert await providers.get(LOCAL) is not None
    await providers.aclose()


async def test_a_building_that_failed_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    providers = Providers(endpoints())
    with monkeypatch.context() as patched:
        patched.setitem(__import__("cachewise.providers.registry").providers.registry._MODULES, "local", "no.such")
        with pytest.raises(ModuleNotFoundError):
            await providers.get(LOCAL)
    assert await providers.get(LOCAL) is not None
    await providers.aclose()


async def test_other_endpoints_hold_from_the_next_request_on() -> None:
    """A stream on the old endpoint runs on; the endpoint that stays the same keeps its provider."""
    go_on: Script = [stream_head(), chat("a"), HOLD]
    async with Upstream(go_on) as old, Upstream(chat_answer(["b"])) as new:
        providers = Providers(endpoints(old.url))
        openrouter, local = await providers.get(OPENROUTER), await providers.get(LOCAL)
        running = openrouter.stream(request(MODELS["openrouter"]))
        await anext(running)
        moved = {**endpoints(old.url), "openrouter": endpoint("openrouter", new.url)}
        providers.reconfigure(moved)
        assert await providers.get(LOCAL) is local
        replaced = await providers.get(OPENROUTER)
        assert replaced is not openrouter
        assert [event async for event in replaced.stream(request(MODELS["openrouter"]))][-1] == Stopped("stop")
        assert old.gone == 0
        await running.aclose()
        await old.until_gone()
        await providers.aclose()


async def test_a_key_that_is_taken_away_is_missed_at_once() -> None:
    providers = Providers(endpoints())
    await providers.get(OPENROUTER)
    providers.reconfigure(endpoints(key=None))
    with pytest.raises(NoKey):
        await providers.get(OPENROUTER)
    await providers.aclose()


async def test_closing_before_anything_was_built() -> None:
    providers = Providers(endpoints())
    warming = providers.warm_up(LOCAL)
    await providers.aclose()
    assert warming.done()
