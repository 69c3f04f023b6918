"""HTTP/1.1 requests and response heads as bytes. Not here: connections (`http.py`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

_MAX_HEAD = 64 * 1024
_MAX_BODY = 64 * 1024 * 1024
_LABEL = "x-cachewise-simulated: 1\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request, whole."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes = field(repr=False)


def take_request(received: bytearray) -> Request | None:
    """Cut one request off the front of what was received; None while it is not whole.

    Raises:
        ValueError: It is no request that this server answers.
    """
    end = received.find(b"\r\n\r\n")
    if end > _MAX_HEAD or (end < 0 and len(received) > _MAX_HEAD):
        raise ValueError("the request head is too long")
    if end < 0:
        return None
    lines = received[:end].decode("latin-1").split("\r\n")
    words = lines[0].split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1."):
        raise ValueError("this is no HTTP/1.1 request")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    if "transfer-encoding" in headers:
        raise ValueError("a request body needs a Content-Length")
    if headers.get("host", "").partition(":")[0] not in ("127.0.0.1", "localhost"):
        raise ValueError("the Host header names another host: only loopback clients are answered")
    length = headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > _MAX_BODY:
        raise ValueError("the Content-Length is no size that is accepted")
    start = end + 4
    if len(received) < start + int(length):
        return None
    body = bytes(received[start : start + int(length)])
    del received[: start + int(length)]
    target = urlsplit(words[1])
    query = {name: values[-1] for name, values in parse_qs(target.query).items()}
    return Request(method=words[0], path=target.path, query=query, headers=headers, body=body)


def head_of(status: int, fields: Mapping[str, str]) -> bytes:
    """The status line and the header of a response, which always says that it is simulated."""
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = "Simulated"
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status} {phrase}\r\n{_LABEL}{lines}\r\n".encode("latin-1")
