"""The offline optimum: what the planner's own choices would have cost, made by somebody who knows all requests to come.

A dynamic program over when the edited file is copied anew, and over how long the provider is told to keep the stable
files whenever they have to be written. The rest is the planner itself: what stands in tail and journal between copies
is decided by its own rules, since nobody knows better what was typed. Not here: choices that the planner does not
have, such as other layouts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from bench.layouts import NAME, TASK, Market, Request

from cachewise.context.frames import frame
from cachewise.context.layout import SharedContext
from cachewise.context.pieces import Piece
from cachewise.context.system import SYSTEM
from cachewise.context.tokens import TokenEstimator
from cachewise.model.names import TTL_SECONDS
from cachewise.model.plan import Stability
from cachewise.model.snapshot import Snapshot
from cachewise.simulator.tokens import count_tokens


class _Patient(SharedContext):
    """A planner that copies nothing anew of its own accord."""

    def _bought_out(self, *_: object) -> int | None:
        return None


@dataclass(slots=True)
class _Run:
    """The file copied at one request and kept since: its cost from the start of the warm stretch to here."""

    context: _Patient
    cost: float
    held: int = 0
    """Tokens of copy and journal that the next request can read."""
    text: str = ""
    """Copy and journal."""


def optimum(requests: Sequence[Request], others: Sequence[Piece], market: Market, every: int = 1) -> float:
    """The cost of the input of all requests, in plain tokens.

    Args:
        requests: The requests, in order.
        others: The other files, which stay as they are.
        market: What the model charges, and how it caches.
        every: Copies are taken at every so manyth request only: less to compute, and a little above the optimum.
    """
    edited = sum(_stretch(stretch, market, every) for stretch in _stretches(requests))
    frames = (frame("file", piece.text, {"name": piece.name}) for piece in others)
    return edited + _stable(requests, count_tokens(SYSTEM) + sum(map(count_tokens, frames)), market)


def _stretches(requests: Sequence[Request]) -> list[list[Request]]:
    """The requests between cold moments, at which everything is written anew whatever was decided before."""
    found: list[list[Request]] = []
    for request in requests:
        if request.cold or not found:
            found.append([])
        found[-1].append(request)
    return found


def _stretch(requests: Sequence[Request], market: Market, every: int) -> float:
    """The least that the edited file and the tails cost in one warm stretch."""
    runs: list[_Run] = []
    for number, request in enumerate(requests):
        before = [(run.cost, run.text) for run in runs] if number % every == 0 else []
        for run in runs:
            _extend(run, request, market)
        if number % every == 0:
            made = _made(before, request, market)
            # A run that has cost as much as copying here, after the best of all, can only cost more later on.
            runs = [run for run in runs if run.cost < made.cost]
            runs.append(made)
    return min(run.cost for run in runs)


def _made(before: Sequence[tuple[float, str]], request: Request, market: Market) -> _Run:
    """A copy taken at this request, behind the best of the runs that end before it.

    Where the provider finds prefixes by their tokens, what the new copy begins with can be read, if it is what the run
    before it held: so the best run may be another than the cheapest.
    """
    made = _Run(_Patient("optimum", TokenEstimator(market.traits.tokens_per_byte)), 0.0)
    _extend(made, request, market)
    ratios = market.ratios
    by_token = market.traits.style == "automatic"
    costs = [cost for cost, _ in before] or [0.0]
    if by_token and before:
        kept = [_count(_same_start(text, made.text)) for _, text in before]
        costs = [cost - same * (ratios.write - ratios.read) for same, cost in zip(kept, costs, strict=True)]
    made.cost += min(costs)
    return made


def _extend(run: _Run, request: Request, market: Market) -> None:
    """Add a request to a run: what was there is read, what is new in the prefix is written, the tail is plain."""
    snapshot = Snapshot(
        uri=f"file:///{NAME}", version=1, language="python", text=request.text, start=request.cursor,
        end=request.cursor, path=None, folder=None, name=NAME,
    )  # fmt: skip
    plan = run.context.plan(snapshot, (), TASK, market.traits, 200_000, ratios=market.ratios)
    held = plain = 0
    run.text = "".join(block.text for block in plan.prefix[1:])
    for block in plan.blocks[1:]:
        tokens = _count(block.text)
        held, plain = (held, plain + tokens) if block.stability is Stability.TAIL else (held + tokens, plain)
    run.cost += run.held * market.ratios.read + (held - run.held) * market.ratios.write + plain
    run.held = held


def _stable(requests: Sequence[Request], tokens: int, market: Market) -> float:
    """The least that the stable files cost, with the life of each write chosen by what came after it."""
    ratios = market.ratios
    short, long = market.traits.ttl_seconds, TTL_SECONDS["1h"]
    lives = {"short": (short, ratios.write)}
    if "1h" in market.traits.ttls:
        lives["long"] = long, ratios.write_1h
    costs: dict[str, float] = {}
    last = float("-inf")
    for request in requests:
        gap = request.time - last
        written = min(costs.values(), default=0.0)
        after: dict[str, float] = {}
        for name, (life, price) in lives.items():
            kept = [costs[name] + tokens * ratios.read] if name in costs and gap < life else []
            cold = [written + tokens * price]
            after[name] = min(kept + cold)
        costs, last = after, request.time
    return min(costs.values())


def _same_start(old: str, new: str) -> str:
    """What two copies begin with alike, from their second line on: the planner keeps the first one as it is."""
    old, new = old.partition("\n")[2], new.partition("\n")[2]
    return new[: shared_start(old, new)]


def shared_start(old: str, new: str) -> int:
    """How many characters two texts begin with alike."""
    low, high = 0, min(len(old), len(new))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if old[:middle] == new[:middle] else (low, middle - 1)
    return low


@lru_cache(maxsize=4_096)
def _count(text: str) -> int:
    return count_tokens(text)
