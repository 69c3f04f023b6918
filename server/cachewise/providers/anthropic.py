"""Anthropic directly, through its messages API.

Marks are `cache_control` with their TTL. What was read and written is known from the first event of a stream, before
any token, and is reported then, so that a cancelled stream still has it. Not here: Claude through OpenRouter.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any, cast

from anthropic import AsyncAnthropic
from pydantic_ai.models import StreamedResponse
from pydantic_ai.models.anthropic import AnthropicModel, AnthropicModelSettings
from pydantic_ai.profiles.anthropic import AnthropicModelProfile
from pydantic_ai.providers.anthropic import AnthropicProvider

from cachewise.model.events import ProviderRequest, StreamEvent, UsageReport
from cachewise.providers.attempt import Limits
from cachewise.providers.render import render, stop_sequences
from cachewise.providers.sentences import Speaker
from cachewise.providers.stream import Call, stream_model
from cachewise.providers.transport import PLACEHOLDER_KEY, open_client
from cachewise.providers.usage import anthropic_tokens
from cachewise.settings.endpoints import Endpoint


class Anthropic:
    """The provider for one Anthropic endpoint."""

    def __init__(self, endpoint: Endpoint, limits: Limits) -> None:
        self._endpoint = endpoint
        self._limits = limits
        self._client, self._transport = open_client(endpoint, limits)
        self._provider = AnthropicProvider(
            anthropic_client=AsyncAnthropic(
                api_key=PLACEHOLDER_KEY,
                base_url=endpoint.base_url.rstrip("/").removesuffix("/v1"),  # the SDK adds /v1/messages itself
                http_client=self._client,
                timeout=limits.timeout,
                max_retries=0,
            )
        )
        self._models: dict[str, AnthropicModel] = {}

    def prepare(self, name: str) -> None:
        """Build what the first request to a model needs. Slow the first time; made to be called in a thread."""
        self._model(name)

    def stream(self, request: ProviderRequest) -> AsyncGenerator[StreamEvent, None]:
        name = request.model.name
        rendered = render(request)
        settings: dict[str, Any] = {}
        if rendered.system_mark is not None:
            settings["anthropic_cache_instructions"] = rendered.system_mark
        if stop := stop_sequences(request, blank=False):
            settings["stop_sequences"] = stop

        def report(stream: StreamedResponse) -> UsageReport | None:
            return _report(stream.usage.details, hour_marks=rendered.hour_marks)

        async def early(stream: StreamedResponse) -> UsageReport | None:
            return _report(await _first_usage(stream), hour_marks=rendered.hour_marks)

        return stream_model(
            Call(
                model=self._model(name),
                request=request,
                rendered=rendered,
                settings=cast(AnthropicModelSettings, settings),
                limits=self._limits,
                who=Speaker.of(self._endpoint, name, self._transport.clean),
                report=report,
                early=early,
            )
        )

    async def late_report(self, generation_id: str) -> UsageReport | None:
        return None

    async def fills(self) -> int | None:
        return None

    async def aclose(self) -> None:
        await self._client.aclose()

    def _model(self, name: str) -> AnthropicModel:
        if name not in self._models:
            profile = AnthropicModelProfile(may_tokenize_special_tokens_in_content=False)
            self._models[name] = AnthropicModel(name, provider=self._provider, profile=profile)
        return self._models[name]


def build(endpoint: Endpoint, limits: Limits | None = None) -> Anthropic:
    """The provider for an endpoint. Takes up to 100 ms, so call it in a thread."""
    return Anthropic(endpoint, limits or Limits())


async def _first_usage(stream: StreamedResponse) -> dict[str, Any]:
    """The usage of the stream's first event, which pydantic-ai has read but hands out only with the first text."""
    peek = getattr(getattr(stream, "_response", None), "peek", None)
    if peek is None:
        return {}
    usage = getattr(getattr(await peek(), "message", None), "usage", None)
    if usage is None:
        return {}
    counts: dict[str, Any] = usage.model_dump(exclude_none=True)
    split = counts.get("cache_creation")
    return counts | {
        "ephemeral_1h_input_tokens": split.get("ephemeral_1h_input_tokens") if isinstance(split, dict) else None
    }


def _report(counts: dict[str, Any], *, hour_marks: bool) -> UsageReport | None:
    return UsageReport(tokens=anthropic_tokens(counts, hour_marks=hour_marks)) if counts else None
