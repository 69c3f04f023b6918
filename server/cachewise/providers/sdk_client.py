"""OpenAI's client, but that prompts go out as they are.

Its own `create` looks through every part of every message for fields to rename, of which chat messages have none, once
for each kind of part that there might be: some milliseconds for the twenty parts of a prompt with much context. What is
sent is the same to the byte. Not here: what is sent (pydantic-ai writes it), and the HTTP client (`transport.py`).
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

from openai import AsyncOpenAI
from openai.resources.chat import AsyncChat, AsyncCompletions


class _Completions(AsyncCompletions):
    async def create(self, *, messages: Any, extra_body: Any = None, **rest: Any) -> Any:
        return await super().create(messages=[], extra_body={**(extra_body or {}), "messages": messages}, **rest)


class _Chat(AsyncChat):
    @cached_property
    def completions(self) -> AsyncCompletions:
        return _Completions(self._client)


class Client(AsyncOpenAI):
    """The same client with the short way for chat completions."""

    @cached_property
    def chat(self) -> AsyncChat:
        return _Chat(self)
