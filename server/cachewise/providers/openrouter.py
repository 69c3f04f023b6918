"""OpenRouter: one address for many vendors' models, each cached in its vendor's own way.

Claude, Qwen and OpenAI from GPT-5.6 get `cache_control` marks, which OpenRouter translates for the host that serves the
request; the others cache by themselves and get none. Gemini above all gets none: a mark at the end of its prompt is
billed twice. `session_id` goes out on every request, so that it reaches the host that holds the cache.

Not here: which blocks are marked (`context/`).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any, cast

import httpx2
from openai.types.chat import ChatCompletionChunk
from pydantic_ai.models import StreamedResponse
from pydantic_ai.models.openrouter import OpenRouterModel, OpenRouterModelSettings, OpenRouterStreamedResponse
from pydantic_ai.providers.openrouter import OpenRouterModelProfile, OpenRouterProvider

from cachewise.faults import RequestFailed
from cachewise.model.events import ProviderRequest, StreamEvent, UsageReport
from cachewise.providers.attempt import Limits
from cachewise.providers.render import render, stop_sequences
from cachewise.providers.sdk_client import Client
from cachewise.providers.sentences import Speaker, fault
from cachewise.providers.stream import Call, failed_at_once, stream_model
from cachewise.providers.transport import PLACEHOLDER_KEY, open_client
from cachewise.providers.usage import generation_report, openrouter_report
from cachewise.settings.endpoints import Endpoint

_RAW_USAGE = "cachewise_usage"
_UPSTREAM = "cachewise_upstream"


class _Response(OpenRouterStreamedResponse):
    """Keeps the usage as it was sent: pydantic-ai drops a cost of 0 and turns a missing count into 0."""

    def _map_chunk_provider_details(self, chunk: ChatCompletionChunk) -> dict[str, Any] | None:
        details = super()._map_chunk_provider_details(chunk) or {}
        if chunk.usage is not None:
            details[_RAW_USAGE] = chunk.usage.model_dump(exclude_none=True)
        if upstream := getattr(chunk, "provider", None):
            details[_UPSTREAM] = upstream  # not every chunk names it
        return details or None


class _Model(OpenRouterModel):
    @property
    def _streamed_response_cls(self) -> type[OpenRouterStreamedResponse]:
        return _Response


class OpenRouter:
    """The provider for one OpenRouter endpoint."""

    def __init__(self, endpoint: Endpoint, limits: Limits) -> None:
        self._endpoint = endpoint
        self._limits = limits
        self._client, self._transport = open_client(endpoint, limits)
        self._provider = OpenRouterProvider(
            openai_client=Client(
                api_key=PLACEHOLDER_KEY,
                base_url=endpoint.base_url,
                http_client=self._client,
                timeout=limits.timeout,
                max_retries=0,
            )
        )
        self._models: dict[tuple[str, bool], _Model] = {}

    def prepare(self, name: str) -> None:
        """Build what the first request to a model needs. Slow the first time; made to be called in a thread."""
        if "/" in name:
            self._model(name, marked=False)

    def stream(self, request: ProviderRequest) -> AsyncGenerator[StreamEvent, None]:
        name = request.model.name
        who = Speaker.of(self._endpoint, name, self._transport.clean)
        if "/" not in name:
            return failed_at_once(fault("notFound", who, message="models are named VENDOR/MODEL there"))
        rendered = render(request)
        marked = request.traits.style in ("control", "breakpoint")
        settings: dict[str, Any] = {"extra_body": {"session_id": request.session_id}}
        if stop := stop_sequences(request, blank=not _is_claude(name)):
            settings["stop_sequences"] = stop
        if rendered.system_mark is not None:
            settings["openrouter_cache_instructions"] = rendered.system_mark
        if rendered.hour_marks and _is_claude(name):
            # The router forgets after ten minutes which host holds the cache; an hour's cache needs a fixed host.
            settings["openrouter_provider"] = {"order": ["anthropic"], "allow_fallbacks": False}
        if request.traits.style == "breakpoint":
            # Without this, each request pays for writing its tail, which no later request can read.
            settings["openai_prompt_cache_options"] = {"mode": "explicit"}
            settings["openai_prompt_cache_key"] = request.session_id
        return stream_model(
            Call(
                model=self._model(name, marked=marked),
                request=request,
                rendered=rendered,
                settings=cast(OpenRouterModelSettings, settings),
                limits=self._limits,
                who=who,
                report=_report,
            )
        )

    async def late_report(self, generation_id: str) -> UsageReport | None:
        for wait in self._limits.late:
            await asyncio.sleep(wait)
            try:
                response = await self._client.get("generation", params={"id": generation_id})
                if response.status_code == 200:
                    return generation_report(response.json()["data"])
            except (httpx2.HTTPError, RequestFailed, ValueError, LookupError, TypeError, AttributeError):
                continue
            if response.status_code not in (404, 408, 429) and response.status_code < 500:
                return None
        return None

    async def fills(self) -> int | None:
        return None

    async def aclose(self) -> None:
        await self._client.aclose()

    def _model(self, name: str, *, marked: bool) -> _Model:
        if (name, marked) not in self._models:
            self._models[name, marked] = _Model(name, provider=self._provider, profile=_profile(name, marked))
        return self._models[name, marked]


def build(endpoint: Endpoint, limits: Limits | None = None) -> OpenRouter:
    """The provider for an endpoint. Takes up to 100 ms, so call it in a thread."""
    return OpenRouter(endpoint, limits or Limits())


def _is_claude(name: str) -> bool:
    return name.removeprefix("~").startswith("anthropic/")


def _profile(name: str, marked: bool) -> OpenRouterModelProfile:
    """What is different from pydantic-ai's own idea of the model."""
    profile = OpenRouterModelProfile(
        may_tokenize_special_tokens_in_content=False,  # else tokens of chat templates in source files are rewritten
        openai_chat_streaming_requires_finish_reason=True,  # else a stream that was cut off counts as complete
        ignore_streamed_leading_whitespace=False,  # a completion may begin with indentation
        thinking_tags=("", ""),  # thinking comes in a field of its own; `<think>` in a text is text
    )
    if marked and not _is_claude(name):
        profile["openrouter_supports_cache_control"] = True
        profile["openrouter_supports_dynamic_instruction_cache"] = True
        profile["openrouter_max_cache_points"] = 4
    return profile


def _report(stream: StreamedResponse) -> UsageReport | None:
    details = stream.provider_details or {}
    raw = details.get(_RAW_USAGE)
    return None if raw is None else openrouter_report(raw, upstream=details.get(_UPSTREAM))
