"""Everything that can go wrong and that a person should be told about, as one tree of exceptions.

    Fault                     a sentence for people, and the JSON-RPC code it becomes
    +- InvalidParams          -32602  the client sent something that does not fit
    |  x UnknownDocument              the document was never opened
    +- RequestFailed          -32803  the request was fine, the answer could not be had
       x NoKey                        no key for the provider
       x OverBudget                   the request would pass the user's budget
       x Busy                         the user's own limits on requests leave no room for it
       x ProviderFault                the provider refused, broke off or sent garbage
       x ForbiddenHost                a key or text was about to go to a host it is not bound to

Not here: `asyncio.CancelledError`, which is not a fault, and how loud each fault is (`lsp/errors.py` decides).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal

ProviderFaultKind = Literal[
    "auth",
    "payment",
    "rateLimit",
    "rejected",
    "contextWindow",
    "notFound",
    "server",
    "overloaded",
    "connection",
    "timeout",
    "protocol",
]
"""What went wrong at the provider, in terms of what the user can do about it."""

_RETRYABLE: frozenset[ProviderFaultKind] = frozenset({"rateLimit", "server", "overloaded", "connection"})


class Fault(Exception):
    """A failure with a sentence for people. `code` is the JSON-RPC error code of its response."""

    code: int = -32603

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence

    def data(self) -> dict[str, Any] | None:
        """What goes into the `data` of the JSON-RPC error: plain JSON, no secrets, no traceback."""
        return None


class InvalidParams(Fault):
    """The parameters of a request do not fit the protocol."""

    code = -32602


class UnknownDocument(InvalidParams):
    """The request names a document that the client has not opened."""


class RequestFailed(Fault):
    """A well-formed request that could not be carried out."""

    code = -32803


class NoKey(RequestFailed):
    """There is no key for the provider that the model setting names."""

    def data(self) -> dict[str, Any]:
        return {"kind": "noKey"}


class OverBudget(RequestFailed):
    """Carrying the request out would pass a budget; nothing was sent.

    Args:
        sentence: What it would cost, what is allowed, and what to do, for people.
        budget: The setting that forbids it.
        estimate: Dollars that the request would cost; None where its model has no list price.
        limit: Dollars that the setting allows.
    """

    def __init__(
        self,
        sentence: str,
        *,
        budget: str | None = None,
        estimate: Decimal | None = None,
        limit: Decimal | None = None,
    ) -> None:
        super().__init__(sentence)
        self.budget = budget
        self.estimate = estimate
        self.limit = limit

    def data(self) -> dict[str, Any]:
        return {
            "kind": "overBudget",
            "budget": self.budget,
            "estimateUsd": None if self.estimate is None else float(self.estimate),
            "limitUsd": None if self.limit is None else float(self.limit),
        }


class Busy(RequestFailed):
    """The user's own limits on requests leave no room for this one now; nothing was sent.

    Args:
        sentence: Which limit, and what to do, for people.
        retry_after: Seconds until there may be room; None where that depends on other requests.
    """

    def __init__(self, sentence: str, *, retry_after: float | None = None) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after

    def data(self) -> dict[str, Any]:
        return {"kind": "busy", "retryAfter": self.retry_after}


class ForbiddenHost(RequestFailed):
    """A request was about to leave for a host that its key is not bound to; nothing was sent."""

    def data(self) -> dict[str, Any]:
        return {"kind": "forbiddenHost"}


class ProviderFault(RequestFailed):
    """The provider refused the request, broke the stream off, or sent something that is no answer.

    Args:
        sentence: What happened and what to do, for people.
        kind: The class of the failure.
        status: The HTTP status, or the status given inside a broken stream; None where there was none.
        retry_after: Seconds that the provider asked to wait, if it did.
    """

    def __init__(
        self, sentence: str, *, kind: ProviderFaultKind, status: int | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(sentence)
        self.kind: ProviderFaultKind = kind
        self.status = status
        self.retry_after = retry_after

    @property
    def retryable(self) -> bool:
        """Whether the same request may succeed in a moment (only ever tried before the first token)."""
        return self.kind in _RETRYABLE

    def data(self) -> dict[str, Any]:
        return {"kind": self.kind, "status": self.status, "retryAfter": self.retry_after}
