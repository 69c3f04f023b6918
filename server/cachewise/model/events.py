"""What a provider's stream is made of, the same for every provider, and what is asked of it.

The order of a stream: `Opened`?, `TextDelta`*, `UsageReport`*, then exactly one of `Stopped` and `Failed`.
A stream that its consumer cancels just ends; what was known by then was in the events already seen, or is in `Reach`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from cachewise.faults import ProviderFault
from cachewise.model.names import CacheTraits, ModelName
from cachewise.model.plan import PromptPlan
from cachewise.model.usage import Tokens


@dataclass(frozen=True, slots=True)
class Opened:
    """The response headers are here: the request counts as having reached the provider."""

    generation_id: str | None
    """OpenRouter's id, under which the bill of a cancelled stream can be asked for later."""


@dataclass(slots=True)
class Reach:
    """How far a request has come. Noted by the provider, on whatever thread, and read after its stream."""

    attempts: int = 0
    """How often it was put on the wire."""
    opened: Opened | None = None
    """The last event of that kind, which a stream that was cancelled early may not have handed over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderRequest:
    """One request to a provider, ready to be put on its wire."""

    model: ModelName
    plan: PromptPlan
    traits: CacheTraits
    max_tokens: int
    session_id: str
    """Stable for a workspace folder and free of anything that names it: keeps a router on one upstream cache."""
    stop: tuple[str, ...] = ()
    max_retries: int = 2
    max_wait: float = 20.0
    """Seconds that all waiting between retries may take together."""
    reach: Reach = field(default_factory=Reach)
    """Known also when the stream is cancelled before its first event: what never left is no request."""


@dataclass(frozen=True, slots=True)
class TextDelta:
    """Some more of the answer; never empty."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageReport:
    """What the provider says the request used. A later report replaces an earlier one."""

    tokens: Tokens
    billed: Decimal | None = None
    """Dollars that the provider says it charged; None where it does not say. A billed 0 is 0."""
    upstream: str | None = None
    """The host that served it, where a router says so."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """The stream ended by itself. Only `stop` is a whole answer."""

    reason: Literal["stop", "length", "filter", "other"]


@dataclass(frozen=True, slots=True)
class Failed:
    """The stream could not be opened, or broke. `attempts` counts the requests that reached the provider."""

    fault: ProviderFault
    attempts: int = 1


StreamEvent = Opened | TextDelta | UsageReport | Stopped | Failed
