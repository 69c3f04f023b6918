"""A simulated provider on a virtual clock, with the true account of a prompt cache: what each request cost.

350 ms to the first token and 80 tokens a second, as fast hosted models do. A stream that is closed early is billed for
its whole input, and for the output that was written until then.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from bench.keys import Model

from cachewise.model.events import Opened, ProviderRequest, Stopped, StreamEvent, TextDelta, UsageReport
from cachewise.model.plan import PromptPlan
from cachewise.model.snapshot import Snapshot
from cachewise.model.usage import Tokens
from cachewise.simulator.account import Account
from cachewise.simulator.prompt import Prompt, PromptBlock
from cachewise.simulator.tokens import TokenTable, split_tokens

FIRST_TOKEN = 0.35
TOKEN = 1 / 80
DOLLARS = {"plain": 1.0, "read": 0.1, "write": 1.25, "write_1h": 2.0, "output": 5.0}
"""Dollars for a million tokens: the list prices of Claude Haiku 4.5."""
MODEL = "anthropic/claude-haiku-4.5"


@dataclass(slots=True)
class Bill:
    """What all requests came to."""

    sent: int = 0
    cancelled: int = 0
    """Closed before the model had written all of its answer, and before its reader had enough."""
    dollars: float = 0.0
    output: int = 0


class Metered:
    """Streams the model's answers. For one event loop, whose time is the account's."""

    def __init__(self, model: Model, table: TokenTable) -> None:
        self.bill = Bill()
        self._model = model
        self._account = Account(asyncio.get_running_loop().time, table)

    async def stream(self, request: ProviderRequest, asked: Snapshot) -> AsyncGenerator[StreamEvent, None]:
        """What `support.offhand` wants."""
        async for event in self.ask(request.plan, asked, request.max_tokens):
            yield event

    async def ask(self, plan: PromptPlan, asked: Snapshot, max_tokens: int) -> AsyncGenerator[StreamEvent, None]:
        """Stream the answer for a document, at the price of a prompt."""
        bill = self.bill
        blocks = tuple(
            PromptBlock(role=block.role, text=block.text, opens_message=at < 2, mark=plan.marks.get(at))
            for at, block in enumerate(plan.blocks)
        )
        prompt = Prompt(
            wire="openrouter", model=MODEL, blocks=blocks, stream=True, max_tokens=max_tokens, session_id="typing"
        )
        receipt = self._account.open(prompt, "one")
        charge = receipt.charge
        bill.sent += 1
        input_cost = sum(getattr(charge, name) * DOLLARS[name] for name in ("plain", "read", "write", "write_1h"))
        bill.dollars += input_cost / 1e6
        written, whole = 0, False
        try:
            await asyncio.sleep(FIRST_TOKEN)
            self._account.commit(receipt)
            yield Opened(None)
            written_now = charge.write + charge.write_1h
            tokens = charge.plain + charge.read + written_now
            yield UsageReport(tokens=Tokens(input=tokens, cache_read=charge.read, cache_write=written_now, output=0))
            for token in split_tokens(self._model.answer(asked.text, asked.end))[:max_tokens]:
                written += 1
                yield TextDelta(token)
                await asyncio.sleep(TOKEN)
            whole = True
            yield Stopped("stop")
        finally:
            bill.output += written
            bill.dollars += written * DOLLARS["output"] / 1e6
            bill.cancelled += not whole
