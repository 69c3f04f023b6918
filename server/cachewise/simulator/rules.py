"""How each family of models caches prompts, as its vendor documented it in the autumn of 2026.

Written down apart from the client's own table on purpose: a mistake there must not be mirrored here.
Not here: prices (`prices.py`), and what is cached at the moment (`account.py`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from cachewise.simulator.prompt import MarkTtl, WireName

TTL_SECONDS: dict[MarkTtl, float] = {"5m": 300.0, "30m": 1800.0, "1h": 3600.0}

_CLAUDE_MINIMUM: tuple[tuple[str, int], ...] = (
    (r"(opus|fable|mythos)-5(\.1|-1)?$", 512),
    (r"opus-4[.-][56]$|haiku-4[.-]5$", 4096),
    (r"opus-4[.-]7$|mythos-preview$|haiku-3[.-]5$|3[.-]5-haiku$", 2048),
)
_GEMINI_MINIMUM: tuple[tuple[str, int], ...] = ((r"gemini-2\.5", 2048),)


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheRule:
    """The rule of one model.

    `style`:
        `marks`      entries are written at marks only, and found by looking back from marks
        `automatic`  every prefix of whole steps is kept, and found without marks
        `none`       nothing is cached
    """

    style: Literal["marks", "automatic", "none"]
    minimum: int = 1024
    """A shorter prefix is neither written nor read."""
    ttl: MarkTtl = "5m"
    """Of a mark that names none, and of automatic entries."""
    max_marks: int = 4
    too_many_is_error: bool = False
    """Whether more marks are refused; else the latest `max_marks` count."""
    look_back: int | None = None
    """How many block positions each mark looks at, its own included; None for all."""
    step: int = 128
    writes_billed: bool = False
    """Whether writing costs more than plain input, and is told in the usage."""
    written_at_end: bool = False
    """Whether entries can be read only after the response that wrote them ended, not from its first token on."""


NO_CACHE = CacheRule(style="none")


def rule_for(wire: WireName, model: str) -> CacheRule:
    """The rule of a model, by the name that the wire uses. Unknown OpenRouter models cache automatically."""
    if wire == "infill":
        return CacheRule(style="automatic", minimum=16, step=16, ttl="1h")
    name = model.lower().split(":")[0]
    vendor, _, short = name.rpartition("/")
    if wire == "anthropic" or vendor == "anthropic" or (not vendor and short.startswith("claude")):
        dateless = re.sub(r"-\d{8}$", "", short)
        return CacheRule(
            style="marks",
            minimum=_lookup(_CLAUDE_MINIMUM, dateless, 1024),
            look_back=20,
            too_many_is_error=True,
            writes_billed=True,
        )
    if vendor == "qwen":
        marked = re.search(r"qwen3-max|qwen-plus|qwen3\.6-plus|qwen3-coder-(plus|flash)", short)
        return CacheRule(style="marks", look_back=20, writes_billed=True, written_at_end=True) if marked else NO_CACHE
    if has_breakpoints(model):
        return CacheRule(style="marks", ttl="30m", look_back=None, writes_billed=True)
    if vendor == "google":
        return CacheRule(style="automatic", minimum=_lookup(_GEMINI_MINIMUM, short, 4096))
    return CacheRule(style="automatic")


def has_breakpoints(model: str) -> bool:
    """Whether this is an OpenAI model from GPT-5.6 on, which knows `prompt_cache_breakpoint`."""
    vendor, _, short = model.lower().rpartition("/")
    version = re.match(r"gpt-(\d+)(?:\.(\d+))?", short)
    if vendor not in ("", "openai") or version is None:
        return False
    return (int(version[1]), int(version[2] or 0)) >= (5, 6)


def _lookup(table: tuple[tuple[str, int], ...], name: str, default: int) -> int:
    return next((value for pattern, value in table if re.search(pattern, name)), default)
