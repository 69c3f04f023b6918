"""A prompt as the account and the answers see it: the same for every wire.

Not here: reading it from a body (`wire_*.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

WireName = Literal["openrouter", "openai", "anthropic", "infill"]
MarkTtl = Literal["5m", "30m", "1h"]
CURSOR = "<|cursor|>"
"""What stands for the cursor in the tail of a completion's prompt."""


class BadRequest(Exception):
    """The body is not one that this wire's provider would accept: answered with a status of 4xx.

    Args:
        message: What is wrong, in the provider's manner.
        status: The HTTP status to answer with.
    """

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptBlock:
    """One content block of one message."""

    role: str
    text: str
    opens_message: bool
    """Whether a new message starts with this block: part of what a prefix consists of."""
    mark: MarkTtl | None = None
    """The TTL of the cache mark on this block; None where it is not marked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """Everything of a request that the simulator acts on."""

    wire: WireName
    model: str
    blocks: tuple[PromptBlock, ...]
    stream: bool
    max_tokens: int | None
    stop: tuple[str, ...] = ()
    middle: tuple[str, str] | None = None
    """The texts before and behind the cursor, where a wire tells them apart from the rest."""
    session_id: str | None = None
    """OpenRouter's stickiness key."""
    cache_key: str | None = None
    """OpenAI's `prompt_cache_key`."""
    marks_last_message: bool = False
    """OpenAI from GPT-5.6 in its implicit mode: a mark that the sender did not write stands on the last block."""
    include_usage: bool = True
    """Whether a stream ends with usage; OpenAI's own wire has to be asked for it."""
    provider_order: tuple[str, ...] = ()
    provider_only: tuple[str, ...] = ()
    provider_ignore: tuple[str, ...] = ()
    allow_fallbacks: bool = True

    @property
    def tail(self) -> str:
        """The text of the last block that a user wrote; empty where there is none."""
        return next((block.text for block in reversed(self.blocks) if block.role == "user"), "")

    @property
    def context(self) -> tuple[str, ...]:
        """The texts of the blocks before the tail, without the system's."""
        last = max((i for i, block in enumerate(self.blocks) if block.role == "user"), default=len(self.blocks))
        return tuple(block.text for block in self.blocks[:last] if block.role in ("user", "assistant"))
