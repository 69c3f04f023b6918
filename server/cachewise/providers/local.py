"""A server of the user's own that speaks OpenAI's chat completions, such as llama.cpp, vLLM or Ollama.

Plain requests: no marks, no session, nothing that a strict server could refuse. Such servers find any stable prefix
again by themselves. What they read from it is known only where the response says it: llama.cpp does, vLLM does when it
was started with `--enable-prompt-tokens-details`, Ollama never does. Where it is not said the count is None, not 0.
A server that has llama.cpp's fill-in-the-middle gets completions through it (`infill.py`); whether it has is found out
without having it evaluate anything. Whether a model thinks is left to the server, because each wants to be told in its
own way; what it thinks between `<think>` and `</think>` is left out of the answer.
"""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, cast

import httpx2
from pydantic_ai.models.openai import OpenAIChatModelSettings
from pydantic_ai.profiles.openai import OpenAIModelProfile

from cachewise.faults import RequestFailed
from cachewise.model.events import Failed, ProviderRequest, StreamEvent, UsageReport
from cachewise.providers.attempt import Limits
from cachewise.providers.infill import NO_MESSAGES, InfillModel, body_of, early
from cachewise.providers.infill import report as infill_report
from cachewise.providers.openai import ChatModel, report, sdk_provider
from cachewise.providers.render import render, stop_sequences
from cachewise.providers.sentences import Speaker
from cachewise.providers.stream import Call, stream_model
from cachewise.providers.transport import open_client
from cachewise.settings.endpoints import Endpoint

log = logging.getLogger(__name__)

LOCAL_LIMITS = Limits(connect=10.0, first_event=240.0, idle=240.0, whole=900.0)
"""A processor without a graphics card reads a first long prompt for minutes, and sends nothing meanwhile."""

ASK_AGAIN = 600.0
"""Seconds after which a server without fill-in-the-middle is asked again: it may have been started with another
model."""
ASKING = 5.0
"""Seconds that asking may take."""

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
        self._root = endpoint.base_url.removesuffix("/v1")
        self._infill = InfillModel(self._client, f"{self._root}/infill", self._name)
        self._fills: int | None = None
        self._asked = float("-inf")
        self._told = False
        self._model = ChatModel(self._name, provider=sdk_provider(endpoint, limits, self._client), profile=_PROFILE)

    def prepare(self, name: str) -> None:
        """Nothing is left to build."""

    def stream(self, request: ProviderRequest) -> AsyncGenerator[StreamEvent, None]:
        if request.plan.infill is not None:
            return self._fill(request, body_of(request, request.plan.infill, self._name))
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

    async def fills(self) -> int | None:
        if self._fills is None and time.monotonic() - self._asked >= ASK_AGAIN:
            self._asked = time.monotonic()
            try:
                self._fills = await self._ask()
            except (httpx2.HTTPError, RequestFailed, ValueError) as error:
                log.debug("%s was not asked for fill-in-the-middle: %s", self._name, type(error).__name__)
                self._asked = float("-inf")  # the next request says what is wrong with it, or works
        return self._fills

    async def _ask(self) -> int | None:
        """Tokens of context; None where there is no fill-in-the-middle.

        llama.cpp tells its context in `/props`. It refuses an empty body for `/infill`: with 501 where the model lacks
        the tokens for it, else with 400, and evaluates nothing.
        """
        props = await self._client.get(f"{self._root}/props", timeout=ASKING)
        told = props.json() if props.status_code == 200 else None
        settings = told.get("default_generation_settings") if isinstance(told, dict) else None
        context = settings.get("n_ctx") if isinstance(settings, dict) else None
        if not isinstance(context, int):
            return None
        refusal = await self._client.post(f"{self._root}/infill", json={}, timeout=ASKING)
        if refusal.status_code == 400:
            return context
        if refusal.status_code == 501 and not self._told:
            self._told = True
            log.warning("The model of %r has no fill-in-the-middle, so it completes by chat.", self._endpoint.name)
        return None

    async def _fill(self, request: ProviderRequest, body: dict[str, Any]) -> AsyncGenerator[StreamEvent, None]:
        call = Call(
            model=self._infill,
            request=request,
            rendered=NO_MESSAGES,
            settings={"extra_body": body},
            limits=self._limits,
            who=Speaker.of(self._endpoint, self._name, self._transport.clean),
            report=infill_report,
            early=early,
        )
        async with aclosing(stream_model(call)) as events:
            async for event in events:
                if isinstance(event, Failed):  # it may not be the same server any more
                    self._fills, self._asked = None, float("-inf")
                yield event

    async def late_report(self, generation_id: str) -> UsageReport | None:
        return None

    async def aclose(self) -> None:
        await self._client.aclose()


def build(endpoint: Endpoint, limits: Limits | None = None) -> Local:
    """The provider for an endpoint. Takes up to 100 ms, so call it in a thread."""
    return Local(endpoint, limits or LOCAL_LIMITS)
