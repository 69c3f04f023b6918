"""Keys of agents that always send the same but for the prompt, without getting such an agent ready each time.

The key of a run is found by letting the agent get ready (`agent_probe.py`), which takes pydantic-ai a millisecond or
two. Of an agent that is data throughout (`agent_survey.py`) the key of another prompt can be told from the key of an
earlier one. That is done only after it was once found to give the same key as getting ready, and only as long as
nothing in the agent has changed. Whatever else is given to the run (a history, settings, dependencies) ends it, too.
"""

from __future__ import annotations

import hashlib
import json
import weakref
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from cachewise.answers.agent_probe import Probe, package_of, probe
from cachewise.answers.agent_survey import Survey, bare_agents, survey
from cachewise.answers.key import canonical_digestible

_KEPT = 64
"""Agents that are remembered; those used longest ago go first."""
_NO_PART = frozenset({"infer_name", "event_stream_handler"})
"""Arguments of a run that its request does not depend on."""


class _Known:
    """What is known of one agent."""

    def __init__(self, agent: Any) -> None:
        self.agent = weakref.ref(agent)
        self.looked = False
        self.survey: Survey | None = None
        """None for an agent that has to get ready each time, too."""
        self.model = ""
        self.frame: tuple[bytes, bytes] | None = None
        """What is hashed before the prompt, and behind it."""
        self.prompt = ""
        self.proven = False

    def look(self, agent: Any, package: str) -> None:
        """Look through the agent, which has changed or was not looked through before. Nothing else is known then."""
        self.looked, self.survey = True, survey(agent, bare_agents(package))
        self.frame, self.proven = None, False

    def key(self, prompt: str) -> str | None:
        """The key of a prompt, by the frame."""
        if self.frame is None:
            return None
        return hashlib.sha256(json.dumps(prompt).encode("ascii").join(self.frame)).hexdigest()

    def learn(self, prompt: str, found: Probe) -> None:
        """Take the frame from a key that was found by getting ready, or prove the one that is there."""
        if self.frame is not None and prompt != self.prompt:
            self.proven = self.key(prompt) == found.key
            if not self.proven:
                self.survey = None
        elif self.frame is None and found.fields is not None:
            whole, part = canonical_digestible(found.fields), json.dumps(prompt).encode("ascii")
            if whole.count(part) == whole.count(part[1:-1]) == 1:
                before, _, behind = whole.partition(part)
                self.frame, self.prompt, self.model = (before, behind), prompt, found.model


class SteadyKeys:
    """Finds keys, and remembers agents for it. Belongs to one event loop."""

    def __init__(self) -> None:
        self._known: OrderedDict[int, _Known] = OrderedDict()

    async def probe(self, agent: Any, prompt: Any, kwargs: Mapping[str, Any], *, deps_key: object = None) -> Probe:
        """As `agent_probe.probe`, without getting the agent ready where that is known to make no difference."""
        plain = type(prompt) is str and deps_key is None and _sayable(prompt)
        if not plain or any(value is not None for name, value in kwargs.items() if name not in _NO_PART):
            return await probe(agent, prompt, kwargs, deps_key=deps_key)
        known = self._look_up(agent)
        if known is None:
            return await probe(agent, prompt, kwargs, deps_key=deps_key)
        if known.proven and known.survey is not None:
            return Probe(model=known.model, key=known.key(prompt))
        found = await probe(agent, prompt, kwargs, deps_key=deps_key)
        if known.survey is not None and found.key is not None and known.survey.holds():
            known.learn(prompt, found)
        return found

    def _look_up(self, agent: Any) -> _Known | None:
        package = package_of(agent)
        if package is None:
            return None
        known = self._known.get(id(agent))
        if known is None or known.agent() is not agent:
            # An agent may be made for one run, so that it is not looked through before it comes again.
            known = self._known[id(agent)] = _Known(agent)
            if len(self._known) > _KEPT:
                self._known.popitem(last=False)
        elif not known.looked or (known.survey is not None and not known.survey.holds()):
            known.look(agent, package)
        self._known.move_to_end(id(agent))
        return known


def _sayable(text: str) -> bool:
    """Whether the text is valid Unicode, and so what pydantic-ai sends as it is."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
