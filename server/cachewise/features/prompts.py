"""The prompts of all workspace folders: one shared context each, and the walk from a snapshot to a plan.

Not here: what a prompt looks like (`context/`), and what is sent (`providers/`).
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cachewise.context.exclude import Exclusions
from cachewise.context.gather import Gatherer
from cachewise.context.layout import SharedContext
from cachewise.context.tail import TailSpec
from cachewise.model.names import CacheTraits, ModelName
from cachewise.model.plan import PromptPlan
from cachewise.model.snapshot import Snapshot
from cachewise.session.documents import Documents
from cachewise.settings.places import ensure_private
from cachewise.settings.schema import Settings

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Folder:
    """One workspace folder's context, and what gathers for it."""

    gatherer: Gatherer
    shared: dict[ModelName, SharedContext]


class Prompts:
    """Plans prompts. A prompt cache belongs to one model, so each folder has one shared context for each model."""

    def __init__(self, documents: Documents, state: Path) -> None:
        self._documents = documents
        self._state = state
        self._folders: dict[str | None, _Folder] = {}
        self._globs: tuple[str, ...] = ()
        self._salt: bytes | None = None

    def exclude(self, globs: Sequence[str]) -> None:
        """Leave files that match these out of every prompt from now on."""
        if tuple(globs) != self._globs:
            self._globs = tuple(globs)
            self._folders.clear()

    def session_id(self, folder: str | None) -> str:
        """What keeps a router on one upstream's cache: always the same for a folder, without telling its name."""
        if self._salt is None:
            self._salt = _salt(self._state)
        return hashlib.blake2b(os.fsencode(folder or ""), key=self._salt, digest_size=16).hexdigest()

    async def plan(
        self, snapshot: Snapshot, tail: TailSpec, model: ModelName, traits: CacheTraits, settings: Settings
    ) -> PromptPlan:
        """The prompt for a request about `snapshot`."""
        if self._salt is None:
            self._salt = await asyncio.to_thread(_salt, self._state)
        folder = self._folder(snapshot.folder)
        shared = folder.shared.get(model)
        if shared is None:
            shared = folder.shared[model] = SharedContext(traits)
        open_documents = [
            self._documents.snapshot(document.uri, (0, 0)) for document in self._documents.open_documents()
        ]
        near = [other for other in open_documents if other.folder == snapshot.folder]
        pieces = await folder.gatherer.gather(snapshot, near, shared.paths)
        return shared.plan(
            snapshot, pieces, tail, traits, settings.context_max_tokens, settings.prompt_cache_ttl
        )

    def _folder(self, path: str | None) -> _Folder:
        found = self._folders.get(path)
        if found is None:
            exclusions = None if path is None else Exclusions(path, self._globs)
            found = self._folders[path] = _Folder(Gatherer(exclusions), {})
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
