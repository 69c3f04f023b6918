"""Which simulated upstream serves a request, with OpenRouter's stickiness.

A conversation (`session_id`, else `prompt_cache_key`) stays with its upstream until it was idle for ten minutes.
Requests without one go round robin, as does a conversation's first request. `provider.order` overrides stickiness.
Simplified: OpenRouter also derives a conversation from the first messages once a hit was seen; here it never does.
"""

from __future__ import annotations

from collections.abc import Callable

from cachewise.simulator.prompt import BadRequest, Prompt

STICKY_SECONDS = 600.0
_HOSTS = {"anthropic": ("anthropic", "amazon-bedrock", "google-vertex"), "openai": ("openai", "azure", "alpha")}
_DIRECT = "Simulated"


class Router:
    """Remembers where conversations were served. `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._turn = 0
        self._sticky: dict[tuple[str, str], tuple[str, float]] = {}

    def choose(self, prompt: Prompt) -> str:
        """The upstream's name, which always says that it is simulated.

        Raises:
            BadRequest: `provider` excludes every upstream (404, as OpenRouter answers), or the session id is too long.
        """
        if prompt.wire != "openrouter":
            return _DIRECT
        if prompt.session_id is not None and len(prompt.session_id) > 256:
            raise BadRequest("session_id must be at most 256 characters")
        hosts = _allowed(prompt)
        if prompt.provider_order:
            return _name(hosts[0])
        now = self._clock()
        conversation = (prompt.model, prompt.session_id or prompt.cache_key or "")
        if conversation[1]:
            host, used = self._sticky.get(conversation, ("", 0.0))
            if host not in hosts or now - used >= STICKY_SECONDS:
                host = self._next(hosts)
            self._sticky[conversation] = (host, now)
            return _name(host)
        return _name(self._next(hosts))

    def forget(self) -> None:
        """Drop all stickiness, so that every conversation's next request goes to the next upstream."""
        self._sticky.clear()

    def _next(self, hosts: list[str]) -> str:
        self._turn += 1
        return hosts[(self._turn - 1) % len(hosts)]


def hosts_of(model: str) -> tuple[str, ...]:
    """The slugs of a model's upstreams; its vendor's own comes first."""
    vendor = model.lower().partition("/")[0]
    return _HOSTS.get(vendor, (vendor, "alpha", "beta"))


def _allowed(prompt: Prompt) -> list[str]:
    hosts = [host for host in hosts_of(prompt.model) if host not in prompt.provider_ignore]
    if prompt.provider_only:
        hosts = [host for host in hosts if host in prompt.provider_only]
    if prompt.provider_order:
        first = [host for host in prompt.provider_order if host in hosts]
        hosts = first + ([host for host in hosts if host not in first] if prompt.allow_fallbacks else [])
    if not hosts:
        raise BadRequest("No allowed providers are available for the selected model.", status=404)
    return hosts


def _name(host: str) -> str:
    return f"Simulated {host}"
