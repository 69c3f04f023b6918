"""The prompts of all workspace folders: one shared context each, and the walk from a snapshot to a plan.

Not here: what a prompt looks like (`context/`), and what is sent (`providers/`).
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import secrets
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from cachewise.faults import RequestFailed
from cachewise.ledger.prices import Prices
from cachewise.model.names import CacheTraits, ModelName
from cachewise.model.plan import PromptPlan
from cachewise.model.snapshot import Snapshot
from cachewise.model.usage import Tokens
from cachewise.session.documents import Documents
from cachewise.session.trail import Trail
from cachewise.session.uris import path_of
from cachewise.settings.forms import Settings
from cachewise.settings.places import ensure_private

if TYPE_CHECKING:  # the room is loaded after `initialize` was answered (`lsp/handlers.py`)
    from cachewise.context.gather import Gatherer
    from cachewise.context.layout import SharedContext
    from cachewise.context.minimum import Minimum
    from cachewise.context.pieces import Piece
    from cachewise.context.rent import Ratios
    from cachewise.context.tail import AnyTail
    from cachewise.context.ttl import Gaps

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Folder:
    """One workspace folder's context for each model, and what gathers for it."""

    gatherer: Gatherer
    direct: Gatherer | None = None
    """Gathers what a single document imports; the other one remembers what was last gathered for a whole prompt."""
    shared: dict[ModelName, SharedContext] = field(default_factory=dict)
    gaps: dict[ModelName, Gaps] = field(default_factory=dict)


