"""The shared context of one workspace folder, laid out request by request so that the provider's cache keeps it.

A prompt is: the system text; copies of files, each frozen when it came in; a journal of edits to them; and a tail with
what changed beyond that and with the task. Everything before the tail is the prefix. From request to request it is
only appended to, except where a reason with a name makes it worth moving (`arrange.py`).

Not here: gathering files (`gather.py`), which of them a request has (`intake.py`), and what the provider bills
(`ledger/`).
"""

from __future__ import annotations

from collections.abc import Sequence

from cachewise.context.arrange import Arrangement
from cachewise.context.blocks import blocks_of, rendered
from cachewise.context.chunks import Chunk
from cachewise.context.copies import File
from cachewise.context.costs import Costs
from cachewise.context.filling import Filling
from cachewise.context.infill import infill_of
from cachewise.context.intake import Intake
from cachewise.context.journal import MOST_BLOCKS, due
from cachewise.context.marks import marks_of
from cachewise.context.pieces import Piece
from cachewise.context.prefix import AFTER_OVERFLOW, SHARE_OF_IMPORTS, Prefix
from cachewise.context.rent import Ratios
from cachewise.context.system import SYSTEM
from cachewise.context.tail import AnyTail, InfillTail, Rendered
from cachewise.context.tokens import TokenEstimator
from cachewise.context.ttl import TtlSetting
from cachewise.model.names import CacheTraits
from cachewise.model.plan import PromptPlan
from cachewise.model.snapshot import Snapshot

_USUAL_RATIOS = Ratios()


