"""When a prefix is written ahead of need: somebody came back to a document, and its prefix has gone cold meanwhile.

Nothing is sent on a timer, and nothing before the user has made a request in this workspace folder in this run: to
open a repository sends nothing anywhere. Not here: the request itself (`warm.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

from cachewise.model.names import ModelName


@dataclass(slots=True)
class _Place:
    warmed: float | None = None
    """When a prefix was last written ahead."""
    waiting: bool = False
    """Whether no request has come since that could have read it."""
    useless: bool = False


class Intents:
    """What was written ahead for each workspace folder and model, and whether it was of use. Time is in seconds."""

    def __init__(self) -> None:
        self._places: dict[tuple[str | None, ModelName], _Place] = {}

    def worth(self, folder: str | None, model: ModelName, now: float, ttl: float) -> bool:
        """Whether to write the cold prefix now: at most once in its lifetime, and not where it was of no use.

        What nobody asked for since is not written a second time: somebody may type for hours without asking.
        """
        place = self._places.get((folder, model))
        if place is None:
            return True
        used = not place.useless and not place.waiting
        return used and (place.warmed is None or now - place.warmed >= ttl)

    def warmed(self, folder: str | None, model: ModelName, now: float) -> None:
        """A prefix is being written ahead."""
        place = self._places.setdefault((folder, model), _Place())
        place.warmed, place.waiting = now, True

    def answered(self, folder: str | None, model: ModelName, now: float, ttl: float, read: int | None) -> None:
        """A request of the user is over, with what it read from the cache; None where that is not known.

        If it could have read what was written ahead and read nothing, writing ahead stops for this run.
        """
        place = self._places.get((folder, model))
        if place is None or not place.waiting or place.warmed is None:
            return
        place.waiting = False
        if read == 0 and now - place.warmed < ttl:
            place.useless = True
