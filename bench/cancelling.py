"""Cancelling: how soon the editor gets its reply, and how soon the provider sees its connection closed."""

from __future__ import annotations

import time

from bench.figures import Figure, Spread
from bench.processes import explanation, first_delta, open_source, provider, server

from cachewise.simulator.script import Script
from support.lsp_client import RpcError

GOAL_REPLY_MS = 50.0
GOAL_CLOSED_MS = 200.0
_FILE = "lsp/server.py"
_CANCELLED = -32800


async def measure(cancels: int = 200) -> tuple[Figure, ...]:
    """Cancel so many explanations, each one when its first token has come."""
    script = Script(token_delay=0.02, answer="word " * 1400)
    asked_at, replies = [], []
    async with provider(script) as upstream, server(upstream.base_url) as lsp:
        uri = open_source(lsp, _FILE)
        for number in range(cancels + 1):
            token = f"answer-{number}"
            since = lsp.mark()
            request_id, future = lsp.start_request("cachewise/explain", explanation(uri, token))
            await first_delta(lsp, token, since)
            began = time.monotonic()
            lsp.cancel(request_id)
            try:
                await future
            except RpcError as error:
                if error.code != _CANCELLED:
                    raise
            replies.append(time.monotonic() - began)
            asked_at.append(began)
        records = await upstream.requests(ended=cancels + 1)
    gone = [record["gone_at"] for record in records]
    if len(gone) != len(asked_at) or None in gone:
        raise RuntimeError(f"of {len(asked_at)} cancelled requests, {sum(at is not None for at in gone)} were closed")
    closed = Spread.of([at - began for at, began in zip(gone, asked_at, strict=True)][1:], 1000.0)
    reply = Spread.of(replies[1:], 1000.0)
    return (
        Figure(name="cancel to reply, p99", value=reply.p99, unit="ms", goal=GOAL_REPLY_MS, spread=reply),
        Figure(name="cancel to provider closed, p99", value=closed.p99, unit="ms", goal=GOAL_CLOSED_MS, spread=closed),
    )
