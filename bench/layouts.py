"""Ways to lay a prompt out, replayed against each other: those of other tools, simple ones, and cachewise's planner.

Every layout sends the same system text, puts files into the same frames, which the system text explains and no file
can leave, says of a changed region where it belongs, and ends with the same task around the cursor. They differ in what
stands between, in which order, where the marks are and for how long. Not here: the replay and its floor (`replay.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cachewise.context.frames import frame, unused_id
from cachewise.context.layout import SharedContext
from cachewise.context.pieces import Piece
from cachewise.context.rent import Ratios
from cachewise.context.system import SYSTEM
from cachewise.context.tail import CompletionTail, View, tail_of
from cachewise.context.tokens import TokenEstimator
from cachewise.context.ttl import Gaps, TtlSetting
from cachewise.model.names import CacheTraits, Ttl
from cachewise.model.snapshot import Snapshot
from cachewise.simulator.account import Charge
from cachewise.simulator.prompt import PromptBlock
from cachewise.simulator.tokens import count_tokens, digest_of

TASK = CompletionTail()
NAME = "edited.py"


@dataclass(frozen=True, slots=True)
class Request:
    """One request of a replay."""

    text: str
    cursor: int
    tail: str
    """The task with the window around the cursor, as the planner writes it without a copy."""
    time: float
    cold: bool
    """Whether everything has left the provider's cache where it was marked for the short time."""
    ttl: Ttl = "5m"
    """How long the stable files are to be kept, by the planner's own rule, for every layout."""


@dataclass(frozen=True, slots=True)
class Market:
    """What a model charges, and how it caches."""

    ratios: Ratios
    traits: CacheTraits


_COUNTED: dict[bytes, int] = {}


def counted(text: str) -> int:
    """`count_tokens`, remembered by the text's digest: layouts and markets count the same texts again and again."""
    key = digest_of(text)
    if key not in _COUNTED:
        _COUNTED[key] = count_tokens(text)
    return _COUNTED[key]


def tail_for(text: str, cursor: int) -> str:
    """The task and the window of a request."""
    view = View(name=NAME, language="python", text=text, start=cursor, end=cursor, tracked=None, span=(0, 0))
    return tail_of(TASK, view).text


class Layout:
    """One way to lay prompts out; keeps what it has to know from request to request."""

    name = ""

    def __init__(self, others: Sequence[Piece], market: Market) -> None:
        self.others = [frame("file", piece.text, {"name": piece.name}) for piece in others]
        self.pieces = others
        self.market = market

    def prompt(self, request: Request) -> tuple[PromptBlock, ...]:
        """The blocks of a request."""
        raise NotImplementedError

    def charged(self, charge: Charge) -> None:
        """What the provider reported for the last prompt."""

    def blocks(
        self, request: Request, middle: Sequence[str], tail: Sequence[str], *marked: int
    ) -> tuple[PromptBlock, ...]:
        """System text, other files, `middle` and `tail`; marks stand on those of them that are counted from 0."""
        stable, marks = 1 + len(self.others), self.market.traits.style == "control"
        texts = [SYSTEM, *self.others, *(text or "\n" for text in middle), *tail]
        return tuple(
            PromptBlock(
                role="user" if index else "system",
                text=text,
                opens_message=index < 2,
                mark=(request.ttl if index < stable else "5m") if index in marked and marks else None,
            )
            for index, text in enumerate(texts)
        )


class EndMarked(Layout):
    """One mark, at the very end, as a request-level `cache_control` sets it."""

    name = "whole prompt marked at its end"

    def prompt(self, request: Request) -> tuple[PromptBlock, ...]:
        return self.blocks(request, [_copy(request.text)], [request.tail], len(self.others) + 2)


class WholeMarked(Layout):
    """Everything marked to the end, with a mark on what is settled too, as chat tools do."""

    name = "whole prompt marked"

    def prompt(self, request: Request) -> tuple[PromptBlock, ...]:
        last = len(self.others) + 2
        return self.blocks(request, [_copy(request.text)], [request.tail], len(self.others), last)


class StableMarked(Layout):
    """The edited file is sent plain, behind the mark."""

    name = "stable files marked, edited file in the tail"

    def prompt(self, request: Request) -> tuple[PromptBlock, ...]:
        return self.blocks(request, [_copy(request.text)], [request.tail], len(self.others))


class EditedBehind(Layout):
    """Marks at the ends of the read-only files and of the edited file, as aider sets them."""

    name = "edited file marked behind the others"

    def prompt(self, request: Request) -> tuple[PromptBlock, ...]:
        return self.blocks(request, [_copy(request.text)], [request.tail], 0, len(self.others), len(self.others) + 1)


class WindowOnly(Layout):
    """What lies before and after the cursor, and nothing of the project."""

    name = "window only, no shared context"

    def prompt(self, request: Request) -> tuple[PromptBlock, ...]:
        low, high = max(0, request.cursor - 4_000), request.cursor + 2_000
        whole = self.blocks(request, [request.text[low:high]], [request.tail])
        return (whole[0], *whole[len(self.others) + 1 :])


class Hole(Layout):
    """The text above and below the definition at the cursor is marked; the definition itself is in the tail."""

    name = "file with a hole"

    def __init__(self, others: Sequence[Piece], market: Market) -> None:
        super().__init__(others, market)
        self.above = self.below = ""

    def prompt(self, request: Request) -> tuple[PromptBlock, ...]:
        text, cursor = request.text, request.cursor
        fits = len(self.above) + len(self.below) <= len(text)
        fits = fits and text.startswith(self.above) and text.endswith(self.below)
        if request.cold or not fits or not len(self.above) <= cursor <= len(text) - len(self.below):
            start, end = _definition(text, cursor)
            self.above, self.below = text[:start], text[end:]
        hole = text[len(self.above) : len(text) - len(self.below)]
        first = len(self.others)
        middle = [_copy(self.above, "above"), _copy(self.below, "below")]
        return self.blocks(request, middle, [_copy(hole, "between"), request.tail], first, first + 1, first + 2)


