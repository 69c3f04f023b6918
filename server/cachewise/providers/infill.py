"""llama.cpp's fill-in-the-middle, `POST /infill`, as a model of pydantic-ai, so that the one stream engine reads it.

The context files go out as `input_extra`, which llama.cpp puts before the text around the cursor, so that its own
prefix cache finds them again. What a request read and evaluated is in the `timings` of each event.
Sources: tools/server/README.md of llama.cpp, and its `format_prompt_infill`, which says what is cut off when it is too
much. Not here: whether a server has it (`local.py`), and what is sent (`context/infill.py`).
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx2
from pydantic_ai import exceptions as sdk
from pydantic_ai.messages import (
    FinishReason,
    ModelMessage,
    ModelRequest,
    ModelResponse,
    ModelResponseStreamEvent,
    UserPromptPart,
)
from pydantic_ai.models import Model, ModelRequestParameters, StreamedResponse
from pydantic_ai.settings import ModelSettings

from cachewise.model.events import ProviderRequest, UsageReport
from cachewise.model.plan import Infill
from cachewise.providers.render import Rendered, encodable, stop_sequences
from cachewise.providers.usage import infill_tokens

_FINISHED: dict[str, FinishReason] = {"eos": "stop", "word": "stop", "limit": "length"}
_FIELDS = ["content", "stop", "stop_type", "timings", "tokens_evaluated"]
"""Of the last event, which would else repeat the whole prompt."""

NO_MESSAGES = Rendered(
    messages=(ModelRequest(parts=[UserPromptPart(content="")]),),
    parameters=ModelRequestParameters(),
    system_mark=None,
    hour_marks=False,
)
"""The stream engine asks for messages; there are none here."""


def body_of(request: ProviderRequest, infill: Infill, name: str) -> dict[str, Any]:
    """The body of a request. The most probable token each time: the one that fits is wanted, not a surprise."""
    body = {
        "model": name,
        "input_extra": [{"filename": encodable(file), "text": encodable(text)} for file, text in infill.extra],
        "input_prefix": encodable(infill.prefix),
        "input_suffix": encodable(infill.suffix),
        "n_predict": request.max_tokens,
        "temperature": 0,
        "stream": True,
        "cache_prompt": True,
        "timings_per_token": True,
        "response_fields": _FIELDS,
    }
    stop = stop_sequences(request, blank=True)
    return {**body, "stop": stop} if stop else body


def report(stream: StreamedResponse) -> UsageReport | None:
    """The usage by the last event that came."""
    last = (stream.provider_details or {}).get("last")
    return None if last is None else UsageReport(tokens=infill_tokens(last))


async def early(stream: StreamedResponse) -> UsageReport | None:
    """The usage by the first event, before its text is handed on."""
    if isinstance(stream, _Stream):
        await stream.peek()
    return report(stream)


class InfillModel(Model):
    """Sends the `extra_body` of the settings to `/infill`; messages are not looked at."""

    def __init__(self, client: httpx2.AsyncClient, url: str, name: str) -> None:
        super().__init__()
        self._client = client
        self._url = url
        self._name = name

    @property
    def model_name(self) -> str:
        return self._name

    @property
    def system(self) -> str:
        return "llama.cpp"

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        raise NotImplementedError("completions are streamed")

    @asynccontextmanager
    async def request_stream(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
        run_context: Any = None,
    ) -> AsyncGenerator[StreamedResponse]:
        body = json.dumps((model_settings or {})["extra_body"], ensure_ascii=False).encode()
        try:
            async with self._client.stream(
                "POST", self._url, content=body, headers={"content-type": "application/json"}
            ) as response:
                if response.status_code >= 400:
                    await response.aread()
                    raise sdk.ModelHTTPError(response.status_code, self._name, body=_json(response.content))
                yield _Stream(model_request_parameters, self._name, self._url, _events(response, self._name))
        except httpx2.TimeoutException as error:
            raise sdk.ModelTimeoutError(self._name, type(error).__name__) from error
        except httpx2.TransportError as error:
            raise sdk.ModelConnectionError(self._name, type(error).__name__) from error


@dataclass
class _Stream(StreamedResponse):
    """The events of one answer as text."""

    _name: str
    _url: str
    _events: AsyncIterator[Mapping[str, Any]]
    _peeked: list[Mapping[str, Any]] = field(default_factory=list)

    async def peek(self) -> None:
        """Read the first event, which is handed out later."""
        async for event in self._events:
            self._note(event)
            self._peeked.append(event)
            return

    async def _get_event_iterator(self) -> AsyncIterator[ModelResponseStreamEvent]:
        for event in self._peeked:
            for part in self._text(event):
                yield part
        async for event in self._events:
            self._note(event)
            for part in self._text(event):
                yield part

    def _text(self, event: Mapping[str, Any]) -> list[ModelResponseStreamEvent]:
        text = event.get("content")
        if not isinstance(text, str) or not text:
            return []
        return list(self._parts_manager.handle_text_delta(vendor_part_id="text", content=text))

    def _note(self, event: Mapping[str, Any]) -> None:
        self.provider_details = {"last": event}
        if event.get("stop") is True:
            self.finish_reason = _FINISHED.get(str(event.get("stop_type")), "stop")

    async def close_stream(self) -> None:
        """The connection is closed by whoever opened the stream."""

    @property
    def model_name(self) -> str:
        return self._name

    @property
    def provider_name(self) -> str:
        return "llama.cpp"

    @property
    def provider_url(self) -> str:
        return self._url

    @property
    def timestamp(self) -> datetime:
        return datetime.now(UTC)


async def _events(response: httpx2.Response, name: str) -> AsyncIterator[Mapping[str, Any]]:
    """The server-sent events, each a JSON object in one line.

    Raises:
        ModelHTTPError: one of them is an error.
        ValueError: one of them is no such object.
    """
    rest = b""
    async for piece in response.aiter_bytes():
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            kind, _, data = line.strip().partition(b":")
            if kind not in (b"data", b"error") or data.strip() == b"[DONE]":
                continue
            event = json.loads(data)
            if not isinstance(event, dict):
                raise ValueError("an event that is no object")
            error = event.get("error", event if kind == b"error" else None)
            if error is not None:
                code = error.get("code") if isinstance(error, dict) else None
                raise sdk.ModelHTTPError(code if isinstance(code, int) else 500, name, body=error)
            yield event


def _json(data: bytes) -> object:
    try:
        return json.loads(data)
    except ValueError:
        return data.decode("utf-8", "replace")
