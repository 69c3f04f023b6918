"""The providers in use: built when first asked for, one for each endpoint, and kept.

Their modules take one to three seconds to import, so that happens in a thread, and only for the providers that a model
setting names. Importing this module imports none of them. Not here: where endpoints come from (`settings/`).
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import logging
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from cachewise.faults import NoKey, RequestFailed
from cachewise.importing import IMPORTING
from cachewise.model.names import ModelName, ProviderName
from cachewise.providers.base import Provider
from cachewise.providers.threaded import Threaded
from cachewise.settings.endpoints import KEY_VARIABLES, Endpoint

log = logging.getLogger(__name__)

_MODULES: dict[ProviderName, str] = {
    "openrouter": "cachewise.providers.openrouter",
    "anthropic": "cachewise.providers.anthropic",
    "openai": "cachewise.providers.openai",
    "local": "cachewise.providers.local",
}
_LABELS: dict[ProviderName, str] = {"openrouter": "OpenRouter", "anthropic": "Anthropic", "openai": "OpenAI"}


class Providers:
    """Gives the provider of a model. Used on one event loop."""

    def __init__(self, endpoints: Mapping[str, Endpoint]) -> None:
        self._endpoints = dict(endpoints)
        self._built: dict[str, asyncio.Task[Any]] = {}
        self._retired: list[asyncio.Task[Any]] = []
        self._warming: set[asyncio.Task[None]] = set()
        self._prepared: dict[ModelName, asyncio.Task[None]] = {}

    async def get(self, model: ModelName) -> Provider:
        """The provider of a model, ready for its first request.

        Raises:
            NoKey: no key is known for it; the sentence says what to do.
            RequestFailed: nothing can be asked of it at all (`offline`, or a local server without an entry).
        """
        key, endpoint = self._endpoint(model)
        task = self._built.get(key)
        if task is None or _broken(task):
            task = self._built[key] = asyncio.create_task(_build(endpoint))
        # Shielded: the next request needs it too, when this one was cancelled.
        provider: Any = await asyncio.shield(task)
        prepared = self._prepared.get(model)
        if prepared is None or _broken(prepared):
            prepared = self._prepared[model] = asyncio.create_task(asyncio.to_thread(provider.prepare, model.name))
        await asyncio.shield(prepared)
        found: Provider = provider
        return found

    def require(self, model: ModelName) -> None:
        """Refuse, without loading anything, a model that can't be asked.

        Raises:
            NoKey: no key is known for it; the sentence says what to do.
            RequestFailed: as for `get`.
        """
        self._endpoint(model)

    def warm_up(self, model: ModelName) -> asyncio.Task[None]:
        """Start to import and build what a model needs. The task never fails; a first request meets the same fault."""
        task = asyncio.create_task(self._warm(model))
        self._warming.add(task)
        task.add_done_callback(self._warming.discard)
        return task

    def reconfigure(self, endpoints: Mapping[str, Endpoint]) -> None:
        """Use other endpoints from the next request on. What runs on a replaced one runs on to its end."""
        for key in [key for key in self._built if endpoints.get(key) != self._endpoints.get(key)]:
            self._retired.append(self._built.pop(key))
            self._prepared = {m: task for m, task in self._prepared.items() if _key(m) != key}
        self._endpoints = dict(endpoints)

    async def aclose(self) -> None:
        """Close every client. Requests that still run fail."""
        for warming in tuple(self._warming):
            warming.cancel()
        tasks = [*self._built.values(), *self._retired, *self._prepared.values(), *self._warming]
        providers = [*self._built.values(), *self._retired]
        self._built.clear()
        self._prepared.clear()
        self._retired.clear()
        await asyncio.gather(*tasks, return_exceptions=True)
        for task in providers:
            if not _broken(task):
                await task.result().aclose()

    def _endpoint(self, model: ModelName) -> tuple[str, Endpoint]:
        if model.provider == "offline":
            raise RequestFailed(
                "The model is set to 'offline', which has no provider to ask. Set `cachewise.model` to a model such as "
                "'openrouter:anthropic/claude-haiku-4.5'."
            )
        key = _key(model)
        endpoint = self._endpoints.get(key)
        if endpoint is None:
            raise RequestFailed(
                f"There is no usable address for {key!r}: the user file has no entry for it, or its base URL was "
                "refused. `cachewise settings` says which; or choose another model."
            )
        if endpoint.needs_key and endpoint.key is None:
            variable = endpoint.key_variable or KEY_VARIABLES.get(model.provider)
            where = (
                f"Set the environment variable {variable}, or use `cachewise login`, and restart the language server."
                if variable
                else "Give its entry in the user file a key."
            )
            raise NoKey(f"There is no key for {_LABELS.get(model.provider, key)}. {where}")
        return key, endpoint

    async def _warm(self, model: ModelName) -> None:
        with suppress(RequestFailed):
            await self.get(model)


async def _build(endpoint: Endpoint) -> Any:
    started = time.perf_counter()
    module = await asyncio.to_thread(_import, _MODULES[endpoint.provider])
    provider = Threaded(await asyncio.to_thread(module.build, endpoint), endpoint.name)
    gc.freeze()  # modules and classes stay: a full collection need not look through them while answers stream
    log.info("provider %s is ready after %.0f ms", endpoint.name, (time.perf_counter() - started) * 1000)
    return provider


def _import(name: str) -> Any:
    with IMPORTING:
        return importlib.import_module(name)


def _key(model: ModelName) -> str:
    """The key of a model's endpoint in `Loaded.endpoints`."""
    return f"local:{model.name}" if model.provider == "local" else model.provider


def _broken(task: asyncio.Task[Any]) -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)
