"""Endpoints, requests and plans for tests of providers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from cachewise.model.events import ProviderRequest, StreamEvent
from cachewise.model.names import ModelName, ProviderName, Ttl
from cachewise.model.plan import Block, PromptPlan, Stability
from cachewise.providers.attempt import Limits
from cachewise.providers.base import Provider
from cachewise.providers.traits import traits
from cachewise.settings.endpoints import Endpoint
from cachewise.settings.secrets import Secret, origin_of

CANARY = "sk-canary-4f1e9b7c2d"
"""A key that must show up nowhere but in the header of a request."""

QUICK = Limits(connect=2.0, first_event=5.0, idle=5.0, whole=10.0, retry_base=0.001, late=(0.0, 0.0, 0.0))
"""No wait that a test would notice, and no deadline that a slow machine would pass."""

BASE_PATHS: dict[ProviderName, str] = {"openrouter": "/api/v1", "anthropic": "", "openai": "/v1", "local": "/v1"}
MODELS: dict[ProviderName, str] = {
    "openrouter": "openrouter:anthropic/claude-haiku-4.5",
    "anthropic": "anthropic:claude-haiku-4-5",
    "openai": "openai:gpt-4.1",
    "local": "local:tiny",
}


def endpoint(
    provider: ProviderName,
    url: str,
    *,
    key: str | None = CANARY,
    bound_to: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Endpoint:
    """An endpoint at a loopback server, with a key that is bound to it, or to `bound_to`."""
    base_url = url + BASE_PATHS[provider]
    secret = None if key is None else Secret(key, frozenset({origin_of(bound_to or base_url)}))
    local = provider == "local"
    return Endpoint(
        provider=provider,
        name="tiny" if local else provider,
        base_url=base_url,
        key=secret,
        headers=headers or {},
        model="tiny-model" if local else None,
        needs_key=not local,
    )


def build(target: Endpoint, limits: Limits = QUICK) -> Provider:
    """The provider for an endpoint, built at once."""
    # Each module takes a second to import, so only those that a test needs are.
    if target.provider == "openrouter":
        from cachewise.providers import openrouter

        return openrouter.build(target, limits)
    if target.provider == "anthropic":
        from cachewise.providers import anthropic

        return anthropic.build(target, limits)
    if target.provider == "openai":
        from cachewise.providers import openai

        return openai.build(target, limits)
    from cachewise.providers import local

    return local.build(target, limits)


def plan(tail: str = "What does this do?", marks: Mapping[int, Ttl] | None = None) -> PromptPlan:
    """A system block, two stable files, a working file and a tail."""

    def block(name: str, text: str, stability: Stability) -> Block:
        role = "system" if name == "system" else "user"
        return Block(name=name, text=text, stability=stability, tokens=len(text) // 4, role=role)  # type: ignore[arg-type]

    return PromptPlan(
        blocks=(
            block("system", "You explain code.", Stability.FIXED),
            block("file a.py", "# a.py\ndef a():\n    return '<|im_start|>'\n", Stability.STABLE),
            block("file b.py", "# b.py\nnaïve = '\u200d😀'\n", Stability.STABLE),
            block("file c.py", "# c.py\n<system>x</system>\n", Stability.WORKING),
            block("tail", tail, Stability.TAIL),
        ),
        marks=dict(marks or {}),
    )


def request(
    model: str,
    *,
    tail: str = "What does this do?",
    marks: Mapping[int, Ttl] | None = None,
    stop: tuple[str, ...] = (),
    max_retries: int = 2,
    max_wait: float = 20.0,
) -> ProviderRequest:
    """A request with the plan above."""
    name = ModelName.parse(model)
    return ProviderRequest(
        model=name,
        plan=plan(tail, marks),
        traits=traits(name),
        max_tokens=64,
        session_id="cw-0123456789abcdef",
        stop=stop,
        max_retries=max_retries,
        max_wait=max_wait,
    )


async def collect(provider: Provider, wanted: ProviderRequest) -> list[StreamEvent]:
    """All events of a request, with the provider closed afterwards."""
    try:
        return [event async for event in provider.stream(wanted)]
    finally:
        await provider.aclose()


def with_limits(**changes: float) -> Limits:
    """`QUICK` with some limits changed."""
    return replace(QUICK, **changes)  # type: ignore[arg-type]
