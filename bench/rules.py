"""When the known assistants ask, what they cancel, and what they use again: their rules, modelled.

Only the rules are theirs: the prompt, the price, the shaping and the model are the same for all, so that nothing else
is compared. Read in their public sources, at the snapshots that each entry names. Where a rule has a range that is
learned, its middle is taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One assistant. Times in seconds."""

    name: str
    source: str
    debounce: float = 0.0
    adaptive: bool = False
    """Whether the debounce follows the rhythm of typing, as tabby-agent's does."""
    debounce_hits: bool = False
    """Whether what is known already waits as well."""
    hold: float = 0.0
    """An answer is not given before so long after the question, unless what is shown was typed."""
    throttle: float = 0.0
    """Between two requests."""
    cancel: Literal["always", "diverged", "never"] = "always"
    """When a newer key closes the stream on its way."""
    pending: int = 99
    """Streams at once; with as many, a question waits for one of them to end."""
    join: float = 0.0
    """For how long a question waits for a stream that agrees with what was typed, before it asks itself."""
    kept: int = 0
    """Suggestions that are remembered."""
    through: int = 0
    """Characters that may have been typed into a remembered one."""
    early: bool = False
    """Whether the first line is shown while the rest streams, which is remembered."""
    ahead: bool = False
    """Whether the next suggestion is asked for as soon as one is shown, as if it were accepted."""


RULES = (
    Rule(name="cancel and ask", source="no rule at all"),
    Rule(name="debounce 200 ms, cancel and ask", source="helix-gpt 494daf6: fixed debounce, one AbortController",
         debounce=0.2),
    Rule(name="tabby-agent", source="21b2904: adaptive debounce, also of hits; LRU 100, 50 characters ahead",
         adaptive=True, debounce_hits=True, kept=100, through=50),
    Rule(name="minuet", source="minuet-ai.nvim 479487c: debounce 400 ms, throttle 1 s; strips what is typed",
         debounce=0.4, throttle=1.0, kept=1, through=10_000),
    Rule(name="llama.vim", source="a1c8e6e: waits for the running job; LRU 250, 128 characters back; asks ahead",
         cancel="never", pending=1, kept=250, through=128, ahead=True),
    Rule(name="Zed", source="edit_prediction: throttle 300 ms, two pending, shown edit interpolated",
         throttle=0.3, cancel="never", pending=2, kept=1, through=10_000),
    Rule(name="Continue", source="d0a3c0b: debounce 350 ms, GeneratorReuseManager, LRU 1000 by prefix",
         debounce=0.35, cancel="diverged", join=10.0, kept=1000, through=10_000, early=True),
    Rule(name="Cody", source="dced3c1: throttle with a 25 ms tail, recycled requests, LRU 250, hot streak",
         debounce=0.025, throttle=0.25, cancel="diverged", join=10.0, kept=250, through=10_000, early=True),
    Rule(name="Copilot", source="chat 31acd00: joins for 200 ms, holds for 200 ms, trie of 100, asks ahead",
         hold=0.2, cancel="diverged", join=0.2, kept=100, through=10_000, early=True, ahead=True),
)  # fmt: skip
