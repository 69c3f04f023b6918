"""What went wrong at a provider, as a `ProviderFault` with a sentence that says what to do.

A provider's own words are quoted only where they help (a rejected request), shortened, on one line and without the
key. Not here: recognising a fault in a stream (`stream.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from typing import assert_never

from cachewise.faults import ProviderFault, ProviderFaultKind
from cachewise.settings.endpoints import KEY_VARIABLES, Endpoint

_LABELS = {"openrouter": "OpenRouter", "anthropic": "Anthropic", "openai": "OpenAI"}
_CREDITS = {
    "openrouter": "Add credits at https://openrouter.ai/settings/credits, or raise the limit of the key.",
    "anthropic": "Add credits at https://console.anthropic.com/settings/billing.",
    "openai": "Add credits at https://platform.openai.com/settings/organization/billing.",
}
_QUOTED = 200
"""Characters of a provider's own message that are shown."""

_STATUS_KINDS: dict[int, ProviderFaultKind] = {
    400: "rejected",
    401: "auth",
    402: "payment",
    403: "auth",
    404: "notFound",
    408: "timeout",
    413: "contextWindow",
    422: "rejected",
    429: "rateLimit",
    503: "overloaded",
    529: "overloaded",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """Who a sentence is about."""

    provider: str
    name: str
    model: str
    origin: str
    key_variable: str | None
    proxy: str | None
    clean: Callable[[str], str]
    """Takes the key out of a text."""

    @classmethod
    def of(cls, endpoint: Endpoint, model: str, clean: Callable[[str], str]) -> Speaker:
        """The endpoint, as far as sentences name it."""
        return cls(
            provider=endpoint.provider,
            name=endpoint.name,
            model=model,
            origin=endpoint.origin,
            key_variable=endpoint.key_variable or KEY_VARIABLES.get(endpoint.provider),
            proxy=endpoint.proxy,
            clean=clean,
        )

    @property
    def label(self) -> str:
        """The provider's name as people write it."""
        return _LABELS.get(self.provider, f"the local server {self.name!r}")


def kind_of_status(status: int) -> ProviderFaultKind:
    """The class of failure that an HTTP status stands for."""
    return _STATUS_KINDS.get(status, "server" if status >= 500 else "rejected" if status >= 400 else "protocol")


def fault(
    kind: ProviderFaultKind,
    who: Speaker,
    *,
    status: int | None = None,
    retry_after: float | None = None,
    message: str | None = None,
    midway: bool = False,
) -> ProviderFault:
    """A fault with its sentence.

    Args:
        kind: The class of the failure.
        who: The provider and the model.
        status: The HTTP status, or the one named inside the stream.
        retry_after: Seconds that the provider asks to wait.
        message: The provider's own words, where they may be quoted.
        midway: Whether part of the answer had already come.
    """
    shown = "" if status is None else f" ({status})"
    wait = f"asks to wait {ceil(retry_after)} s. Try again then." if retry_after else "Try again in a moment."
    label = who.label
    match kind:
        case "auth" if who.key_variable is None:
            sentence = f"{label} did not accept the request{shown}. Check the key in the user file."
        case "auth":
            sentence = (
                f"{label} did not accept the key{shown}. Check the value of {who.key_variable} and whether the key may "
                f"use {who.model!r}."
            )
        case "payment":
            sentence = f"{label} has no credit left for this key{shown}. {_CREDITS.get(who.provider, '')}".rstrip()
        case "rateLimit":
            sentence = f"{label} limits how often it may be asked{shown}" + (" and " if retry_after else ". ") + wait
        case "rejected":
            quoted = _quote(message, who)
            sentence = f"{label} rejected the request{shown}{': ' + quoted if quoted else '. Check the model setting.'}"
        case "contextWindow":
            sentence = (
                f"The prompt is too long for {who.model!r}{shown}. Lower the setting `cachewise.context.maxTokens`, or "
                "choose a model with a larger context."
            )
        case "notFound":
            quoted = _quote(message, who)
            sentence = (
                f"{label} has no model {who.model!r} at {who.origin}{shown}"
                f"{': ' + quoted if quoted else ''}{'' if quoted.endswith('.') else '.'} "
                "Check the model setting and the base URL."
            )
        case "server":
            sentence = f"{label} failed to answer because of a problem of its own{shown}. " + (
                "It " + wait if retry_after else "Try again."
            )
        case "overloaded":
            sentence = f"{label} is overloaded{shown}" + (
                " and " + wait if retry_after else ". Try again in a moment, or choose another model."
            )
        case "connection" if midway:
            sentence = f"The connection to {label} broke off in the middle of the answer. Try again."
        case "connection" if who.proxy is not None:
            sentence = f"{label} could not be reached through the proxy at {who.proxy}. Check it in the user file."
        case "connection":
            sentence = f"{label} could not be reached at {who.origin}. Check the network and the base URL."
        case "timeout" if midway:
            sentence = f"{label} stopped in the middle of the answer{shown}. Try again."
        case "timeout":
            sentence = f"{label} did not answer in time{shown}. Try again, or choose another model."
        case "protocol" if midway:
            sentence = f"The answer of {label} broke off or was garbled{shown}. Try again."
        case "protocol":
            sentence = f"{label} sent something that is no answer{shown}. Try again; if it stays, check the base URL."
        case _:
            assert_never(kind)
    return ProviderFault(_sentence_case(sentence), kind=kind, status=status, retry_after=retry_after)


def _quote(message: str | None, who: Speaker) -> str:
    """The provider's words on one short line; empty where there are none, or where they are a web page."""
    words = " ".join(who.clean(message or "").split())
    if not words or words.startswith(("<", "{")):
        return ""
    return words if len(words) <= _QUOTED else words[: _QUOTED - 1].rstrip() + "…"


def _sentence_case(sentence: str) -> str:
    """With a capital letter in front, and a single full stop at the end where it has no other end."""
    ended = sentence if sentence.endswith((".", "!", "?", "…")) else sentence + "."
    return ended[0].upper() + ended[1:]
