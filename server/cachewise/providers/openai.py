"""OpenAI directly, through chat completions.

From GPT-5.6 marks are `prompt_cache_breakpoint`s, and the mode is `explicit`, so that nothing but the marked prefix is
written. Earlier models cache any prefix by themselves and answer the new fields with an error, so they get only the
key that keeps one workspace on one machine. Not here: other servers that speak the same protocol (`local.py`).
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from typing import Any, cast

from openai.types.chat import ChatCompletionChunk
from pydantic_ai.models import StreamedResponse
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIChatModelSettings, OpenAIStreamedResponse
from pydantic_ai.profiles.openai import OpenAIModelProfile
from pydantic_ai.providers.openai import OpenAIProvider

from cachewise.model.events import ProviderRequest, StreamEvent, UsageReport
from cachewise.providers.attempt import Limits
from cachewise.providers.render import render, stop_sequences
from cachewise.providers.sdk_client import Client
from cachewise.providers.sentences import Speaker
from cachewise.providers.stream import Call, stream_model
from cachewise.providers.transport import PLACEHOLDER_KEY, open_client
from cachewise.providers.usage import chat_tokens
from cachewise.settings.endpoints import Endpoint

_RAW_USAGE = "cachewise_usage"
_TAKES_STOP = re.compile(r"gpt-4|gpt-3|chatgpt-4o|ft:gpt-[34]")
"""Reasoning models answer `stop` with an error."""


class _Response(OpenAIStreamedResponse):
    """Keeps the usage as it was sent: pydantic-ai turns a missing count into 0."""

    def _map_chunk_provider_details(self, chunk: ChatCompletionChunk) -> dict[str, Any] | None:
        details = super()._map_chunk_provider_details(chunk)
        if chunk.usage is None:
            return details
        return {**(details or {}), _RAW_USAGE: chunk.usage.model_dump(exclude_none=True)}


class ChatModel(OpenAIChatModel):
    """A chat-completions model whose usage says what was not reported."""

    @property
    def _streamed_response_cls(self) -> type[OpenAIStreamedResponse]:
        return _Response


def sdk_provider(endpoint: Endpoint, limits: Limits, client: Any) -> OpenAIProvider:
    """pydantic-ai's provider for any server with this protocol, on our own HTTP client."""
    return OpenAIProvider(
        openai_client=Client(
            api_key=PLACEHOLDER_KEY,
            base_url=endpoint.base_url,
            http_client=client,
            timeout=limits.timeout,
            max_retries=0,
        )
    )


def report(stream: StreamedResponse) -> UsageReport | None:
    """The usage so far, which these servers send at the end only."""
    raw = (stream.provider_details or {}).get(_RAW_USAGE)
    return None if raw is None else UsageReport(tokens=chat_tokens(raw))


class OpenAI:
    """The provider for OpenAI's own endpoint."""

    def __init__(self, endpoint: Endpoint, limits: Limits) -> None:
        self._endpoint = endpoint
        self._limits = limits
        self._client, self._transport = open_client(endpoint, limits)
        self._provider = sdk_provider(endpoint, limits, self._client)
        self._models: dict[tuple[str, bool], ChatModel] = {}

    def prepare(self, name: str) -> None:
        """Build what the first request to a model needs. Slow the first time; made to be called in a thread."""
        self._model(name, marked=False)

    def stream(self, request: ProviderRequest) -> AsyncGenerator[StreamEvent, None]:
        name = request.model.name
        rendered = render(request)
        marked = request.traits.style == "breakpoint"
        settings: dict[str, Any] = {"openai_prompt_cache_key": request.session_id}
        if marked:
            settings["openai_prompt_cache_options"] = {"mode": "explicit"}
            if rendered.system_mark is not None:
                settings["openai_cache_instructions"] = True
        if _TAKES_STOP.match(name) and (stop := stop_sequences(request, blank=True)):
            settings["stop_sequences"] = stop
        return stream_model(
            Call(
                model=self._model(name, marked=marked),
                request=request,
                rendered=rendered,
                settings=cast(OpenAIChatModelSettings, settings),
                limits=self._limits,
                who=Speaker.of(self._endpoint, name, self._transport.clean),
                report=report,
            )
        )

    async def late_report(self, generation_id: str) -> UsageReport | None:
        return None

    async def fills(self) -> int | None:
        return None

    async def aclose(self) -> None:
        await self._client.aclose()

    def _model(self, name: str, *, marked: bool) -> ChatModel:
        if (name, marked) not in self._models:
            profile = OpenAIModelProfile(
                may_tokenize_special_tokens_in_content=False,
                openai_chat_streaming_requires_finish_reason=True,
                ignore_streamed_leading_whitespace=False,
                thinking_tags=("", ""),
                openai_supports_prompt_cache_breakpoints=marked,
            )
            self._models[name, marked] = ChatModel(name, provider=self._provider, profile=profile)
        return self._models[name, marked]


def build(endpoint: Endpoint, limits: Limits | None = None) -> OpenAI:
    """The provider for an endpoint. Takes up to 100 ms, so call it in a thread."""
    return OpenAI(endpoint, limits or Limits())
