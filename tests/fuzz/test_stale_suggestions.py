"""Random interleavings of edits, requests, cancels and slow answers: nothing is shown that does not fit.

The seed is the index of the interleaving. What may be shown is worked out from what the made-up provider was asked and
has said, not from what the features remember: accepting it has to lead to the text that some answer, as far as it had
come by then, led to where it was asked for, and the document has to be the one that the request was about. Where
closers or white space have come behind the cursor since, as editors put them there, it has to be the beginning of
that text, in front of them.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from cachewise.faults import ProviderFault
from cachewise.features.complete import complete
from cachewise.features.pursuits import Grown
from cachewise.features.suggestions import Suggestion
from cachewise.model.events import Failed, Opened, ProviderRequest, Stopped, StreamEvent, TextDelta
from cachewise.model.snapshot import Snapshot
from cachewise.session.documents import Change
from cachewise.shaping.fit import fit, inline_range
from cachewise.shaping.trim import eol_of
from support.offhand import close, edit, rooms_with
from support.virtual import run

COUNT = int(os.environ.get("CACHEWISE_FUZZ", "1000")) // 2
"""Interleavings: 500 in `make test`, 10,000 in `make fuzz`."""
PARTS = 20
URIS = ("untitled:a", "untitled:b")
PAUSES = (0.0, 0.0, 0.0, 0.01, 0.05, 0.16, 0.5, 3.0, 11.0)


class Said:
    """What a stream was asked for, and what of its answer has come."""

    def __init__(self, asked: Snapshot) -> None:
        self.asked = asked
        self.text = ""

    def outcomes(self, upto: str) -> set[str]:
        """The texts that accepting may lead to: of each part of the answer that ends with a line, or with `upto`."""
        text, at = self.asked.text, self.asked.end
        before, after = text[:at], text[at:]
        ends = [index for index, character in enumerate(upto) if character == "\n"]
        parts = {upto, *(upto[:end] for end in ends), *(upto[: end + 1] for end in ends)}
        found = set()
        for part in parts:
            fitted = fit(part, before, after, multiline="auto", language="python", eol=eol_of(text))
            if fitted:
                found.add(before[: at - inline_range(fitted, before)] + fitted + after)
        return found

    def between(self, snapshot: Snapshot, outcome: str) -> bool:
        """Whether `outcome` is the beginning of such a text in front of what is new behind the cursor."""
        after = self.asked.text[self.asked.end :]
        new = snapshot.text[snapshot.end : len(snapshot.text) - len(after)]
        if not new or new.strip(" )\n") or not outcome.endswith(new + after):
            return False
        head = outcome.removesuffix(new + after)
        return any(text.removesuffix(after).startswith(head) for text in self.outcomes(self.text))


class Interleaving:
    """One user with two documents, a server's features, and a provider that takes its time."""

    def __init__(self, seed: int, home: Path) -> None:
        self.chance = random.Random(seed)
        self.rooms = rooms_with(self.stream, home, completion_offline="off", completion_debounce_ms=150)
        self.rooms.pursuits.grew = self.grew
        self.wanted = "".join(self.chance.choices("ab(x) =\n", k=200))
        """What the user means to type, and what a good answer therefore says."""
        self.typed = 0
        self.cursors: dict[str, int] = {}
        self.versions = dict.fromkeys(URIS, 1)
        self.history: dict[str, list[str]] = {uri: [] for uri in URIS}
        self.said: list[Said] = []
        self.requests: dict[asyncio.Task[None], str] = {}
        self.answered: set[tuple[str, int, int]] = set()
        self.on_screen: dict[str, tuple[Snapshot, Suggestion]] = {}
        self.shown = 0

    async def stream(self, request: ProviderRequest, asked: Snapshot) -> AsyncGenerator[StreamEvent, None]:
        chance, said = self.chance, Said(asked)
        self.said.append(said)
        await asyncio.sleep(chance.choice((0.0, 0.05, 0.3, 2.0, 12.0)))
        if chance.random() < 0.1:
            yield Failed(ProviderFault("Made up.", kind="server", status=500))
            return
        yield Opened(None)
        good = chance.random() < 0.7
        answer = self.wanted[self.typed :][:30] if good else "".join(chance.choices("ab(x) =\n", k=20))
        while answer:
            size = chance.randrange(1, 8)
            said.text += answer[:size]
            yield TextDelta(answer[:size])
            answer = answer[size:]
            await asyncio.sleep(chance.choice((0.0, 0.0, 0.01, 0.1, 1.0, 3.0)))
        yield Stopped("stop")

    async def request(self, uri: str, *, invoked: bool) -> None:
        if uri not in self.rooms.documents:
            return  # closed in the same moment
        document = self.rooms.documents.get(uri)
        snapshot = self.rooms.documents.snapshot(uri, document.position_at(self.cursors[uri]))
        self.check(snapshot, await complete(self.rooms, snapshot, invoked=invoked))

    def check(self, snapshot: Snapshot, found: Suggestion | None) -> None:
        if found is None:
            return
        uri = snapshot.uri
        assert uri in self.rooms.documents, "a suggestion for a closed document"
        assert self.rooms.documents.get(uri).text == snapshot.text, "a suggestion for a text that is no more"
        assert found.text.strip()
        outcome = accepted(snapshot, found)
        asked = [said for said in self.said if said.asked.uri == uri]
        fits = any(outcome in said.outcomes(said.text) or said.between(snapshot, outcome) for said in asked)
        assert fits, f"{found!r} fits nothing that was said"
        self.answered.add((uri, snapshot.version, snapshot.end))
        self.on_screen[uri] = (snapshot, found)
        self.shown += 1

    def grew(self, grown: Grown) -> None:
        assert grown.version == self.rooms.documents.get(grown.uri).version, "a notice for an older version"
        assert (grown.uri, grown.version, grown.offset) in self.answered, "a notice for what was never shown"
        if self.chance.random() < 0.7 and self.cursors.get(grown.uri) == grown.offset:
            self.ask(grown.uri)

    def ask(self, uri: str) -> None:
        task = asyncio.get_running_loop().create_task(self.request(uri, invoked=self.chance.random() < 0.3))
        self.requests[task] = uri

    def change(self, uri: str, text: str, cursor: int) -> None:
        """As editors do: all of the text, or the part that differs."""
        document = self.rooms.documents.get(uri)
        old = document.text
        self.history[uri].append(old)
        self.versions[uri] += 1
        self.cursors[uri] = cursor
        self.on_screen.pop(uri, None)
        same = next((n for n, (a, b) in enumerate(zip(old, text, strict=False)) if a != b), min(len(old), len(text)))
        whole = self.chance.random() < 0.1
        span = None if whole else (document.position_at(same), document.position_at(len(old)))
        edit(self.rooms, uri, self.versions[uri], Change(span, text if whole else text[same:]))
        assert document.text == text

    def act(self) -> None:
        chance = self.chance
        uri = URIS[chance.random() < 0.2]
        if uri not in self.rooms.documents:
            self.rooms.documents.open(uri, "python", self.versions[uri], "a = b\n")
            self.cursors[uri] = chance.randrange(7)
        text, at = self.rooms.documents.get(uri).text, self.cursors[uri]
        match chance.randrange(14):
            case 0 | 1 | 2 | 3 | 4:
                self.change(uri, text[:at] + self.wanted[self.typed % 200] + text[at:], at + 1)
                self.typed += 1
            case 5:
                self.change(uri, text[:at] + chance.choice("ab\n(") + text[at:], at + 1)
            case 6 if at:
                self.change(uri, text[: at - 1] + text[at:], at - 1)
            case 7:
                self.cursors[uri] = chance.randrange(len(text) + 1)
            case 8 if self.history[uri]:
                text = self.history[uri].pop()
                self.change(uri, text, min(at, len(text)))
            case 9 if self.requests:
                chance.choice(list(self.requests)).cancel()
            case 10 if uri in self.on_screen:
                snapshot, found = self.on_screen[uri]
                if snapshot.text == text and snapshot.end == at:
                    new = accepted(snapshot, found)
                    self.change(uri, new, len(new) - len(text) + at)
            case 11 if chance.random() < 0.1:
                self.on_screen.pop(uri, None)
                close(self.rooms, uri)
                return
            case 12:  # an edit behind the cursor, by another tool
                self.change(uri, text + "c", at)
        if chance.random() < 0.7:
            self.ask(uri)

    async def play(self) -> int:
        """Returns how many suggestions were shown."""
        for _ in range(self.chance.randrange(10, 40)):
            self.act()
            pause = self.chance.choice(PAUSES)
            if pause or self.chance.random() < 0.5:
                await asyncio.sleep(pause)
            self.look()
        while self.requests:
            await asyncio.wait(self.requests)
            self.look()
        for uri in URIS:
            close(self.rooms, uri) if uri in self.rooms.documents else None
        await asyncio.sleep(30)
        rooms = self.rooms
        assert not len(rooms.pursuits)
        assert not len(rooms.inflight)
        assert not len(rooms.suggestions)
        assert rooms.live == 0
        assert asyncio.all_tasks() == {asyncio.current_task()}, "work that nobody waits for"
        await rooms.aclose()
        return self.shown

    def look(self) -> None:
        """Raise what a request raised. Those that were cancelled are over."""
        for task in [task for task in self.requests if task.done()]:
            del self.requests[task]
            if not task.cancelled():
                task.result()


def accepted(snapshot: Snapshot, found: Suggestion) -> str:
    """The document after accepting."""
    return snapshot.text[: snapshot.end - found.replaces] + found.text + snapshot.text[snapshot.end :]


@pytest.mark.parametrize("part", range(PARTS))
def test_nothing_is_shown_that_does_not_fit(part: int, tmp_path: Path) -> None:
    async def play(seed: int) -> int:
        return await Interleaving(seed, tmp_path).play()

    shown = 0
    for seed in range(part, COUNT, PARTS):
        try:
            shown += run(play(seed))
        except BaseException as failure:
            failure.add_note(f"seed {seed}")
            raise
    assert shown > COUNT // PARTS, "hardly anything was shown, so hardly anything was tested"
