"""An assistant that follows a `Rule`: it asks, waits, cancels and uses again by it, and by nothing else."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace

from bench.metered import Metered
from bench.rules import Rule

from cachewise.context.tail import CompletionTail
from cachewise.features.rooms import Rooms
from cachewise.model.events import TextDelta
from cachewise.model.snapshot import Snapshot
from cachewise.providers.traits import traits
from cachewise.shaping.fit import fit, inline_range
from cachewise.shaping.stop import StopRule

LATENCY = 0.5
"""Seconds that tabby-agent takes off its debounce for the mean latency; what this provider comes to."""


@dataclass(frozen=True, slots=True)
class Text:
    """A suggestion."""

    text: str
    replaces: int


class Stream:
    """One request on its way."""

    def __init__(self, asked: Snapshot) -> None:
        self.asked = asked
        self.before, self.after = asked.text[: asked.end], asked.text[asked.end :]
        self.found = Text("", 0)
        self.first: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when the first line is there."""
        self.task: asyncio.Task[None] | None = None

    def rest(self, cursor: Snapshot, most: int) -> Text | None:
        """What is left of it where a document is now; None where it does not fit."""
        text, end, found = cursor.text, cursor.end, self.found
        if len(text) - end != len(self.after) or text[end:] != self.after:
            return None
        base = self.before[: len(self.before) - found.replaces]
        if not text[:end].startswith(base):
            return None
        typed, replaced = text[len(base) : end], self.before[len(base) :]
        if typed == replaced:
            return found if found.text else None
        if len(typed) - len(replaced) > most or not found.text.startswith(typed):
            return None
        left = found.text[len(typed) :]
        return Text(left, 0) if left.strip() else None

    def may_serve(self, cursor: Snapshot) -> bool:
        """Whether what was typed agrees with it so far."""
        text, end = cursor.text, cursor.end
        if text[end:] != self.after or not text[:end].startswith(self.before):
            return False
        typed = text[len(self.before) : end]
        return not self.found.text or self.found.text.startswith(typed) or typed.startswith(self.found.text)


class Modelled:
    """The assistant."""

    def __init__(self, rule: Rule, rooms: Rooms, provider: Metered) -> None:
        self._rule = rule
        self._rooms = rooms
        self._provider = provider
        self._kept: OrderedDict[int, Stream] = OrderedDict()
        self._running: list[Stream] = []
        self._sent_at = -10.0
        self._asked_at: deque[float] = deque(maxlen=8)
        self.reused = 0

    async def suggest(self, cursor: Snapshot) -> Text | None:
        """What to show at a cursor. Cancelled when a newer key is struck."""
        rule, loop = self._rule, asyncio.get_running_loop()
        began = loop.time()
        self._asked_at.append(began)
        if rule.cancel == "diverged":
            for stream in [stream for stream in self._running if not stream.may_serve(cursor)]:
                self._close(stream)
        if not rule.debounce_hits and (hit := self._hit(cursor)) is not None:
            return hit
        await asyncio.sleep(self._debounce())
        if (hit := self._hit(cursor)) is not None:
            return hit
        if rule.join and (joined := await self._join(cursor)) is not None:
            await asyncio.sleep(began + rule.hold - loop.time())
            return joined
        while len(self._running) >= rule.pending:
            await asyncio.wait({stream.task for stream in self._running if stream.task is not None},
                               return_when=asyncio.FIRST_COMPLETED)  # fmt: skip
            if (hit := self._hit(cursor)) is not None:
                return hit
        if self._sent_at + rule.throttle > loop.time():
            await asyncio.sleep(self._sent_at + rule.throttle - loop.time())
        stream = self._send(cursor)
        try:
            await asyncio.shield(stream.first)
        except asyncio.CancelledError:
            if rule.cancel == "always":
                self._close(stream)
            raise
        await asyncio.sleep(began + rule.hold - loop.time())
        return self._shown(cursor, stream.rest(cursor, 0))

    async def close(self) -> None:
        """End what runs."""
        for stream in tuple(self._running):
            self._close(stream)
        await asyncio.sleep(0)

    def _debounce(self) -> float:
        if not self._rule.adaptive:
            return self._rule.debounce
        gaps = [b - a for a, b in zip(self._asked_at, list(self._asked_at)[1:], strict=False)]
        mean = min(max(sum(gaps) / len(gaps), 0.1), 0.4) if gaps else 0.25
        return min(max(2.25 * mean - LATENCY, 0.1), 1.0)

    def _hit(self, cursor: Snapshot) -> Text | None:
        for key, stream in reversed(self._kept.items()):
            found = stream.rest(cursor, self._rule.through)
            if found is not None:
                self._kept.move_to_end(key)
                self.reused += 1
                return self._shown(cursor, found)
        return None

    async def _join(self, cursor: Snapshot) -> Text | None:
        stream = next((stream for stream in reversed(self._running) if stream.may_serve(cursor)), None)
        if stream is None:
            return None
        with suppress(TimeoutError):
            async with asyncio.timeout(self._rule.join):
                await asyncio.shield(stream.first)
        found = stream.rest(cursor, 10_000)
        if found is not None:
            self.reused += 1
        return self._shown(cursor, found)

    def _shown(self, cursor: Snapshot, found: Text | None) -> Text | None:
        if found is not None and self._rule.ahead:
            text = cursor.text[: cursor.end - found.replaces] + found.text + cursor.text[cursor.end :]
            end = cursor.end - found.replaces + len(found.text)
            next_one = replace(cursor, text=text, start=end, end=end)
            known = any(stream.rest(next_one, 10_000) for stream in self._kept.values())
            if not known and not any(stream.asked.text == text for stream in self._running):
                self._send(next_one)
        return found

    def _send(self, cursor: Snapshot) -> Stream:
        stream = Stream(cursor)
        self._sent_at = asyncio.get_running_loop().time()
        self._running.append(stream)
        stream.task = asyncio.get_running_loop().create_task(self._read(stream))
        stream.task.add_done_callback(lambda _done: self._over(stream))
        return stream

    async def _read(self, stream: Stream) -> None:
        rooms, asked = self._rooms, stream.asked
        model, settings = rooms.model_for("complete"), rooms.settings
        plan = await rooms.prompts.plan(asked, CompletionTail(), model, traits(model), settings)
        rule = StopRule(stream.before, stream.after, multiline="auto", language=asked.language)
        async with aclosing(self._provider.ask(plan, asked, settings.completion_max_tokens)) as events:
            async for event in events:
                if not isinstance(event, TextDelta):
                    continue
                progress = rule.feed(event.text)
                if progress.first_line and self._rule.early:
                    self._take(stream, progress.complete)
                if progress.done:
                    break
        self._take(stream, rule.finish().text)

    def _take(self, stream: Stream, raw: str) -> None:
        language = stream.asked.language
        text = fit(raw, stream.before, stream.after, multiline="auto", language=language, eol="\n")
        stream.found = Text(text, inline_range(text, stream.before))
        if self._rule.kept and text:
            self._kept[id(stream)] = stream
            self._kept.move_to_end(id(stream))
            while len(self._kept) > self._rule.kept:
                self._kept.popitem(last=False)
        if not stream.first.done():
            stream.first.set_result(None)

    def _close(self, stream: Stream) -> None:
        if stream.task is not None:
            stream.task.cancel()
        self._over(stream)

    def _over(self, stream: Stream) -> None:
        if stream in self._running:
            self._running.remove(stream)
        if not stream.first.done():
            stream.first.set_result(None)
