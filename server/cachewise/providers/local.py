"""A server of the user's own that speaks OpenAI's chat completions, such as llama.cpp, vLLM or Ollama.

Plain requests: no marks, no session, nothing that a strict server could refuse. Such servers find any stable prefix
again by themselves. What they read from it is known only where the response says it: llama.cpp does, vLLM does when it
was started with `--enable-prompt-tokens-details`, Ollama never does. Where it is not said the count is None, not 0.
Whether a model thinks is left to the server, because each wants to be told in its own way; what it thinks between
`<think>` and `</think>` is left out of the answer.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any, cast

from pydantic_ai.models.openai import OpenAIChatModelSettings
from pydantic_ai.profiles.openai import OpenAIModelProfile

from cachewise.model.events import ProviderRequest, StreamEvent, UsageReport
from cachewise.providers.attempt import Limits
from cachewise.providers.openai import ChatModel, report, sdk_provider
from cachewise.providers.render import render, stop_sequences
from cachewise.providers.sentences import Speaker
from cachewise.providers.stream import Call, stream_model
from cachewise.providers.transport import open_client
from cachewise.settings.endpoints import Endpoint

LOCAL_LIMITS = Limits(connect=10.0, first_event=240.0, idle=240.0, whole=900.0)
"""A processor without a graphics card reads a first long prompt for minutes, and sends nothing meanwhile."""

_PROFILE = OpenAIModelProfile(
    may_tokenize_special_tokens_in_content=False,
    openai_chat_streaming_requires_finish_reason=True,
    ignore_streamed_leading_whitespace=False,
    openai_supports_prompt_cache_breakpoints=False,
    openai_chat_supports_max_completion_tokens=False,  # every server knows `max_tokens`
    openai_chat_supports_multiple_system_messages=False,  # many chat templates take one only
    openai_system_prompt_role="system",
    openai_supports_reasoning=False,
    supports_thinking=False,
    thinking_always_enabled=False,
)
"""Said in full, because a local model may be named like one of OpenAI's and must not be treated like it."""


class Local:
    """The provider for one local server, with the one model that its entry names."""

    def __init__(self, endpoint: Endpoint, limits: Limits) -> None:
        self._endpoint = endpoint
        self._limits = limits
        self._client, self._transport = open_client(endpoint, limits)
        self._name = endpoint.model or endpoint.name
        self._model = ChatModel(self._name, provider=sdk_provider(endpoint, limits, self._client), profile=_PROFILE)

    def prepare(self, name: str) -> None:
        """Nothing is left to build."""

    def stream(self, request: ProviderRequest) -> AsyncGenerator[StreamEvent, None]:
        settings: dict[str, Any] = {}
        if stop := stop_sequences(request, blank=True):
            settings["stop_sequences"] = stop
        return stream_model(
            Call(
                model=self._model,
                request=request,
                rendered=render(request),
                settings=cast(OpenAIChatModelSettings, settings),
                limits=self._limits,
                who=Speaker.of(self._endpoint, self._name, self._transport.clean),
                report=report,
            )
        )

    async def late_report(self, generation_id: str) -> UsageReport | None:
        return None

    async def aclose(self) -> None:
        await self._client.aclose()


def build(endpoint: Endpoint, limits: Limits | None = None) -> Local:
    """The provider for an endpoint. Takes up to 100 ms, so call it in a thread."""
    return Local(endpoint, limits or LOCAL_LIMITS)
