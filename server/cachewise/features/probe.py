"""Finding out whether a model's provider really caches prompts: the same prefix twice, with an answer of one token.

Used by `cachewise doctor`. It costs what the two requests cost, and they are in the ledger like any other.
"""

from __future__ import annotations

import math

from cachewise.features.conversation import Question
from cachewise.features.converse import converse, require_provider
from cachewise.features.rooms import Rooms
from cachewise.model.names import ModelName, Ttl
from cachewise.model.plan import Block, PromptPlan, Stability
from cachewise.model.usage import Usage

_LINE = "cachewise probes whether this prefix is cached; line {number:05d} of its text says nothing else.\n"
_MARGIN = 1.8
"""The prefix is so much longer than the model's documented minimum, because the estimate of tokens is rough."""
_SMALLEST = 1_500
"""Tokens of the prefix where no minimum is documented."""


async def probe(rooms: Rooms, model: ModelName) -> tuple[Usage, Usage]:
    """Send the same prefix twice and return what each request used.

    Raises:
        RequestFailed: no key, or the provider failed.
    """
    traits = require_provider(rooms, model)
    wanted = max(traits.minimum_tokens, _SMALLEST) * _MARGIN
    lines = math.ceil(wanted / (len(_LINE) * traits.tokens_per_byte))
    prefix = "".join(_LINE.format(number=number) for number in range(lines))
    blocks = (
        _block("system", "Answer every request with the single word ok.", Stability.FIXED, traits.tokens_per_byte),
        _block("probe", prefix, Stability.STABLE, traits.tokens_per_byte),
        _block("tail", "Answer ok.", Stability.TAIL, traits.tokens_per_byte),
    )
    marks: dict[int, Ttl] = {1: "5m"} if traits.style in ("control", "breakpoint") else {}
    question = Question(
        feature="warm", model=model, plan=PromptPlan(blocks=blocks, marks=marks), folder=None, max_tokens=1
    )
    first = await (await converse(rooms, question)).read(lambda text: None)
    second = await (await converse(rooms, question)).read(lambda text: None)
    return first, second


def _block(name: str, text: str, stability: Stability, tokens_per_byte: float) -> Block:
    return Block(
        name=name,
        text=text,
        stability=stability,
        tokens=math.ceil(len(text) * tokens_per_byte),
        role="system" if stability is Stability.FIXED else "user",
    )
