"""The one HTTP client of each provider: it knows the key, and sends it to the endpoint's own host only.

The vendors' SDKs get a placeholder key. The real one is put into a copy of each request at the moment it is sent, after
its origin was checked, so that no SDK object, exception or log line can hold it. What the SDKs don't hand out (the
generation id, Retry-After) is written into the current `Attempt`. Proxies and `.netrc` of the
environment are not used (`trust_env=False`), because both can redirect a request or replace its key; a proxy that the
user file names is.

Not here: what is asked (`stream.py` and the provider modules) and retrying.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from functools import lru_cache
from typing import Any

import httpx2

import cachewise
from cachewise.faults import ForbiddenHost, ProviderFault, RequestFailed
from cachewise.providers.attempt import Attempt, Limits, current_attempt, retry_after
from cachewise.settings.endpoints import Endpoint
from cachewise.settings.secrets import origin_of

PLACEHOLDER_KEY = "placeholder"
"""What the SDKs are given in place of the key."""

MAX_ANSWER_BYTES = 32 * 1024 * 1024
"""No answer is this long; what is, is not read to its end."""
MAX_ERROR_BYTES = 256 * 1024

_KEPT_HEADERS = frozenset(
    {"accept", "connection", "content-length", "content-type", "transfer-encoding"}
    | {"anthropic-version", "anthropic-beta"}
)
"""The SDKs' headers that go out. Telemetry, and whatever an SDK reads from its own environment variables, does not."""
_OPENAI_HEADERS = frozenset({"openai-organization", "openai-project"})


_origin_of = lru_cache(maxsize=16)(origin_of)
"""All requests but those for late bills go to the same few addresses."""


class BoundTransport(httpx2.AsyncBaseTransport):
    """Sends requests to one endpoint's origin, with its key, and to nowhere else."""

    def __init__(self, endpoint: Endpoint, inner: httpx2.AsyncBaseTransport) -> None:
        self._endpoint = endpoint
        self._origin = endpoint.origin
        self._inner = inner

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        attempt = current_attempt.get() or Attempt()
        try:
            bound = self._bound(request)
        except RequestFailed as refusal:
            attempt.fault = refusal
            raise
        bound.extensions = {**bound.extensions, "trace": _watch(attempt)}
        response = await self._inner.handle_async_request(bound)
        attempt.leave()
        attempt.status = response.status_code
        attempt.retry_after = retry_after(response.headers)
        attempt.fault = self._unfit(response)
        if attempt.fault is not None:
            await response.aclose()
            raise attempt.fault
        good = response.status_code < 300
        if good and attempt.on_open is not None:
            attempt.on_open(response.headers.get("x-generation-id"))
        return httpx2.Response(
            response.status_code,
            headers=response.headers,
            stream=_Capped(response, MAX_ANSWER_BYTES if good else MAX_ERROR_BYTES, attempt),
            extensions=response.extensions,
        )

    def clean(self, text: str) -> str:
        """The text without the key, should a server have echoed it."""
        with suppress(ForbiddenHost):
            if self._endpoint.key is not None:
                return text.replace(self._endpoint.key.reveal_for(self._origin), "***")
        return text

    async def aclose(self) -> None:
        await self._inner.aclose()

    def _bound(self, request: httpx2.Request) -> httpx2.Request:
        """A copy of the request that may leave: for the right host, with the headers that it needs and no others."""
        endpoint = self._endpoint
        try:
            origin = _origin_of(str(request.url))
        except ValueError:
            origin = "no web address"
        if origin != self._origin:
            raise ForbiddenHost(f"Nothing was sent: a request for {self._origin} was about to go to {origin}.")
        kept = _KEPT_HEADERS | _OPENAI_HEADERS if endpoint.provider == "openai" else _KEPT_HEADERS
        headers = {name: value for name, value in request.headers.items() if name in kept}
        headers["host"] = request.url.netloc.decode("ascii")
        headers["user-agent"] = f"cachewise/{cachewise.__version__}"
        headers["accept-encoding"] = "identity"  # a compressed stream arrives in lumps
        headers.update((name.lower(), value) for name, value in endpoint.headers.items())
        if endpoint.key is not None:
            key = endpoint.key.reveal_for(origin)
            if not key.isascii() or not key.isprintable() or " " in key:
                # The HTTP library would raise an error that quotes the whole header.
                raise ProviderFault(
                    "The key holds characters that a key can't have, such as a line break. Copy it again.", kind="auth"
                )
            if endpoint.provider == "anthropic":
                headers["x-api-key"] = key
            else:
                headers["authorization"] = f"Bearer {key}"
        return httpx2.Request(
            request.method, request.url, headers=headers, stream=request.stream, extensions=request.extensions
        )

    def _unfit(self, response: httpx2.Response) -> ProviderFault | None:
        """What is wrong with a response before its body is read; None for one that can be read on."""
        status = response.status_code
        if 300 <= status < 400:
            return ProviderFault(
                f"The server at {self._origin} answers with a redirect{_to(response)}, which is not followed, so that "
                "the key stays where it belongs. Check the base URL.",
                kind="protocol",
                status=status,
            )
        if response.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
            return ProviderFault(
                f"The server at {self._origin} sent a compressed answer that was not asked for. Check the base URL.",
                kind="protocol",
                status=status,
            )
        if status < 300 and response.headers.get("content-type", "").lower().startswith("text/html"):
            return ProviderFault(
                f"The server at {self._origin} answered with a web page in place of an answer. Check the base URL, and "
                "whether the network asks for a login.",
                kind="protocol",
                status=status,
            )
        return None


class _Capped(httpx2.AsyncByteStream):
    """The body of a response, cut off with an error where it grows beyond what any answer is."""

    def __init__(self, response: httpx2.Response, limit: int, attempt: Attempt) -> None:
        self._response = response
        self._left = limit
        self._attempt = attempt

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._response.stream:  # type: ignore[union-attr]
            self._left -= len(chunk)
            if self._left < 0:
                self._attempt.fault = ProviderFault(
                    "The provider sent more than any answer holds. Check the base URL.", kind="protocol"
                )
                raise self._attempt.fault
            yield chunk

    async def aclose(self) -> None:
        await self._response.aclose()


def _watch(attempt: Attempt) -> Callable[[str, dict[str, Any]], Awaitable[None]]:
    """For the HTTP library's tracing: tells when a request leaves, which is after the connection was made."""

    async def trace(event: str, info: dict[str, Any]) -> None:
        if event.endswith("send_request_headers.started"):
            attempt.leave()

    return trace


def open_client(endpoint: Endpoint, limits: Limits) -> tuple[httpx2.AsyncClient, BoundTransport]:
    """A client for one endpoint, to be kept for the life of the process: making one costs up to 60 ms."""
    transport = BoundTransport(
        endpoint,
        httpx2.AsyncHTTPTransport(
            trust_env=False,
            http1=True,
            http2=False,
            retries=0,
            proxy=endpoint.proxy,
            limits=httpx2.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=90.0),
        ),
    )
    client = httpx2.AsyncClient(
        transport=transport, follow_redirects=False, trust_env=False, timeout=limits.timeout, base_url=endpoint.base_url
    )
    return client, transport


def _to(response: httpx2.Response) -> str:
    """Where a redirect leads, without path and query, which may be secret; empty for one within the host."""
    try:
        return f" to {origin_of(response.headers.get('location', ''))}"
    except ValueError:
        return ""
