"""The one engine that turns a model request into stream events, whatever the provider.

A task of its own reads the provider and puts events into a queue; the generator hands them on. So the event `Opened`
comes with the response headers, long before the first token, and closing the generator cancels the reading task, which
closes the connection at once. Not here: how a plan looks on the wire (`render.py` and the provider modules).
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import random
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal, cast

from pydantic_ai import exceptions as sdk
from pydantic_ai.direct import model_request_stream
from pydantic_ai.messages import ModelResponseStreamEvent, PartDeltaEvent, PartStartEvent, TextPart, TextPartDelta
from pydantic_ai.models import Model, StreamedResponse
from pydantic_ai.settings import ModelSettings

from cachewise.faults import ProviderFault, ProviderFaultKind
from cachewise.model.events import Failed, Opened, ProviderRequest, Stopped, StreamEvent, TextDelta, UsageReport
from cachewise.providers.attempt import Attempt, Limits, current_attempt
from cachewise.providers.render import Rendered
from cachewise.providers.sentences import Speaker, fault, kind_of_status

log = logging.getLogger(__name__)

_STOP_REASONS: dict[str, Literal["stop", "length", "filter", "other"]] = {
    "stop": "stop",
    "length": "length",
    "content_filter": "filter",
    "tool_call": "other",
}
_MAX_BACKOFF = 8.0
"""Seconds: the longest wait before a retry that the provider did not ask for."""
_LINE_PAUSE = 0.002
"""Seconds that a stream rests behind a line end. An editor waits for lines, and to parse at once what came along with
one, such as the closing reports, would keep Python's lock from the thread that answers the editor."""

_KINDS: tuple[tuple[type[Exception], ProviderFaultKind], ...] = (
    (sdk.ModelRequestTimeout, "timeout"),
    (sdk.ModelTimeoutError, "timeout"),
    (TimeoutError, "timeout"),
    (sdk.ModelConnectionError, "connection"),
    (sdk.ModelContextWindowExceededError, "contextWindow"),
    (sdk.ModelQuotaExceededError, "payment"),
    (sdk.ModelRateLimitError, "rateLimit"),
    (sdk.ModelUnavailableError, "overloaded"),
    (sdk.ModelServerError, "server"),
    (sdk.ModelAuthenticationError, "auth"),
    (sdk.ModelNotFoundError, "notFound"),
)
"""First match wins. What is not here goes by its HTTP status."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """All that one request needs: the model, what is sent, and how what comes back is understood."""

    model: Model
    request: ProviderRequest
    rendered: Rendered
    settings: ModelSettings
    limits: Limits
    who: Speaker
    report: Callable[[StreamedResponse], UsageReport | None]
    """The usage that the stream knows so far."""
    early: Callable[[StreamedResponse], Awaitable[UsageReport | None]] | None = None
    """The usage that is known before the first token, for providers that send it then."""


Emit = Callable[[StreamEvent], None]


async def stream_model(call: Call) -> AsyncGenerator[StreamEvent, None]:
    """Send the request and yield its events, in the order that `model/events.py` gives.

    A request that is retried after its headers came in opens again, with a new generation id.

    Raises:
        ForbiddenHost: nothing was sent, because the request was not for the endpoint's own host.
    """
    events: asyncio.Queue[StreamEvent | None] = asyncio.Queue()
    reading = asyncio.create_task(_read(call, events.put_nowait))
    reading.add_done_callback(lambda _: events.put_nowait(None))
    try:
        while (event := await events.get()) is not None:
            yield event
        reading.result()
    finally:
        reading.cancel()
        await asyncio.wait((reading,))
        if not reading.cancelled():
            reading.exception()  # looked at, so that asyncio does not report it a second time


async def failed_at_once(fault: ProviderFault) -> AsyncGenerator[StreamEvent, None]:
    """The stream of a request that can't be sent at all."""
    yield Failed(fault, attempts=0)


async def _read(call: Call, emit: Emit) -> None:
    """Try, and try again where that is allowed: never after any part of an answer came."""

    def sent() -> None:
        reach.attempts += 1

    def opened(generation_id: str | None) -> None:
        reach.opened = Opened(generation_id)
        emit(reach.opened)

    reach = call.request.reach
    waited = 0.0
    for retry in itertools.count():
        attempt = Attempt(on_open=opened, on_sent=sent)
        current_attempt.set(attempt)
        end, begun = await _attempt(call, attempt, emit)
        if isinstance(end, Stopped):
            emit(end)
            return
        wait = end.retry_after
        if wait is None:
            wait = min(_MAX_BACKOFF, call.limits.retry_base * 2**retry) * random.uniform(0.5, 1.0)  # noqa: S311
        request = call.request
        if begun or not end.retryable or retry >= request.max_retries or waited + wait > request.max_wait:
            emit(Failed(end, reach.attempts))
            return
        log.info("%s: %s, retry %d in %.2f s", request.model, end.kind, retry + 1, wait)
        waited += wait
        await asyncio.sleep(wait)


