"""A suggestion was taken into the document: it is counted, and the next one is prepared.

Whoever accepts a line mostly wants the next. So it is asked for at once, where that is cheap: the prefix is warm in the
provider's cache, and most of the day's budget is not spent. Then the editor's next request finds it on its way.
"""

from __future__ import annotations

from cachewise.faults import RequestFailed
from cachewise.features.acceptance import Offered
from cachewise.features.converse import require_provider
from cachewise.features.pursue import begin
from cachewise.features.rooms import Rooms
from cachewise.features.triggers import Moment, never, not_now


def accepted(rooms: Rooms, ident: str, characters: int | None) -> None:
    """The client has taken a suggestion, or so many more characters of it, into the document."""
    offered = rooms.acceptance.accepted(ident, characters)
    if offered is None or offered.uri not in rooms.documents:
        return
    if offered.stands_in(rooms.documents.get(offered.uri).text):
        _prepare_next(rooms, offered)
        rooms.typing.accepted(offered.uri)


def _prepare_next(rooms: Rooms, offered: Offered) -> bool:
    """Ask for what comes behind an accepted suggestion; whether that is done."""
    settings, model = rooms.settings, rooms.model_for("complete")
    if not settings.completion_enabled or rooms.ledger.prefix["state"] != "warm":
        return False
    if rooms.ledger.budget_warning(settings.budget_per_day_usd) is not None:
        return False
    document = rooms.documents.get(offered.uri)
    place = document.position_at(offered.start + len(offered.text))
    snapshot = rooms.documents.snapshot(offered.uri, place)
    moment = Moment(
        text=snapshot.text, offset=snapshot.end, language=snapshot.language, uri=snapshot.uri, last="typed",
        disabled=settings.completion_disabled_languages,
    )  # fmt: skip
    terms = rooms.completion_terms
    if never(moment) or not_now(moment) or rooms.suggestions.find(snapshot, terms) is not None:
        return False
    if rooms.suggestions.fruitless(snapshot, terms) or rooms.pursuits.expected(snapshot, terms):
        return False
    try:
        traits = require_provider(rooms, model)
    except RequestFailed:
        return False
    return begin(rooms, snapshot, traits, terms, invoked=False) is not None
