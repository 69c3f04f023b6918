"""Replays a recording of typing against the simulated provider's account: what each layout of the prompt would cost.

    python bench/replay.py RECORDING.json.gz [--others 30000] [--market all] [--plot COST.svg]

One request is sent for each pause of at least a second, at the recording's own times on a virtual clock. Costs are
those of the input, in plain input tokens, as shares of sending everything uncached. The floor is what no layout can
go below that sends all files as they are: each token is written or plain once, when it is new, and read with every
other request; the window around the cursor is plain; everything is written again where the cache ran out. It
has no system text, no task and no frames around files, which all layouts send.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.goals import Standing, standing
from bench.layouts import LAYOUTS, Layout, Market, Planner, Request, counted, tail_for
from bench.optimum import optimum, shared_start
from bench.picture import picture
from bench.recordings import Moment, load, moments

from cachewise.context.pieces import Piece
from cachewise.context.rent import Ratios
from cachewise.context.ttl import Gaps
from cachewise.model.names import ModelName
from cachewise.providers.traits import traits
from cachewise.simulator.account import Account, Charge
from cachewise.simulator.prompt import Prompt
from cachewise.simulator.tokens import TokenTable, count_tokens

_CLAUDE = "anthropic/claude-sonnet-4.5"
_AUTOMATIC = "openai/gpt-5"
MARKETS: dict[str, tuple[str, Ratios]] = {
    "claude": (_CLAUDE, Ratios(read=0.1, write=1.25)),
    "read 0.05": (_CLAUDE, Ratios(read=0.05, write=1.25)),
    "write 1.0": (_CLAUDE, Ratios(read=0.1, write=1.0)),
    "automatic": (_AUTOMATIC, Ratios(read=0.1, write=1.0)),
    "automatic, read 0.25": (_AUTOMATIC, Ratios(read=0.25, write=1.0)),
}
"""Models of the simulator, with price ratios. No write price means that a written token costs what a plain one does."""

_TABLE = TokenTable(2_048)


@dataclass(slots=True)
class Bill:
    """What a layout cost over a replay."""

    name: str
    costs: list[float] = field(default_factory=list)
    """Of each request, in plain tokens."""
    read: int = 0
    write: int = 0
    plain: int = 0

    @property
    def total(self) -> float:
        return sum(self.costs)

    def add(self, charge: Charge, ratios: Ratios) -> None:
        """Count a request."""
        self.read, self.write, self.plain = (
            self.read + charge.read, self.write + charge.written, self.plain + charge.plain
        )  # fmt: skip
        self.costs.append(
            charge.read * ratios.read + charge.write * ratios.write + charge.write_1h * ratios.write_1h + charge.plain
        )


@dataclass(frozen=True, slots=True)
class Replay:
    """The bills of one recording."""

    requests: int
    uncached: float
    floor: Bill
    bills: tuple[Bill, ...]
    optimum: float | None = None
    """The least that the planner's own choices could have cost; None where it was not asked for."""


def market(name: str) -> Market:
    """The market of that name, as the server would see it."""
    model, ratios = MARKETS[name]
    return Market(ratios, traits(ModelName("openrouter", model)))


def replay(
    sequence: Sequence[Moment],
    others: Sequence[Piece],
    name: str = "claude",
    layouts: Iterable[Callable[[Sequence[Piece], Market], Layout]] = LAYOUTS,
    optimum_every: int | None = None,
) -> Replay:
    """What each layout costs for these requests; the optimum's copies are taken at every so manyth request."""
    trade = market(name)
    model = MARKETS[name][0]
    requests = _requests(sequence, trade)
    floor, uncached = _floor(requests, others, trade.ratios)
    bills = []
    for make in layouts:
        layout = make(others, trade)
        bill = Bill(layout.name)
        now = [0.0]
        account = Account(lambda now=now: now[0], _TABLE)  # type: ignore[misc]
        for moment, request in zip(sequence, requests, strict=True):
            now[0] = moment.time
            prompt = Prompt(
                wire="openrouter", model=model, blocks=layout.prompt(request), stream=True, max_tokens=1,
                session_id="replay",
            )  # fmt: skip
            receipt = account.open(prompt, "one")
            account.commit(receipt)
            layout.charged(receipt.charge)
            bill.add(receipt.charge, trade.ratios)
        bills.append(bill)
    best = None if optimum_every is None else optimum(requests, others, trade, optimum_every)
    return Replay(len(requests), uncached, floor, tuple(bills), best)


def _requests(sequence: Sequence[Moment], trade: Market) -> list[Request]:
    last = float("-inf")
    gaps = Gaps()
    found = []
    for moment in sequence:
        tail = tail_for(moment.text, moment.cursor)
        cold = moment.time - last >= trade.traits.ttl_seconds
        ttl = gaps.request(moment.time, "auto", trade.traits, trade.ratios).ttl
        found.append(Request(moment.text, moment.cursor, tail, moment.time, cold, "1h" if ttl == "1h" else "5m"))
        last = moment.time
    return found