class SharedContext:
    """Plans the prompts of one workspace folder for one model, since a prompt cache belongs to one model.

    It is pure computation and keeps state: call it on the event loop, once for each request that is really sent.

    Args:
        folder_name: What people call the folder. It is not part of any prompt.
        estimator: Of the model. What it learns changes what fits, never the bytes of a block.
    """

    def __init__(self, folder_name: str, estimator: TokenEstimator) -> None:
        self.folder_name = folder_name
        self.estimator = estimator
        self._prefix = Prefix(estimator)
        self._costs = Costs(self._prefix, estimator)
        self._intake = Intake(self._prefix)
        self._arrangement = Arrangement(self._prefix, self._costs)
        self._filling = Filling()
        self._rendered: tuple[tuple[object, ...], tuple[dict[str, str], Rendered]] | None = None
        """What this request shows, and the state of the prefix that this was rendered for."""
        self.too_short = False
        """Whether the last plan's prefix was too short to be cached."""
        self._missing = 0
        """Estimated tokens that the context lacks to be filled up, where that is to be done."""

    @property
    def paths(self) -> tuple[str, ...]:
        """Paths of the files in the prefix, to be gathered along so that changes to them are seen."""
        return tuple(file.path for file in self._prefix.files.values() if file.path is not None)

    @property
    def fill(self) -> int:
        """Characters of files beside the document that are to be gathered for the next plan, to fill the context up."""
        return round(max(0, self._missing) / self.estimator.ratio) if self._filling.bought else 0

    def plan(
        self,
        snapshot: Snapshot,
        pieces: Sequence[Piece],
        tail: AnyTail,
        traits: CacheTraits,
        max_tokens: int,
        ttl: TtlSetting = "auto",
        *,
        cold: bool = False,
        working_cold: bool = False,
        ratios: Ratios = _USUAL_RATIOS,
    ) -> PromptPlan:
        """The prompt for a request about `snapshot`.

        Args:
            snapshot: The current document; it is always the first to be given room.
            pieces: What else may be context, as gathered, in order of preference.
            tail: What is asked.
            traits: How the model's provider caches.
            max_tokens: What the prefix may take, system text included, by the estimator.
            ttl: The setting `promptCache.ttl`.
            cold: Whether the provider's cache has nothing to read anyway, so that moving the prefix is free.
            working_cold: Whether only stable files can still be read, since they alone were marked for an hour.
            ratios: What the model's provider charges for cached tokens.

        Raises:
            RequestFailed: the document's name is that of a secret file.
        """
        current, others = self._intake.take_in(snapshot, pieces)
        self._rendered = None
        if cold:
            self._filling.forget()
        others = self._wanted(current, others, traits)
        self._arrangement.follow(current)
        current.look_at(snapshot.end)
        before = tuple(self._prefix.chunks)
        budget = max(0, max_tokens - self.estimator.tokens(SYSTEM))
        reason = self._arrangement.arrange(
            current,
            others,
            budget,
            lambda: self._shown(snapshot, tail, current)[0],
            ratios,
            cold=cold,
            working_cold=working_cold,
            by_token=traits.style == "automatic",
        )
        self._arrangement.follow(current)
        self._tell(snapshot, tail, current, budget, traits, ratios)
        shared = _shared(before, self._prefix.chunks)
        moved = None if shared == len(before) else f"{before[shared].name}: {reason}"
        changes, shown = self._shown(snapshot, tail, current)
        self._costs.pay(changes, ratios)
        infill = None
        if isinstance(tail, InfillTail):
            blocks, infill = infill_of(self._prefix, self.estimator, shown, current)
        else:
            blocks = blocks_of(self._prefix, self.estimator, "".join(changes.values()), shown)
        chunks = len(self._prefix.chunks)
        marks = marks_of(blocks, traits, ttl, shared if 0 < shared < chunks else None)
        tokens = self.estimator.tokens(SYSTEM) + self._prefix.tokens()
        self.too_short = traits.style != "none" and tokens < traits.minimum_tokens and not marks and ttl != "off"
        if self.too_short:
            self._filling.pay(tokens, traits, ratios, max_tokens)
            self._missing = self._filling.target(traits) - tokens
        stored = marks if traits.style != "automatic" else () if self.too_short else range(chunks + 1)
        self._arrangement.sent(shared, stored, cold=cold)
        return PromptPlan(blocks=blocks, marks=marks, moved=moved, too_short=self.too_short, infill=infill)

    def whole(self, max_tokens: int) -> int:
        """Characters of files up to which none needs its signatures, in a context of so many tokens."""
        if self._intake.holds_signatures:
            return 0
        return int(max_tokens * SHARE_OF_IMPORTS * AFTER_OVERFLOW / self.estimator.ratio)

    def _wanted(self, current: File, others: Sequence[File], traits: CacheTraits) -> list[File]:
        """Those of the files that are worth a place: what was not only kept, and as many beside as fill it up."""
        wanted = [file for file in others if not file.kept and not file.beside]
        if not self._filling.bought:
            return wanted
        size = self.estimator.of_bytes
        held = self.estimator.tokens(SYSTEM) + sum(size(file.size_anew) for file in (current, *wanted))
        self._missing = missing = self._filling.target(traits) - held
        filled = []
        for file in sorted(others, key=lambda file: not self._prefix.includes(file)):
            if file.beside and missing > 0:
                filled.append(file)
                missing -= size(file.size_anew)
        return [*wanted, *filled] if missing <= 0 else wanted

    def _tell(
        self, snapshot: Snapshot, tail: AnyTail, current: File, budget: int, traits: CacheTraits, ratios: Ratios
    ) -> None:
        """Append to the journal what this request would have to carry in its tail, as far as that is due."""
        prefix = self._prefix
        if traits.style == "none" or sum(1 for chunk in prefix.chunks if chunk.edits) >= MOST_BLOCKS:
            return
        shown = self._shown(snapshot, tail, current)[1]
        room = budget - prefix.tokens()
        edits = []
        for file in prefix.files.values():
            if file.copy is None or not file.copy.regions:
                continue
            regions = shown.regions if file is current else file.copy.regions
            for region in due(file, regions, shown.window if file is current else None, ratios):
                size = self._costs.told(file, region)
                if size <= room:
                    room -= size
                    edits.append(file.tell(region))
        if edits:
            prefix.journal(edits)

    def _shown(self, snapshot: Snapshot, tail: AnyTail, current: File) -> tuple[dict[str, str], Rendered]:
        """`blocks.rendered`, which is not done again while this request has not moved anything that it shows."""
        files = self._prefix.files.values()
        state = (
            self._prefix.includes(current),
            *((file, file.copy, file.copy.regions, file.span, file.journal) for file in files if file.copy is not None),
        )
        if self._rendered is None or self._rendered[0] != state:
            self._rendered = state, rendered(self._prefix, snapshot, tail, current)
        return self._rendered[1]


def _shared(before: Sequence[Chunk], after: Sequence[Chunk]) -> int:
    """How many chunks two prefixes begin with in common."""
    count = 0
    for old, new in zip(before, after, strict=False):
        if old is not new and old.text != new.text:
            break
        count += 1
    return count
