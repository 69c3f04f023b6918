"""The same replay through the real server: edits and completions over LSP, to a simulated provider beside it.

The server's clock and the simulator's are real here, so a stretch of a recording is replayed as fast as the server
answers, and nothing goes cold: what is compared is the same stretch in-process with no time between its requests.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench.layouts import NAME
from bench.processes import DEADLINE, SERVE, provider, server_env
from bench.recordings import Moment

from cachewise.context.pieces import Piece
from cachewise.context.rent import Ratios
from cachewise.simulator.account import Charge
from cachewise.simulator.script import Script
from support.lsp_client import LspProcess

_OPTIONS = {"context": {"maxTokens": 200_000}, "completion": {"offline": "off"}}
"""Every completion is to come from the provider."""
_MODEL = "openrouter:anthropic/claude-sonnet-4.5"


async def through_server(
    sequence: Sequence[Moment], others: Sequence[Piece], ratios: Ratios
) -> tuple[float, Charge, int]:
    """What the requests cost by the simulator's own records, in plain input tokens, their tokens, and their number.

    They are fewer than the completions where a suggestion that was made before still fitted.
    """
    with tempfile.TemporaryDirectory(prefix="cachewise-bench-") as home:
        root = Path(home) / "project"
        root.mkdir()
        async with provider(Script(answer="x = 1\n")) as upstream:
            env = server_env(Path(home), upstream.base_url) | {"CACHEWISE_MODEL": _MODEL}
            async with await LspProcess.start(SERVE, env) as lsp:
                await lsp.initialize(root=root, options=_OPTIONS)
                for piece in others:
                    lsp.open((root / piece.name).as_uri(), piece.text)
                await _requests(lsp, (root / NAME).as_uri(), sequence)
            records = await upstream.requests(ended=len(sequence))
    billed = [record["billed"] for record in records if record["billed"]]
    read, write, hour, plain = (sum(bill[key] for bill in billed) for key in ("read", "write", "write_1h", "plain"))
    cost = read * ratios.read + write * ratios.write + hour * ratios.write_1h + plain
    return cost, Charge(read=read, write=write, write_1h=hour, plain=plain), len(billed)


async def _requests(lsp: LspProcess, uri: str, sequence: Sequence[Moment]) -> None:
    """Open the document as it is at the first request, then edit it to what it is at each."""
    before = sequence[0].text
    lsp.open(uri, before)
    for version, moment in enumerate(sequence, 2):
        if moment.text != before:
            lsp.notify(
                "textDocument/didChange",
                {
                    "textDocument": {"uri": uri, "version": version},
                    "contentChanges": [_change(before, moment.text)],
                },
            )
            before = moment.text
        where = {"textDocument": {"uri": uri}, "position": _position(before, moment.cursor)}
        params = {**where, "context": {"triggerKind": 1}}
        await lsp.request("textDocument/inlineCompletion", params, DEADLINE)


def _change(old: str, new: str) -> dict[str, object]:
    """One change of the lines that differ."""
    before, after = old.split("\n"), new.split("\n")
    head, most = 0, min(len(before), len(after)) - 1
    while head < most and before[head] == after[head]:
        head += 1
    foot = 0
    while foot < most - head and before[-1 - foot] == after[-1 - foot]:
        foot += 1
    last = len(before) - 1 - foot
    text = "\n".join(after[head : len(after) - foot])
    end = {"line": last, "character": len(before[last].encode("utf-16-le")) // 2}
    return {"range": {"start": {"line": head, "character": 0}, "end": end}, "text": text}


def _position(text: str, offset: int) -> dict[str, int]:
    line = text.count("\n", 0, offset)
    start = text.rfind("\n", 0, offset) + 1
    return {"line": line, "character": len(text[start:offset].encode("utf-16-le")) // 2}