class Prompts:
    """Plans prompts. A prompt cache belongs to one model, so each folder has one shared context for each model."""

    def __init__(
        self, documents: Documents, prices: Prices, state: Path, clock: Callable[[], float] = time.time
    ) -> None:
        self._documents = documents
        self._prices = prices
        self._state = state
        self._clock = clock
        self._folders: dict[str | None, _Folder] = {}
        self._minimums: dict[ModelName, Minimum] = {}
        self.trail = Trail()
        """Where the user has been; whoever hears of it tells it."""
        self._limits: dict[ModelName, int] = {}
        self._globs: tuple[str, ...] = ()
        self._salt: bytes | None = None

    @property
    def now(self) -> float:
        """Seconds of the clock by which caches go cold; it goes on while a laptop sleeps."""
        return self._clock()

    def exclude(self, globs: Sequence[str]) -> None:
        """Leave files that match these out of every prompt from now on."""
        if tuple(globs) != self._globs:
            self._globs = tuple(globs)
            self._folders.clear()

    def limit(self, model: ModelName, tokens: int | None) -> None:
        """The shared context of a model is to have at most so many tokens, whatever the setting; None for no limit."""
        if tokens is None:
            self._limits.pop(model, None)
        else:
            self._limits[model] = tokens

    def changed_outside(self, paths: Collection[str], *, names: bool) -> None:
        """Files have changed outside of the editor; with `names`, some of them have come or gone."""
        for folder in self._folders.values():
            for gatherer in (folder.gatherer, folder.direct):
                if gatherer is not None:
                    gatherer.changed_outside(paths, names=names)

    def session_id(self, folder: str | None) -> str:
        """What keeps a router on one upstream's cache: always the same for a folder, without telling its name."""
        if self._salt is None:
            self._salt = _salt(self._state)
        return hashlib.blake2b(os.fsencode(folder or ""), key=self._salt, digest_size=16).hexdigest()

    def workspace(self, folder: str | None) -> str | None:
        """How the ledger names a folder: its own name and a short digest, which tells two of one name apart."""
        if folder is None:
            return None
        return f"{os.path.basename(folder) or 'root'} {self.session_id(folder)[:6]}"

    async def plan(
        self, snapshot: Snapshot, tail: AnyTail, model: ModelName, traits: CacheTraits, settings: Settings
    ) -> PromptPlan:
        """The prompt for a request about `snapshot`."""
        from cachewise.context.layout import SharedContext
        from cachewise.context.secrets import is_secret
        from cachewise.context.tokens import TokenEstimator
        from cachewise.context.ttl import Gaps
        from cachewise.context.worth import worth_reading

        if self._salt is None:
            self._salt = await asyncio.to_thread(_salt, self._state)
        folder = self._folder(snapshot.folder)
        shared = folder.shared.get(model)
        if shared is None:
            estimator = TokenEstimator(traits.tokens_per_byte)
            shared = folder.shared[model] = SharedContext(os.path.basename(snapshot.folder or ""), estimator)
        shown = self._documents.open_documents()
        book = next((document.notebook for document in shown if document.uri == snapshot.uri), None)
        if book is not None and await asyncio.to_thread(is_secret, book):
            raise RequestFailed(f"{snapshot.name!r} is part of a file with secrets, so it is not sent to a model.")
        # Cells are context for the cells of their own notebook alone; files for all.
        open_documents = [
            self._documents.snapshot(document.uri, (0, 0)) for document in shown if document.notebook in (None, book)
        ]
        near = [other for other in open_documents if other.folder == snapshot.folder]
        if not self._prices.loaded:  # the size of the context depends on them, and to change it later costs more
            await asyncio.to_thread(self._prices.load)
        ratios = self._ratios(model)
        traits = self.learnt(model, traits)
        size = worth_reading(settings.context_max_tokens, ratios, traits, settings.prompt_cache_ttl)
        size = min(size, self._limits.get(model, size))
        visited = [(path, line) for uri, line in self.trail.before(snapshot.uri) if (path := path_of(uri)) is not None]
        pieces = await folder.gatherer.gather(
            snapshot, near, shared.paths, fill=shared.fill, whole=shared.whole(size), visited=visited
        )
        gaps = folder.gaps.setdefault(model, Gaps())
        warmth = gaps.request(self._clock(), settings.prompt_cache_ttl, traits, ratios)
        plan = shared.plan(
            snapshot,
            pieces,
            tail,
            traits,
            size,
            warmth.ttl,
            cold=warmth.cold,
            working_cold=warmth.working_cold,
            ratios=ratios,
        )
        if plan.moved is not None:
            logger.info("The prefix moved: %s.", plan.moved)
        return plan

    async def imported(self, snapshot: Snapshot) -> tuple[Piece, ...]:
        """The files that a document imports itself, as the editor shows them where it does, whatever else is open.

        Raises:
            RequestFailed: it is a secret file.
        """
        if self._salt is None:
            self._salt = await asyncio.to_thread(_salt, self._state)  # the ledger names the folder after it
        folder = self._folder(snapshot.folder)
        if folder.direct is None:
            folder.direct = folder.gatherer.direct()
        shown = {document.path: document for document in self._documents.open_documents() if document.path}
        pieces = await folder.direct.gather(snapshot, ())
        return tuple(
            piece if (document := shown.get(piece.path or "")) is None else replace(piece, text=document.text)
            for piece in pieces
        )

    def learn(self, folder: str | None, model: ModelName, plan: PromptPlan, tokens: Tokens | None) -> None:
        """Correct the token estimates, and the model's minimum, by what the provider counted for a plan."""
        reported = None if tokens is None else tokens.input
        found = self._folders.get(folder)
        if found is not None and reported is not None and (shared := found.shared.get(model)) is not None:
            shared.estimator.learn(plan.tokens, reported)
        if tokens is not None and reported and plan.tokens and len(plan.prefix) - 1 in plan.marks:
            from cachewise.context.minimum import Minimum

            prefix = round(plan.prefix_tokens * reported / plan.tokens)
            self._minimums.setdefault(model, Minimum()).learn(prefix, tokens.cache_read, tokens.cache_write)

    def learnt(self, model: ModelName, traits: CacheTraits) -> CacheTraits:
        """The traits of a model with what its provider's reports have told of them."""
        found = self._minimums.get(model)
        return traits if found is None else replace(traits, minimum_tokens=found.of(traits.minimum_tokens))

    def gone_cold(self, folder: str | None, model: ModelName, traits: CacheTraits) -> bool:
        """Whether a request was made before in this folder, and so long ago that the cache has nothing left of it."""
        found = self._folders.get(folder)
        gaps = found.gaps.get(model) if found is not None else None
        return gaps is not None and gaps.gone_cold(self._clock(), traits)

    def too_short(self, folder: str | None, model: ModelName) -> bool:
        """Whether the last prompt in this folder was too short to be cached."""
        found = self._folders.get(folder)
        shared = found.shared.get(model) if found is not None else None
        return shared is not None and shared.too_short

    def _ratios(self, model: ModelName) -> Ratios:
        """The model's own price ratios; the usual ones while the price list is not there, or does not know it."""
        from cachewise.context.rent import Ratios

        price = self._prices.price(model) if self._prices.loaded else None
        found = price.ratios if price is not None else None
        if found is None:
            return Ratios()
        return Ratios(read=float(found.read), write=float(found.write_5m), write_1h=float(found.write_1h))

    def _folder(self, path: str | None) -> _Folder:
        from cachewise.context.exclude import Exclusions
        from cachewise.context.gather import Gatherer
        from cachewise.shaping.signatures import signatures

        found = self._folders.get(path)
        if found is None:
            exclusions = None if path is None else Exclusions(path, self._globs)
            found = self._folders[path] = _Folder(Gatherer(exclusions, signatures=signatures))
        return found


def _salt(state: Path) -> bytes:
    """This user's own, made once and kept, so that a restarted server is routed to the cache that it filled before."""
    made = secrets.token_bytes(16)
    try:
        path = ensure_private(state) / "salt"
        try:
            with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(made)
        except FileExistsError:
            kept = path.read_bytes()
            return kept if len(kept) == len(made) else made
    except OSError:
        logger.warning("The state folder can't be written, so routes are not kept over a restart.")
    return made
