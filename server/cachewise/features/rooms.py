"""The side rooms that features open, handed to each feature as its first argument.

Built once by `app.py`. Not here: any behaviour; a feature is a function over these.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cachewise.faults import RequestFailed
from cachewise.features.acceptance import Acceptance
from cachewise.features.barred import Barred
from cachewise.features.builtin import Builtin
from cachewise.features.gate import Gate
from cachewise.features.health import Health
from cachewise.features.intent import Intents
from cachewise.features.outdated import Outdated
from cachewise.features.pages import Pages
from cachewise.features.problems import Problems
from cachewise.features.prompts import Prompts
from cachewise.features.pursuits import Pursuits
from cachewise.features.suggestions import Suggestions, Terms
from cachewise.features.typing import Typing
from cachewise.ledger.ledger import Ledger
from cachewise.ledger.limits import Limits
from cachewise.model.names import ModelName
from cachewise.providers.registry import Providers
from cachewise.session.documents import Documents
from cachewise.session.inflight import Inflight
from cachewise.settings.forms import Settings
from cachewise.settings.load import Loaded

if TYPE_CHECKING:
    from cachewise.answers.answers import Answers

ANSWERS_DEADLINE = 0.4
"""Seconds that writing the last answers may take; they are also in memory only until then, and can be asked again."""
PROVIDERS_DEADLINE = 0.2
"""Seconds that closing connections may take; the process ends anyway and takes them along."""


@dataclass(slots=True, kw_only=True)
class Rooms:
    """What features work with. `loaded` is replaced as a whole when settings change; everything else stays."""

    loaded: Loaded
    documents: Documents
    prompts: Prompts
    providers: Providers
    ledger: Ledger
    open_answers: Callable[[], Answers]
    """Makes the answer cache when it is first wanted, so that its modules are no part of the start."""
    inflight: Inflight
    pages: Pages
    health: Health
    limits: Limits = field(default_factory=Limits)
    gate: Gate = field(default_factory=Gate)
    intents: Intents = field(default_factory=Intents)
    suggestions: Suggestions = field(default_factory=Suggestions)
    pursuits: Pursuits = field(default_factory=Pursuits)
    outdated: Outdated = field(default_factory=Outdated)
    builtin: Builtin = field(default_factory=Builtin)
    barred: Barred = field(default_factory=Barred)
    typing: Typing = field(default_factory=Typing)
    problems: Problems = field(default_factory=Problems)
    acceptance: Acceptance = field(init=False)
    opened_answers: Answers | None = None
    prepared: bool = False
    warming: list[asyncio.Task[None]] = field(default_factory=list)
    """The loading of providers; the registry owns it, here it is only kept from being lost."""
    live: int = 0
    """Requests to providers that are running now."""
    closing: bool = False
    """Whether the server is stopping, so that nothing new may begin in the background."""
    background: set[asyncio.Task[None]] = field(default_factory=set)
    """Work that outlives the request that started it; cancelled when the server stops."""

    def __post_init__(self) -> None:
        self.acceptance = Acceptance(lambda **counts: self.ledger.offered(**counts))

    @property
    def settings(self) -> Settings:
        """The effective settings of this moment."""
        return self.loaded.settings

    @property
    def answers(self) -> Answers:
        """The answer cache."""
        if self.opened_answers is None:
            self.opened_answers = self.open_answers()
        return self.opened_answers

    def use(self, loaded: Loaded) -> None:
        """Work with these settings from now on."""
        self.loaded = loaded
        self.providers.reconfigure(loaded.endpoints)
        self.prompts.exclude(self.settings.context_exclude)
        if loaded.problems:
            self.health.set("settings", "warning", loaded.problems[0])
        else:
            self.health.clear("settings")
        self.check_key()
        self.health.clear("overBudget")  # which may be another one now
        self.check_budget()
        self.health.changed()  # the status names the model

    def check_key(self) -> None:
        """Say in the status what is missing before anything can be asked."""
        self.health.clear("key")
        for model in (self.settings.model, self.settings.completion_model):
            if model.provider != "offline":
                try:
                    self.providers.require(model)
                except RequestFailed as fault:
                    self.health.set("key", "warning", fault.sentence)
                    return

    def check_budget(self) -> None:
        """Say in the status how much of the day's budget is spent, once that is most of it."""
        sentence = self.ledger.budget_warning(self.settings.budget_per_day_usd)
        if sentence is None:
            self.health.clear("budget")
        else:
            self.health.set("budget", "warning", sentence)

    def check_answers(self) -> None:
        """Say in the status what is wrong with the answer cache, as long as it is."""
        problem = self.answers.problem
        if problem is None:
            self.health.clear("answers")
        else:
            self.health.set("answers", "warning", problem)

    def prepare(self) -> None:
        """A document is open, so a request will come: load what it needs, unless there is no key to ask with."""
        if not self.prepared:
            self.prepared = True
            for model in {self.settings.model, self.settings.completion_model}:
                self.warming.append(self.providers.warm_up(model))

    async def started(self) -> None:
        """The editor is ready: read today's sums of the ledger, and follow them."""
        self.ledger.subscribe(self.check_budget)
        self.answers.warm_up()
        self.check_answers()
        await self.ledger.refresh()

    def begin(self) -> None:
        """A request to a provider begins; the status shows that something runs."""
        self.live += 1
        self.health.changed()

    def end(self) -> None:
        """A request to a provider is over."""
        self.live -= 1
        self.health.changed()

    def later(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None] | None:
        """Run `work` in the background, owned by this object; not at all, and None, once the server stops."""
        if self.closing:
            work.close()
            return None
        task = asyncio.get_running_loop().create_task(work)
        self.background.add(task)
        task.add_done_callback(self.background.discard)
        return task

    async def aclose(self) -> None:
        """Cancel the background work, then close what holds connections and files.

        A provider's library that is still loading can't be stopped, and must not keep the ledger from its last write.
        """
        self.closing = True
        self.builtin.close()
        await asyncio.sleep(0)  # a task that is cancelled before its first step could not clean up
        tasks = tuple(self.background)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        keeping = asyncio.ensure_future(self.answers.aclose())  # ends what is being asked, so it goes before the ledger
        await asyncio.wait({keeping}, timeout=ANSWERS_DEADLINE)
        closing = asyncio.ensure_future(self.providers.aclose())
        await self.ledger.aclose()
        await asyncio.wait({closing, keeping}, timeout=PROVIDERS_DEADLINE)
        closing.cancel()
        keeping.cancel()

    @property
    def completion_terms(self) -> Terms:
        """What a suggestion depends on besides its document."""
        settings = self.settings
        shape = (settings.completion_multiline, settings.completion_max_tokens)
        return (self.model_for("complete"), settings.completion_offline, *shape)

    def model_for(self, feature: str) -> ModelName:
        """The model that a feature uses; completions may have their own."""
        return self.settings.completion_model if feature == "complete" else self.settings.model