def _floor(requests: Sequence[Request], others: Sequence[Piece], ratios: Ratios) -> tuple[Bill, float]:
    """The floor, and the cost of sending everything uncached."""
    bill = Bill("floor")
    uncached = 0.0
    stable = sum(counted(piece.text) for piece in others)
    before = ""
    for request in requests:
        own = counted(request.text)
        low, high = max(0, request.cursor - _WINDOW // 2), request.cursor + _WINDOW // 2
        tail = counted(request.text[low:high])
        new = min(own, counted(_new_text(before, request.text)))
        whole = stable + own
        if request.cold:
            bill.add(Charge(write=whole, plain=tail), ratios)
        else:
            bill.add(Charge(read=whole - new, plain=new + tail), ratios)
        uncached += whole + tail
        before = request.text
    return bill, uncached


_WINDOW = 1_000
"""Characters around the cursor that the floor counts as plain, half of them before it."""


def _new_text(old: str, new: str) -> str:
    """What was inserted between the start and the end that two texts share."""
    head = shared_start(old, new)
    low, high = 0, min(len(old), len(new)) - head
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if old[len(old) - middle :] == new[len(new) - middle :] else (low, middle - 1)
    return new[head : len(new) - low]


def library(tokens: int) -> list[Piece]:
    """Files of the running Python's own library, in alphabetical order, of so many tokens together."""
    found: list[Piece] = []
    left = tokens
    for path in sorted(Path(argparse.__file__).parent.glob("*.py")):
        text = path.read_text("utf-8", errors="replace")
        count = count_tokens(text)
        if 500 <= count <= min(left, 5_000):
            found.append(Piece(name=f"lib/{path.name}", text=text, path=str(path), open=True))
            left -= count
    return found


def table(result: Replay) -> str:
    """The bills as a table."""
    rows = [
        ("", "cost", "of the floor", "read", "written", "plain"),
        *(
            (
                bill.name, f"{bill.total / result.uncached:.4f}", f"{bill.total / result.floor.total:.3f}",
                f"{bill.read:,}", f"{bill.write:,}", f"{bill.plain:,}",
            )
            for bill in (*result.bills, result.floor)
        ),
    ]  # fmt: skip
    if result.optimum is not None:
        share, of_floor = result.optimum / result.uncached, result.optimum / result.floor.total
        rows.insert(-1, ("offline optimum", f"{share:.4f}", f"{of_floor:.3f}", "", "", ""))
    widths = [max(len(row[column]) for row in rows) for column in range(6)]
    return "\n".join(
        "  ".join(
            cell.rjust(w) if column else cell.ljust(w) for column, (cell, w) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )


def stands(result: Replay) -> Standing | None:
    """Where the planner stands in a replay; None where it was not replayed."""
    return standing([(bill.name, bill.total) for bill in result.bills], result.floor.total)


def compared(sequence: Sequence[Moment], others: Sequence[Piece]) -> str:
    """The planner's cost for requests without time between them, in-process and through the real server."""
    from bench.through import through_server

    at_once = [Moment(0.0, moment.text, moment.cursor) for moment in sequence]
    here = replay(at_once, others, "claude", [Planner]).bills[0]
    there, charge, count = asyncio.run(through_server(sequence, others, MARKETS["claude"][1]))
    return (
        f"{len(sequence):,} requests; in-process {here.total:,.0f} plain tokens "
        f"(read {here.read:,}, written {here.write:,}, plain {here.plain:,}); over LSP {there:,.0f} "
        f"(read {charge.read:,}, written {charge.written:,}, plain {charge.plain:,}) for {count:,} of them: "
        f"{there / count * len(sequence) / here.total:.3f} of it for each"
    )


def main() -> int:
    """Print the tables; 1 where the planner missed a goal."""
    parser = argparse.ArgumentParser(description="What each layout of the prompt would have cost.")
    parser.add_argument("recording", type=Path, nargs="+")
    parser.add_argument("--others", type=int, nargs="*", default=[30_000, 8_000], help="tokens of other files")
    parser.add_argument("--market", default="claude", choices=[*MARKETS, "all"])
    parser.add_argument("--pause", type=float, default=1.0, help="seconds without a key before a request")
    parser.add_argument("--first", type=int, help="only so many requests")
    parser.add_argument("--only", help="layouts whose names begin so, besides the floor")
    parser.add_argument("--from", dest="start", type=int, default=0, help="leave so many requests out at the start")
    parser.add_argument("--through-server", action="store_true", help="only the planner, in-process and over LSP")
    parser.add_argument(
        "--optimum", type=int, metavar="N", help="also the offline optimum, with copies at every Nth request (slow)"
    )
    parser.add_argument("--plot", type=Path, help="write a picture of the last table's costs to this SVG file")
    options = parser.parse_args()
    chosen = [make for make in LAYOUTS if make.name.startswith(options.only or "")]  # type: ignore[attr-defined]
    missed = 0
    for path in options.recording:
        sequence = list(moments(load(path), options.pause))[options.start :][: options.first]
        for tokens in options.others:
            if options.through_server:
                print(f"{path.name}, {tokens:,} tokens of other files")
                print(compared(sequence, library(tokens)), flush=True)
                continue
            for name in MARKETS if options.market == "all" else (options.market,):
                result = replay(sequence, library(tokens), name, chosen, options.optimum)
                print(f"{path.name}: {result.requests:,} requests, {tokens:,} tokens of other files, {name}")
                print(table(result))
                place = stands(result)
                words = [] if place is None else place.missed(name, tokens)
                missed += len(words)
                print("".join(f"MISSED: {word}\n" for word in words), flush=True)
                if options.plot is not None:
                    title = f"{path.name}, {tokens:,} tokens of other files, {name}"
                    shown = [(bill.name, bill.costs) for bill in (*result.bills, result.floor)]
                    options.plot.write_text(picture(title, shown), encoding="utf-8")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
