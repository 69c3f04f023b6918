"""What the simulator is told to do: delays, faults and the kind of usage it reports.

A script is frozen and JSON-able, so that another process can send one. Not here: carrying it out (`serve.py`).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal, get_args

FaultKind = Literal[
    "none", "status", "reset", "hang", "resetMidStream", "garbage", "errorMidStream", "truncated", "stall", "reroute"
]
UsageMode = Literal["standard", "noChoices", "noCost", "free", "noDetails", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What goes wrong with one request.

    `kind`:
        `none`            nothing: keeps the place of a request that succeeds
        `status`          answered with the HTTP `status`, before anything else
        `reset`           the connection is reset before any header
        `hang`            no header ever comes, for `seconds` (None: until the client leaves)
        `resetMidStream`  the connection is reset after `after_tokens` tokens
        `garbage`         after `after_tokens` tokens comes a line that is no JSON, and the stream ends
        `errorMidStream`  after `after_tokens` tokens comes the provider's own error event, carrying `status`
        `truncated`       after `after_tokens` tokens the stream ends in good order without its last events
        `stall`           after `after_tokens` tokens nothing comes for `seconds` (None: until the client leaves)
        `reroute`         the request succeeds, at another upstream than its conversation is used to
    """

    kind: FaultKind = "none"
    status: int = 500
    retry_after: float | None = None
    """Seconds, sent as a `Retry-After` header with `status`."""
    after_tokens: int = 0
    seconds: float | None = None
    code: str | None = None
    """Sent as the code of an error event instead of the number, as OpenRouter sometimes does."""

    def __post_init__(self) -> None:
        _one_of("kind", self.kind, FaultKind)
        _whole("status", self.status, 100, 599)
        _whole("after_tokens", self.after_tokens, 0, 1_000_000)
        _seconds("retry_after", self.retry_after)
        _seconds("seconds", self.seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """How all requests from now on are answered.

    `usage`:
        `standard`   as the provider does it
        `noChoices`  OpenRouter's last chunk comes with an empty `choices`
        `noCost`     OpenRouter's usage carries no cost
        `free`       OpenRouter's cost is 0
        `noDetails`  input and output tokens only: nothing about the cache, as many local servers do
        `none`       no usage at all
    """

    first_token_delay: float = 0.0
    """Seconds between the response headers and the first token."""
    token_delay: float = 0.0
    """Seconds between two tokens."""
    header_delay: float = 0.0
    """Seconds between the request and the response headers."""
    bill_delay: float = 0.0
    """Seconds after the end of a request until the generation endpoint knows it."""
    faults: tuple[Fault, ...] = ()
    """One for each request to come, in order; requests after the last have none."""
    answer: str | None = None
    """The text of every answer, instead of one made from the prompt."""
    usage: UsageMode = "standard"
    context: int = 0
    """Tokens of context of a llama.cpp server with fill-in-the-middle; 0 where that is to be missing."""
    api_key: str | None = field(default=None, repr=False)
    """Requests with another key, or none, get a 401. None: any key will do, also none."""

    def __post_init__(self) -> None:
        _one_of("usage", self.usage, UsageMode)
        _whole("context", self.context, 0, 10_000_000)
        for name in ("first_token_delay", "token_delay", "header_delay", "bill_delay"):
            _seconds(name, getattr(self, name))
        if not all(isinstance(fault, Fault) for fault in self.faults):
            raise ValueError("faults are Fault objects")
        for name in ("answer", "api_key"):
            if not isinstance(getattr(self, name), str | None):
                raise ValueError(f"{name} is a string")

    def to_json(self) -> dict[str, Any]:
        """A plain object that `from_json` reads back."""
        return {**asdict(self), "faults": [asdict(fault) for fault in self.faults]}

    @classmethod
    def from_json(cls, value: object) -> Script:
        """Read a script.

        Raises:
            ValueError: with a sentence that names what does not fit.
        """
        plain = _known(cls, value)
        faults = plain.pop("faults", [])
        if not isinstance(faults, list | tuple):
            raise ValueError("faults is a list")
        return cls(faults=tuple(Fault(**_known(Fault, fault)) for fault in faults), **plain)


def _known(cls: type[Script] | type[Fault], value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"a {cls.__name__.lower()} is a JSON object")
    names = {f.name for f in fields(cls)}
    if unknown := sorted(set(map(str, value)) - names):
        raise ValueError(f"a {cls.__name__.lower()} has no {', '.join(unknown)}; it has {', '.join(sorted(names))}")
    return dict(value)


def _one_of(name: str, value: object, allowed: Any) -> None:
    if value not in get_args(allowed):
        raise ValueError(f"{name} is one of {', '.join(get_args(allowed))}, not {value!r}")


def _whole(name: str, value: object, low: int, high: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise ValueError(f"{name} is a whole number from {low} to {high}, not {value!r}")


def _seconds(name: str, value: object) -> None:
    if value is None and name in ("retry_after", "seconds"):
        return
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < 86_400:
        raise ValueError(f"{name} is a number of seconds, not {value!r}")
