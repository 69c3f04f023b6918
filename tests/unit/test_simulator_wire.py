"""The simulator's wire formats, read by the clients that read the real ones."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import httpx2
import pytest
from openai import AsyncOpenAI
from pydantic_ai.direct import model_request, model_request_stream
from pydantic_ai.exceptions import ModelAPIError, ModelHTTPError
from pydantic_ai.messages import (
    CachePoint,
    ModelRequest,
    ModelResponse,
    PartDeltaEvent,
    PartStartEvent,
    TextPart,
    TextPartDelta,
    UserContent,
    UserPromptPart,
)
from pydantic_ai.models import Model
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.models.openrouter import OpenRouterModel
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.openai import OpenAIProvider
from pydantic_ai.providers.openrouter import OpenRouterProvider
from pydantic_ai.settings import ModelSettings

from cachewise.simulator import Fault, Record, Script, Simulator
from support.simulated import sized

FILES = sized("files", 5000)
SYSTEM = sized("system", 40)
KEY = "any-key"


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    async with Simulator(Script(answer="One two, three.")) as running:
        yield running


@pytest.fixture
async def http() -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(trust_env=False, timeout=10) as client:
        yield client


Made = Callable[[Simulator, httpx2.AsyncClient], Model]


def openrouter(name: str) -> Made:
    def made(simulator: Simulator, http: httpx2.AsyncClient) -> Model:
        client = AsyncOpenAI(base_url=simulator.openrouter_url, api_key=KEY, http_client=http, max_retries=0)
        return OpenRouterModel(name, provider=OpenRouterProvider(openai_client=client))

    return made


def openai(name: str) -> Made:
    return lambda simulator, http: OpenAIChatModel(
        name, provider=OpenAIProvider(base_url=simulator.openai_url, api_key=KEY, http_client=http)
    )


def anthropic(name: str) -> Made:
    return lambda simulator, http: AnthropicModel(
        name, provider=AnthropicProvider(base_url=simulator.anthropic_url, api_key=KEY, http_client=http)
    )


@dataclass(frozen=True)
class Case:
    """A model, and what its second request with the same files reads."""

    made: Made
    read: int
    written: int
    """By the first request, as far as the wire tells."""
    more: dict[str, Any]


SESSION = {"extra_body": {"session_id": "folder"}}
CASES = [
    pytest.param(Case(openrouter("anthropic/claude-haiku-4.5"), 5040, 5040, SESSION), id="openrouter-claude"),
    pytest.param(Case(openrouter("deepseek/deepseek-v4-flash"), 4992, 0, SESSION), id="openrouter-deepseek"),
    pytest.param(Case(openrouter("google/gemini-2.5-flash"), 4992, 0, SESSION), id="openrouter-gemini"),
    pytest.param(Case(openai("gpt-5-mini"), 4992, 0, {}), id="openai-automatic"),
    pytest.param(
        Case(openai("gpt-5.6-luna"), 5040, 5040, {"openai_prompt_cache_options": {"mode": "explicit"}}),
        id="openai-breakpoints",
    ),
    pytest.param(Case(anthropic("claude-sonnet-4-6"), 5040, 5040, {}), id="anthropic"),
]


def request_for(question: str) -> list[ModelRequest]:
    content: list[UserContent] = [FILES, CachePoint(ttl="1h"), question]
    return [ModelRequest(parts=[UserPromptPart(content=content)], instructions=SYSTEM)]


def settings_of(more: dict[str, Any]) -> ModelSettings:
    settings: Any = {"framing_announcement": "never", "max_tokens": 400, "max_retries": 0, **more}
    return settings  # type: ignore[no-any-return]


async def stream(model: Model, question: str, more: dict[str, Any]) -> tuple[list[str], ModelResponse]:
    pieces = []
    async with model_request_stream(model, request_for(question), model_settings=settings_of(more)) as events:
        async for event in events:
            if isinstance(event, PartStartEvent) and isinstance(event.part, TextPart):
                pieces.append(event.part.content)
            elif isinstance(event, PartDeltaEvent) and isinstance(event.delta, TextPartDelta):
                pieces.append(event.delta.content_delta)
    return pieces, events.get()


def agree(response: ModelResponse, record: Record) -> None:
    """What the client read is what the simulator billed."""
    charge = record.charge
    assert charge is not None
    assert response.usage.input_tokens == charge.total
    assert response.usage.cache_read_tokens == charge.read
    assert response.usage.cache_write_tokens == charge.written
    assert response.usage.output_tokens == record.output_tokens
    details = response.provider_details or {}
    if record.wire == "openrouter":
        assert record.cost is not None
        assert abs(Decimal(str(details["cost"])) - record.cost) < Decimal("1e-9")
        assert details["downstream_provider"] == record.upstream
        assert str(record.upstream).startswith("Simulated")
    else:
        assert record.cost == response.cost().total_price


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("streamed", [True, False], ids=["stream", "whole"])
async def test_usage_and_cost_as_the_real_clients_read_them(
    case: Case, streamed: bool, simulator: Simulator, http: httpx2.AsyncClient
) -> None:
    model = case.made(simulator, http)
    responses = []
    for question in ("first question", "second question"):
        if streamed:
            pieces, response = await stream(model, question, case.more)
            assert pieces == ["One", " two", ",", " three", "."] or "".join(pieces) == "One two, three."
        else:
            response = await model_request(model, request_for(question), model_settings=settings_of(case.more))
        assert response.text == "One two, three."
        assert response.finish_reason == "stop"
        responses.append(response)
    for response, record in zip(responses, simulator.requests, strict=True):
        assert record.outcome == "complete"
        agree(response, record)
    first, second = (response.usage for response in responses)
    assert (first.cache_read_tokens, first.cache_write_tokens) == (0, case.written)
    assert (second.cache_read_tokens, second.cache_write_tokens) == (case.read, 0)
    assert second.input_tokens == 5042


async def test_anthropic_tells_one_hour_writes_apart(simulator: Simulator, http: httpx2.AsyncClient) -> None:
    _, response = await stream(anthropic("claude-haiku-4-5")(simulator, http), "why", {})
    assert response.usage.cache_write_1h_tokens == 5040
    assert simulator.requests[0].charge is not None
    assert simulator.requests[0].charge.write_1h == 5040


@pytest.mark.parametrize(
    ("usage", "cost", "read"),
    [("standard", True, True), ("noChoices", True, True), ("noCost", False, True), ("noDetails", False, False)],
)
async def test_openrouter_usage_modes(
    usage: Any, cost: bool, read: bool, simulator: Simulator, http: httpx2.AsyncClient
) -> None:
    simulator.follow(Script(answer="x", usage=usage))
    model = openrouter("anthropic/claude-haiku-4.5")(simulator, http)
    await stream(model, "one", SESSION)
    _, response = await stream(model, "two", SESSION)
    assert response.usage.input_tokens == 5041
    assert (response.usage.cache_read_tokens == 5040) is read
    assert ("cost" in (response.provider_details or {})) is cost


async def test_a_free_request_costs_zero(simulator: Simulator, http: httpx2.AsyncClient) -> None:
    simulator.follow(Script(answer="x", usage="free"))
    _, response = await stream(openrouter("anthropic/claude-haiku-4.5")(simulator, http), "one", SESSION)
    assert (response.provider_details or {})["is_byok"] is False
    assert "cost" not in (response.provider_details or {})


async def test_no_usage_at_all(simulator: Simulator, http: httpx2.AsyncClient) -> None:
    simulator.follow(Script(answer="x", usage="none"))
    for made in (openrouter("anthropic/claude-haiku-4.5"), openai("gpt-5-mini")):
        _, response = await stream(made(simulator, http), "one", {})
        assert response.text == "x"
        assert response.usage.unmeasured_requests == 1


async def test_answers_stop_at_max_tokens(simulator: Simulator, http: httpx2.AsyncClient) -> None:
    for made in (openrouter("anthropic/claude-haiku-4.5"), openai("gpt-5-mini"), anthropic("claude-haiku-4-5")):
        _, response = await stream(made(simulator, http), "one", {"max_tokens": 2})
        assert (response.text, response.finish_reason, response.usage.output_tokens) == ("One two", "length", 2)


async def test_answers_stop_at_stop_sequences(simulator: Simulator, http: httpx2.AsyncClient) -> None:
    for made in (openrouter("anthropic/claude-haiku-4.5"), openai("gpt-5-mini"), anthropic("claude-haiku-4-5")):
        _, response = await stream(made(simulator, http), "one", {"stop_sequences": [", th", ","]})
        assert (response.text, response.finish_reason) == ("One two", "stop")


WIRES = [
    pytest.param(openrouter("anthropic/claude-haiku-4.5"), id="openrouter"),
    pytest.param(openai("gpt-5-mini"), id="openai"),
    pytest.param(anthropic("claude-haiku-4-5"), id="anthropic"),
]


@pytest.mark.parametrize("made", WIRES)
@pytest.mark.parametrize("status", [400, 401, 402, 429, 500, 502, 503])
async def test_scripted_statuses(status: int, made: Made, simulator: Simulator, http: httpx2.AsyncClient) -> None:
    simulator.follow(Script(answer="fine", faults=(Fault(kind="status", status=status),)))
    model = made(simulator, http)
    with pytest.raises(ModelHTTPError) as failure:
        await stream(model, "one", {})
    assert failure.value.status_code == status
    assert "simulated" in str(failure.value)
    _, response = await stream(model, "one", {})
    assert response.text == "fine"
    first, second = simulator.requests
    assert (first.outcome, first.status, first.charge, first.cost) == ("fault", status, None, None)
    assert second.outcome == "complete"


@pytest.mark.parametrize("made", WIRES)
@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault(kind="reset"), id="reset"),
        pytest.param(Fault(kind="resetMidStream", after_tokens=2), id="resetMidStream"),
        pytest.param(Fault(kind="errorMidStream", after_tokens=2, status=502), id="errorMidStream"),
        pytest.param(Fault(kind="errorMidStream", after_tokens=2, code="server_error"), id="errorWithTextCode"),
        pytest.param(Fault(kind="errorMidStream", after_tokens=99), id="errorAtTheEnd"),
        pytest.param(Fault(kind="garbage", after_tokens=2), id="garbage"),
        pytest.param(Fault(kind="hang", seconds=0), id="hang"),
    ],
)
async def test_scripted_breaks(fault: Fault, made: Made, simulator: Simulator, http: httpx2.AsyncClient) -> None:
    simulator.follow(Script(answer="One two, three.", faults=(fault,)))
    model = made(simulator, http)
    with pytest.raises(Exception) as failure:
        await stream(model, "one", {})
    if fault.kind != "garbage":
        assert isinstance(failure.value, ModelAPIError)
    _, response = await stream(model, "one", {})
    assert response.text == "One two, three."
    broken = simulator.requests[0]
    assert (broken.outcome, broken.fault, broken.owed) == ("fault", fault.kind, False)
    assert broken.output_tokens == min(fault.after_tokens, 5)
    assert not broken.cost


async def test_a_truncated_stream_has_no_end(simulator: Simulator, http: httpx2.AsyncClient) -> None:
    simulator.follow(Script(answer="One two, three.", faults=(Fault(kind="truncated", after_tokens=2),)))
    _, response = await stream(openrouter("anthropic/claude-haiku-4.5")(simulator, http), "one", {})
    assert response.text == "One two"
    assert "finish_reason" not in (response.provider_details or {})
    assert response.usage.unmeasured_requests == 1


async def test_a_stall_ends_by_itself(simulator: Simulator, http: httpx2.AsyncClient) -> None:
    simulator.follow(Script(answer="One two, three.", faults=(Fault(kind="stall", after_tokens=1, seconds=0.01),)))
    _, response = await stream(openai("gpt-5-mini")(simulator, http), "one", {})
    assert response.text == "One two, three."
    assert simulator.requests[0].outcome == "complete"


async def test_a_rerouted_conversation_finds_nothing(simulator: Simulator, http: httpx2.AsyncClient) -> None:
    simulator.follow(Script(answer="x", faults=(Fault(), Fault(), Fault(kind="reroute"))))
    model = openrouter("anthropic/claude-haiku-4.5")(simulator, http)
    reads = [(await stream(model, "one", SESSION))[1].usage.cache_read_tokens for _ in range(4)]
    assert reads == [0, 5040, 0, 5040]
    assert len({record.upstream for record in simulator.requests}) == 2


async def test_time_can_be_advanced(simulator: Simulator, http: httpx2.AsyncClient) -> None:
    model = anthropic("claude-haiku-4-5")(simulator, http)
    reads = []
    for seconds in (0.0, 3500.0, 3600.0):
        simulator.advance(seconds)
        reads.append((await stream(model, "one", {}))[1].usage.cache_read_tokens)
    assert reads == [0, 5040, 0]
