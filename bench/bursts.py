"""Bursts: 20 keys, 60 ms apart, each with a request that nobody cancels: what is asked, and when the last answer comes.

The provider answers at once, so that what is told is the pause and what the server adds.
"""

from __future__ import annotations

import asyncio
import time

from bench.figures import Figure, Spread
from bench.processes import DEADLINE, provider, server

from cachewise.simulator.script import Script

DEBOUNCE_MS = 75
"""The default of `completion.debounceMs`."""
GOAL_LAST_MS = DEBOUNCE_MS + 20.0
GOAL_REQUESTS = 2
_KEYS = "zqx_wvk_jhg_pfb_nml_"
_GAP = 0.06


async def measure(bursts: int = 20) -> tuple[Figure, ...]:
    """Type so many bursts, each in a document of its own.

    Raises:
        RuntimeError: a request was not answered, or the last one with something else than what the provider said.
    """
    lasts, requests = [], []
    async with provider(Script(answer="vjq(9)")) as upstream, server(upstream.base_url) as lsp:
        asked = 0
        for burst in range(bursts + 1):
            uri, replies, struck = f"untitled:burst-{burst}", [], time.monotonic()
            lsp.open(uri, "\n")
            for at, key in enumerate(_KEYS):
                await asyncio.sleep(_GAP)
                place = {"line": 0, "character": at}
                change = {"range": {"start": place, "end": place}, "text": key}
                lsp.notify(
                    "textDocument/didChange",
                    {"textDocument": {"uri": uri, "version": at + 2}, "contentChanges": [change]},
                )
                params = {
                    "textDocument": {"uri": uri},
                    "position": {"line": 0, "character": at + 1},
                    "context": {"triggerKind": 2},
                }
                struck = time.monotonic()
                replies.append(lsp.start_request("textDocument/inlineCompletion", params)[1])
            last = await asyncio.wait_for(replies[-1], DEADLINE)
            lasts.append(time.monotonic() - struck)
            answers = await asyncio.wait_for(asyncio.gather(*replies), DEADLINE)
            if len(answers) != len(_KEYS) or [item["insertText"] for item in last["items"]] != ["vjq(9)"]:
                raise RuntimeError(f"a burst ended with {last!r}")
            seen = len(await upstream.requests())
            requests.append(float(seen - asked))
            asked = seen
            lsp.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
    last_ms, sent = Spread.of(lasts[1:], 1000.0), Spread.of(requests[1:])
    return (
        Figure(name="burst of 20 keys, last answer", value=last_ms.median, unit="ms", goal=GOAL_LAST_MS, spread=last_ms,
               note=f"{DEBOUNCE_MS} ms of it are the pause"),
        Figure(name="burst of 20 keys, requests", value=sent.values[-1], unit="", goal=GOAL_REQUESTS, spread=sent),
    )  # fmt: skip
