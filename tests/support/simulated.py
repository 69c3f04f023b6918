"""Prompts for the simulator's account, made of blocks whose size in tokens is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cachewise.simulator.account import Account, Charge
from cachewise.simulator.prompt import MarkTtl, Prompt, PromptBlock, WireName


def sized(name: str, tokens: int) -> str:
    """A text of exactly so many tokens. The name is a word of letters."""
    return f" {name}" * tokens


@dataclass(frozen=True)
class B:
    """A block of a prompt: its name, its tokens, and the TTL of its mark."""

    name: str
    tokens: int
    mark: MarkTtl | None = None


def prompt_of(
    blocks: Sequence[B], *, wire: WireName = "anthropic", model: str = "claude-sonnet-4-6", **more: object
) -> Prompt:
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
