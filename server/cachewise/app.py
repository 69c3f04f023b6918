"""The composition root: builds the rooms, the handlers and the server, and puts them together.

The only place that constructs objects. Nothing heavy is imported or opened here: the ledger's file, the keyring and
the provider's library are touched after `initialized`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from cachewise import __version__
from cachewise.features.health import Health
from cachewise.features.pages import Pages
from cachewise.features.prompts import Prompts
from cachewise.features.rooms import Rooms
from cachewise.ledger.journal import FILE_NAME, Journal
from cachewise.ledger.ledger import Ledger
from cachewise.ledger.prices import Prices
from cachewise.log import redaction, set_level
from cachewise.lsp.configuration import Configuration
from cachewise.lsp.handlers import Handlers
from cachewise.lsp.server import CachewiseServer
from cachewise.lsp.show import Shower
from cachewise.providers.registry import Providers
from cachewise.session.documents import Documents
from cachewise.session.inflight import Inflight
from cachewise.settings.forms import Settings
from cachewise.settings.load import Loaded, hide_keys, load
from cachewise.settings.places import Places, find_places

if TYPE_CHECKING:
    from cachewise.answers.answers import Answers


def build(env: Mapping[str, str] = os.environ) -> CachewiseServer:
    """A server that is ready to be started on a transport."""
    places = find_places(env)
    loaded = load(env, places)
    set_level(loaded.settings.log)
    hide_keys(loaded, redaction().add)
    rooms = build_rooms(loaded, places)
    server = CachewiseServer("cachewise", __version__)
    shower = Shower(server.wire, rooms.pages, places.cache)

    configuration = Configuration(loaded, rooms.use)
    handlers = Handlers(server, rooms, configuration, shower)
    handlers.register()
    server.on_stop = handlers.stop
    return server


def build_rooms(loaded: Loaded, places: Places) -> Rooms:
    """The rooms that features work with."""
    documents, health = Documents(), Health()
    prices = Prices()
    journal = Journal(places.state / FILE_NAME, retention_days=loaded.settings.ledger_retention_days)

    def open_answers() -> Answers:
        from cachewise.answers.answers import Answers  # a dozen modules that no start has to wait for

        return Answers.open(
            places.cache,
            redis_url=redis_address(loaded.settings),
            ttl_seconds=loaded.settings.answers_ttl_hours * 3600.0,
            tell=lambda sentence: health.set("answers", "warning", sentence),
        )

    return Rooms(
        loaded=loaded,
        documents=documents,
        prompts=Prompts(documents, prices, places.state),
        providers=Providers(loaded.endpoints),
        ledger=Ledger(prices, journal),
        open_answers=open_answers,
        inflight=Inflight(),
        pages=Pages(),
        health=health,
    )


def redis_address(settings: Settings) -> str | None:
    """The whole address of the shared Redis, with its password; None where there is none."""
    secret = settings.redis_url
    if secret is None:
        return None
    url = secret.reveal_for(next(iter(secret.origins)))
    if not settings.redis_allow_unencrypted:
        return url
    return f"{url}{'&' if '?' in url else '?'}insecure=yes"