class Snapshot1(Layout):
    """A frozen copy and one changed region in the tail; a new copy by rent-or-buy."""

    name = "frozen copy, changed region in the tail"

    def __init__(self, others: Sequence[Piece], market: Market) -> None:
        super().__init__(others, market)
        self.copy = ""
        self.rent = 0.0

    def prompt(self, request: Request) -> tuple[PromptBlock, ...]:
        ratios = self.market.ratios
        changed = _changed("change", self.copy, request.text)
        due = counted(changed) * (1 - ratios.read)
        if request.cold or self.rent + due >= counted(request.text) * (ratios.write - ratios.read):
            self.copy, changed, due, self.rent = request.text, "", 0.0, 0.0
        self.rent += due
        first = len(self.others)
        tail = [changed, request.tail] if changed else [request.tail]
        return self.blocks(request, [_copy(self.copy)], tail, first, first + 1)


class EagerJournal(Layout):
    """A frozen copy and a journal to which each request appends what changed since the last; rent-or-buy."""

    name = "frozen copy, journal of every change"

    def __init__(self, others: Sequence[Piece], market: Market) -> None:
        super().__init__(others, market)
        self.copy = self.last = ""
        self.journal: list[str] = []
        self.rent = 0.0

    def prompt(self, request: Request) -> tuple[PromptBlock, ...]:
        ratios = self.market.ratios
        changed = _changed("edit", self.last, request.text)
        if changed:
            self.journal.append(changed)
        fresh = counted(request.text)
        excess = counted(self.copy) + sum(counted(entry) for entry in self.journal) - fresh
        self.rent += max(excess, 0) * ratios.read
        if request.cold or self.rent >= fresh * (ratios.write - ratios.read):
            self.copy, self.journal, self.rent = request.text, [], 0.0
        self.last = request.text
        first = len(self.others)
        end = first + 1 + len(self.journal)
        return self.blocks(request, [_copy(self.copy), *self.journal], [request.tail], first, first + 1, end)


class Planner(Layout):
    """What cachewise does."""

    name = "cachewise"
    ttl: TtlSetting = "auto"

    def __init__(self, others: Sequence[Piece], market: Market) -> None:
        super().__init__(others, market)
        self.estimator = TokenEstimator(market.traits.tokens_per_byte)
        self.context = SharedContext("replay", self.estimator)
        self.gaps = Gaps()
        self.moved: list[str] = []
        self._tokens = 0

    def prompt(self, request: Request) -> tuple[PromptBlock, ...]:
        snapshot = Snapshot(
            uri=f"file:///{NAME}", version=1, language="python", text=request.text, start=request.cursor,
            end=request.cursor, path=None, folder=None, name=NAME,
        )  # fmt: skip
        traits, ratios = self.market.traits, self.market.ratios
        warmth = self.gaps.request(request.time, self.ttl, traits, ratios)
        plan = self.context.plan(
            snapshot,
            self.pieces,
            TASK,
            traits,
            200_000,
            warmth.ttl,
            cold=warmth.cold,
            working_cold=warmth.working_cold,
            ratios=ratios,
        )
        if plan.moved is not None and not warmth.working_cold:
            self.moved.append(plan.moved)
        self._tokens = plan.tokens
        return tuple(
            PromptBlock(role=block.role, text=block.text, opens_message=index < 2, mark=plan.marks.get(index))
            for index, block in enumerate(plan.blocks)
        )

    def charged(self, charge: Charge) -> None:
        self.estimator.learn(self._tokens, charge.total)


class ShortPlanner(Planner):
    """The same with a fixed TTL."""

    name = "cachewise, always 5 minutes"
    ttl = "5m"


LAYOUTS: tuple[Callable[[Sequence[Piece], Market], Layout], ...] = (
    EndMarked,
    WholeMarked,
    EditedBehind,
    StableMarked,
    Hole,
    Snapshot1,
    EagerJournal,
    WindowOnly,
    ShortPlanner,
    Planner,
)


def _copy(text: str, part: str = "") -> str:
    """The edited file, or a part of it, in a frame that begins as the one before did, which some providers read."""
    identity = unused_id(part, text, "e0d1")
    return frame("file", text, {"name": NAME, **({"part": part} if part else {})}, identity)


def _changed(kind: str, old: str, new: str) -> str:
    """A frame with the one region of whole lines in which the new text differs from the old one; empty if in none."""
    if old == new:
        return ""
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    head, most = 0, min(len(before), len(after))
    while head < most and before[head] == after[head]:
        head += 1
    foot = 0
    while foot < most - head and before[-1 - foot] == after[-1 - foot]:
        foot += 1
    place = {"replaces": f"{head + 1}-{len(before) - foot}"} if head < len(before) - foot else {"after": str(head)}
    changed = "".join(after[head : len(after) - foot])
    return frame(kind, changed, {"file": NAME, **place} if changed else {"file": NAME, **place, "deleted": "yes"})


def _definition(text: str, cursor: int) -> tuple[int, int]:
    """The offsets of the unindented paragraph that the cursor stands in: up to the next line that begins one."""
    lines = text.splitlines(keepends=True)
    start = end = at = 0
    for line in lines:
        opens = line[:1].strip() and line[:1] not in ")]}#"
        if opens and at <= cursor:
            start = at
        elif opens and at > cursor:
            return start, at
        at += len(line)
    end = at
    return start, end
