"""The shared context of one workspace folder, laid out request by request so that the provider's cache keeps it.

A prompt is: the system text; copies of files, each frozen when it came in; a journal of edits to them; and a tail with
what changed beyond that and with the task. Everything before the tail is the prefix. From request to request it is
only appended to, except where a named reason makes it worth moving:

- the cache is cold anyway (the caller says so): everything is frozen as it is now, closed files are dropped;
- the changes to a file have cost as much as writing it anew would (`rent.py` has the rule and its bound);
- the cursor left the part of a too large document that was frozen;
- the files outgrew the budget, or a document that was opened needs room.

Not here: gathering files (`gather.py`), what the provider bills (`ledger/`), and whether a document may be sent at
all where links are involved (`secrets.is_secret` asks the file system; here only names are looked at).
"""

from __future__ import annotations

from collections.abc import Sequence

from cachewise.context.blocks import blocks_of, rendered
from cachewise.context.copies import Chunk, File
from cachewise.context.costs import Costs
from cachewise.context.filling import Filling
from cachewise.context.infill import infill_of
from cachewise.context.journal import MOST_BLOCKS, due
from cachewise.context.marks import marks_of
from cachewise.context.pieces import Piece, document_key
from cachewise.context.prefix import AFTER_OVERFLOW, SHARE_OF_IMPORTS, Prefix
from cachewise.context.rent import Ratios, rewrite_from
from cachewise.context.secrets import names_secret
from cachewise.context.system import SYSTEM
from cachewise.context.tail import AnyTail, InfillTail, Rendered
from cachewise.context.tokens import TokenEstimator
from cachewise.context.ttl import TtlSetting
from cachewise.faults import RequestFailed
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
        self._request = 0
        self._secrets: dict[str, bool] = {}
        """Which of the names seen so far are those of secret files."""
        self._filling = Filling()
        self._rendered: tuple[tuple[object, ...], tuple[dict[str, str], Rendered]] | None = None
        """What this request shows, and the state of the prefix that this was rendered for."""
        self.too_short = False
        """Whether the last plan's prefix was too short to be cached."""
        self._missing = 0
        """Estimated tokens that the context lacks to be filled up, where that is to be done."""
        self._stored: frozenset[int] = frozenset()
        """After how many chunks a mark of an earlier plan stood: from there the provider can read the prefix."""

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
        if self._secret(snapshot.name) or self._secret(snapshot.path or snapshot.uri):
            raise RequestFailed(f"{snapshot.name!r} looks like a file with secrets, so it is not sent to a model.")
        self._request += 1
        self._rendered = None
        if cold:
            self._filling.forget()
        current, others = self._take_in(snapshot, pieces)
        others = self._wanted(current, others, traits)
        self._follow(current)
        current.look_at(snapshot.end)
        before = tuple(self._prefix.chunks)
        budget = max(0, max_tokens - self.estimator.tokens(SYSTEM))
        reason = self._arrange(snapshot, tail, current, others, budget, cold, working_cold, traits, ratios)
        self._follow(current)
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
        self._stored = frozenset(s for s in self._stored if s <= shared and not cold) | frozenset(stored)
        return PromptPlan(blocks=blocks, marks=marks, moved=moved, too_short=self.too_short, infill=infill)

    def _secret(self, name: str) -> bool:
        found = self._secrets.get(name)
        if found is None:
            found = self._secrets[name] = names_secret(name)
        return found

    def _take_in(self, snapshot: Snapshot, pieces: Sequence[Piece]) -> tuple[File, list[File]]:
        """The files of this request, as they are now: the current document and the others, secret ones left out."""
        names = {file.name: key for key, file in self._prefix.files.items()}
        key = document_key(snapshot)
        own = Piece(name=snapshot.name, text=snapshot.text, path=snapshot.path, open=True, key=key)
        current = self._seen(own, names)
        others: dict[str, File] = {}
        for piece in pieces:
            other = piece.key or piece.name
            if other == key or other in others or self._secret(piece.name) or self._secret(piece.path or piece.name):
                continue
            others[other] = self._seen(piece, names)
        return current, list(others.values())

    def _seen(self, piece: Piece, names: dict[str, str]) -> File:
        """The file that a piece is, new or brought up to date. A name that another file has gets a number."""
        key = piece.key or piece.name
        file = self._prefix.files.get(key)
        if file is None:
            number, name = 2, piece.name
            while names.setdefault(name, key) != key:
                number, name = number + 1, f"{piece.name} ({number})"
            file = File(key=key, name=name, path=piece.path, text=piece.text, open=piece.open)
        file.path, file.open, file.kept, file.beside = piece.path, piece.open, piece.kept, piece.beside
        if file.text != piece.text:
            file.text, file.edited = piece.text, self._request
        file.part_of, file.brief = piece.part_of, self._brief(file, piece)
        return file

    def _brief(self, file: File, piece: Piece) -> File | None:
        """The signatures of a file as a file of its own, so that they are followed and told like any other."""
        key = f"{file.key}\0signatures"
        brief = self._prefix.files.get(key)
        if brief is None and piece.signatures:
            brief = File(key=key, name=f"{file.name} (signatures)", path=file.path, text=piece.signatures, open=False)
        elif brief is not None and piece.signatures and piece.signatures != brief.text:
            brief.text, brief.edited = piece.signatures, self._request
        return brief

    def whole(self, max_tokens: int) -> int:
        """Characters of files up to which none needs its signatures, in a context of so many tokens."""
        if any(file.key.endswith("\0signatures") for file in self._prefix.files.values()):
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

    def _arrange(
        self,
        snapshot: Snapshot,
        tail: AnyTail,
        current: File,
        others: Sequence[File],
        budget: int,
        cold: bool,
        working_cold: bool,
        traits: CacheTraits,
        ratios: Ratios,
    ) -> str:
        """Bring the prefix into the shape that this request needs. Returns why it moved, if it did."""
        prefix = self._prefix
        if cold or not prefix.chunks:
            prefix.lay_out(current, others, budget, overflow=False)
            return "the cache was cold anyway, so the files were frozen as they are now"
        if not self._stored and any(file.beside and not prefix.includes(file) for file in others):
            prefix.lay_out(current, others, budget, overflow=False)
            return "it was too short to be cached, so files beside it were taken in"
        if working_cold:
            self._rewrite(self._readable(prefix.settled), current, budget)
        new = [file for file in others if not prefix.includes(file)]
        reason = "the shared files outgrew the budget for context"
        if not prefix.append(current, new, budget):
            if prefix.can_hold(current, budget):
                prefix.lay_out(current, others, budget, overflow=True)
                return f"{current.name} was opened and needed room"
            prefix.append(None, new, budget)
        if prefix.includes(current) and _cursor_left(current):
            self._rewrite(self._readable(prefix.chunk_of(current)), current, budget)
            reason = f"the cursor left the part of {current.name} that was frozen"
        if working_cold:
            reason = "the cache of the files being edited was cold anyway"
        start = self._bought_out(snapshot, tail, current, traits, ratios)
        if start is not None:
            self._rewrite(start, current, budget)
            reason = "the changes to it or to files behind it had cost as much as freezing them anew"
        if prefix.tokens() > budget:
            prefix.lay_out(current, others, budget, overflow=True)
            reason = "the shared files outgrew the budget for context"
        return reason

    def _rewrite(self, start: int, current: File, budget: int) -> None:
        self._prefix.rewrite(start, current, budget)
        self._stored = frozenset(stored for stored in self._stored if stored <= start)
        self._follow(current)

    def _follow(self, current: File) -> None:
        for file in self._prefix.files.values():
            file.follow(is_current=file is current)

    def _bought_out(
        self, snapshot: Snapshot, tail: AnyTail, current: File, traits: CacheTraits, ratios: Ratios
    ) -> int | None:
        """The chunk from which the prefix is to be written anew, by `rent.rewrite_from`; None if it should stay."""
        changes, _ = self._shown(snapshot, tail, current)
        if not changes and not any(file.journal for file in self._prefix.files.values()):
            return None
        last = len(self._prefix.chunks) - 1
        starts = sorted({0, *(stored for stored in self._stored if stored <= last)})
        by_token = traits.style == "automatic"
        found = rewrite_from(self._costs.holdings(starts, changes, ratios, by_token=by_token), ratios)
        return None if found is None else starts[found]

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

    def _readable(self, chunk: int) -> int:
        """The last chunk up to `chunk` that the provider can read the prefix before: moving costs all from there."""
        return max((stored for stored in self._stored if stored <= chunk), default=0)


def _cursor_left(current: File) -> bool:
    """Whether the cursor stands outside of the frozen part of a document."""
    if current.copy is None or not current.is_slice:
        return False
    line = current.copy.old_line(current.line)
    start, end = current.span
    return not (start <= line < end or line == end == len(current.copy.told))


def _shared(before: Sequence[Chunk], after: Sequence[Chunk]) -> int:
    """How many chunks two prefixes begin with in common."""
    count = 0
    for old, new in zip(before, after, strict=False):
        if old is not new and old.text != new.text:
            break
        count += 1
    return count
