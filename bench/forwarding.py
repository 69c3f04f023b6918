"""How much later than from the provider itself a token reaches the editor because the server stands between.

From the moment the provider wrote a token to its socket to the moment the client has parsed the message that carries
it. At an ordinary pace each token travels alone; at a fast one the server gathers what comes within a 60th of a
second, on purpose, and that wait is part of the figure.
"""

from __future__ import annotations

from bench.figures import Figure, Spread
from bench.processes import explanation, open_source, server
from bench.stamped import stamped_provider

from support.lsp_client import LspProcess

GOAL_MS = 10.0
_FILE = "lsp/server.py"


async def measure() -> tuple[Figure, ...]:
    """Ages of first tokens, of all tokens at 40 a second, and of all tokens at 250 a second."""
    async with stamped_provider(tokens=8, pause=0.025) as url, server(url) as lsp:
        first, steady = await _ages(lsp, answers=40)
    async with stamped_provider(tokens=100, pause=0.004) as url, server(url) as lsp:
        _first, fast = await _ages(lsp, answers=4)
    opening, each, merged = (Spread.of(values, 1000.0) for values in (first, steady, fast))
    note = f"p99 {opening.p99:.1f}"
    return (
        Figure(
            name="first token forwarded, median",
            value=opening.median,
            unit="ms",
            goal=GOAL_MS,
            spread=opening,
            note=note,
        ),
        Figure(name="  later tokens, 40 a second, median", value=each.median, unit="ms", spread=each),
        Figure(
            name="  all tokens, 250 a second, median",
            value=merged.median,
            unit="ms",
            spread=merged,
            note="merged to 60 messages a second",
        ),
    )


async def _ages(lsp: LspProcess, answers: int) -> tuple[list[float], list[float]]:
    """Seconds between sending and receiving, for the first token of each answer and for all the others."""
    uri = open_source(lsp, _FILE)
    await lsp.request("cachewise/explain", explanation(uri, "warm-up"), timeout=30.0)
    for number in range(answers):
        await lsp.request("cachewise/explain", explanation(uri, f"answer-{number}"))
    first: list[float] = []
    others: list[float] = []
    seen: set[str] = set()
    for message, received in zip(lsp.messages, lsp.times, strict=True):
        if message.get("method") != "$/progress" or message["params"]["token"] == "warm-up":
            continue
        token = message["params"]["token"]
        for stamp in message["params"]["value"]["text"].split():
            (others if token in seen else first).append(received - int(stamp) / 1e9)
            seen.add(token)
    return first, others