async def _attempt(call: Call, attempt: Attempt, emit: Emit) -> tuple[Stopped | ProviderFault, bool]:
    """One request. Gives how it ended, and whether any part of an answer had come by then."""
    stream: StreamedResponse | None = None
    begun = False
    error: Exception | None = None
    first_event = asyncio.get_running_loop().time() + call.limits.first_event
    try:
        async with _open(call) as stream:
            if call.early is not None:
                async with asyncio.timeout_at(first_event):  # the SDK's deadline is for what it reads itself
                    report = await call.early(stream)
                if report is not None:
                    emit(report)
            async for event in stream:
                begun = True
                if text := _text(event):
                    emit(TextDelta(text))
                    await asyncio.sleep(_LINE_PAUSE if "\n" in text else 0)  # it goes on its way before more is parsed
    except Exception as caught:
        error = caught  # the SDKs fail in any way on bytes that are no answer
    if stream is not None and (report := call.report(stream)) is not None:
        emit(report)
    if attempt.fault is not None and not isinstance(attempt.fault, ProviderFault):
        raise attempt.fault
    finished = None if stream is None else stream.finish_reason
    if error is None or (isinstance(error, sdk.ModelConnectionError) and finished in _STOP_REASONS):
        return _end(call, stream, begun), begun
    if attempt.fault is None and not attempt.sent and not isinstance(error, sdk.ModelAPIError):
        raise error  # the request could not even be built: no fault of the provider
    found = attempt.fault or _classified(call, error, attempt, begun)
    log.debug("%s: %s after %s", call.request.model, found.kind, type(error).__name__)
    return found, begun


def _open(call: Call) -> Any:
    """The stream of one request, with everything switched off that would change its bytes or send it twice.

    The SDKs' clients are made with `max_retries=0`; said again here, each request would get a client of its own.
    """
    settings: dict[str, Any] = {
        "framing_announcement": "never",
        "thinking": False,
        "max_tokens": call.request.max_tokens,
        "first_event_timeout": call.limits.first_event,
        "request_timeout": call.limits.whole,
        **call.settings,
    }
    return model_request_stream(
        call.model,
        list(call.rendered.messages),
        model_settings=cast(ModelSettings, settings),
        model_request_parameters=call.rendered.parameters,
        instrument=False,
    )


def _text(event: ModelResponseStreamEvent) -> str:
    """The text that an event adds to the answer; empty for thinking and for bookkeeping."""
    if isinstance(event, PartStartEvent) and isinstance(event.part, TextPart):
        return event.part.content
    if isinstance(event, PartDeltaEvent) and isinstance(event.delta, TextPartDelta):
        return event.delta.content_delta
    return ""


def _end(call: Call, stream: StreamedResponse | None, begun: bool) -> Stopped | ProviderFault:
    """How a stream that raised nothing ended. One that just stops, without saying why, is cut off."""
    reason = None if stream is None else stream.finish_reason
    if reason == "error":
        return fault("server", call.who, midway=begun)
    if reason is not None:
        return Stopped(_STOP_REASONS.get(reason, "other"))
    said = stream is not None and (stream.provider_details or {}).get("finish_reason")
    return Stopped("other") if said else fault("protocol", call.who, midway=begun)


def _classified(call: Call, error: Exception, attempt: Attempt, begun: bool) -> ProviderFault:
    """The fault that an SDK's exception stands for."""
    status = error.status_code if isinstance(error, sdk.ModelHTTPError) else None
    kind = next((kind for cls, kind in _KINDS if isinstance(error, cls)), None)
    words = _words(error)
    if "prompt is too long" in words.lower():
        kind = "contextWindow"
    if kind is None:
        kind = "protocol" if status is None else kind_of_status(status)
    if status is None and kind not in ("connection", "timeout"):
        bad = attempt.status is not None and attempt.status >= 400
        status = attempt.status if bad else None
    return fault(kind, call.who, status=status, retry_after=attempt.retry_after, message=words, midway=begun)


def _words(error: Exception) -> str:
    """What the provider itself said, out of the shapes of error bodies; empty where it said nothing readable."""
    body = getattr(error, "body", None)
    for _ in range(2):
        if isinstance(body, dict):
            body = body.get("message") or body.get("error")
    return body if isinstance(body, str) else ""
