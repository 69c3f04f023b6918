"""Prompts for the simulator's account, made of blocks whose size in tokens is known, and how they are billed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cachewise.simulator.account import Account, Charge
from cachewise.simulator.prompt import MarkTtl, Prompt, PromptBlock, WireName

SONNET = "claude-sonnet-4-6"


def sized(name: str, tokens: int) -> str:
    """A text of exactly so many tokens. The name is a word of letters."""
    return f" {name}" * tokens


@dataclass(frozen=True)
class B:
    """A block of a prompt: its name, its tokens, and the TTL of its mark."""

    name: str
    tokens: int
    mark: MarkTtl | None = None


def prompt_of(blocks: Sequence[B], *, wire: WireName = "anthropic", model: str = SONNET, **more: object) -> Prompt:
    """The first block is the system's, the others are the parts of one user message."""
    made = tuple(
        PromptBlock(
            role="user" if position else "system",
            text=sized(block.name, block.tokens),
            opens_message=position < 2,
            mark=block.mark,
        )
        for position, block in enumerate(blocks)
    )
    return Prompt(wire=wire, model=model, blocks=made, stream=True, max_tokens=16, **more)  # type: ignore[arg-type]


class Clock:
    """Seconds that pass only when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def spend(account: Account, prompt: Prompt, upstream: str = "one") -> Charge:
    """One request from its start to its end."""
    receipt = account.open(prompt, upstream)
    account.commit(receipt)
    return receipt.charge


def figures(charge: Charge) -> tuple[int, int, int, int]:
    """Read, written for the short TTL, written for an hour, plain."""
    return charge.read, charge.write, charge.write_1h, charge.plain


@dataclass(frozen=True)
class Step:
    """A request at so many seconds, and how its input is billed: read, short write, 1h write, plain."""

    at: float
    blocks: tuple[B, ...]
    billed: tuple[int, int, int, int]
    upstream: str = "one"


def check(*steps: Step, wire: WireName = "anthropic", model: str = SONNET, **more: Any) -> None:
    """Send the steps to one account, and compare each bill."""
    clock = Clock()
    start = clock.now
    account = Account(clock)
    for number, step in enumerate(steps):
        clock.now = start + step.at
        prompt = prompt_of(step.blocks, wire=wire, model=model, **more)
        assert figures(spend(account, prompt, step.upstream)) == step.billed, f"request {number}"


def shared(tail: str = "tail", mark: MarkTtl = "5m", tokens: int = 2000) -> tuple[B, ...]:
    """A prompt whose files are marked, with a tail that may differ."""
    return (B("system", 100), B("files", tokens, mark), B(tail, 50))
