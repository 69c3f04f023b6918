"""Replays a recording of typing on a virtual clock: what is asked, shown, taken and paid, by cachewise and by others.

    python bench/keystrokes.py RECORDING.json.gz [--from 6000] [--keys 3000] [--only NAME] [--plot SHOWN.svg]

cachewise is its real features in this process; the others are the rules in `rules.py`. All ask the same simulated
provider (`metered.py`) with the same prompts, and the same person types: an editor asks after each key and drops the
question before it. A suggestion is taken when it has been on the screen for a quarter of a second, and what it leads to
is what the person did type; the keys that it spares are left out. Exit status 0 whatever the figures are.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.bars import bars
from bench.keys import Model, State, states
from bench.metered import Bill, Metered
from bench.modelled import Modelled, Text
from bench.recordings import load
from bench.rules import RULES, Rule

from cachewise.features.accepted import accepted
from cachewise.features.complete import complete
from cachewise.features.pursuits import Grown
from cachewise.features.rooms import Rooms
from cachewise.model.snapshot import Snapshot
from cachewise.session.documents import Change
from cachewise.simulator.tokens import TokenTable
from support.offhand import edit, rooms_with
from support.virtual import run

URI = "untitled:typed"
READING = 0.25
"""Seconds that a suggestion has to stand before it is taken."""
_TICK = 1e-3
"""Seconds; less are lost in the digits of a clock that has run for weeks."""
LEAST = 4
"""Characters that it has to spare at least."""


@dataclass(slots=True)
class Figures:
    """What came of one replay."""

    name: str
    bill: Bill
    asked: int = 0
    answered: int = 0
    reused: int = 0
    keys: int = 0
    on_screen: int = 0
    right: int = 0
    """Keys before which what was shown begins with what the key brought."""
    taken: int = 0
    characters: int = 0

    @property
    def per_thousand(self) -> float:
        """Dollars for a thousand characters that were taken."""
        return self.bill.dollars / self.characters * 1000 if self.characters else float("inf")


class Person:
    """Types what was typed, looks at what is shown, and takes it where it is right."""

    def __init__(self, sequence: Sequence[State], model: Model, rooms: Rooms, figures: Figures) -> None:
        self.sequence = sequence
        self.model = model
        self.rooms = rooms
        self.figures = figures
        self.at = 0
        self.version = 1
        self.shown: tuple[str, float, str] | None = None
        """The document that accepting leads to, since when that has stood, and the text."""
        self._since: tuple[str, float] = ("", 0.0)
        self._asking: asyncio.Task[None] | None = None
        self._seen = asyncio.Event()
        rooms.documents.open(URI, "svelte", 1, sequence[0].text)

    async def suggest(self, snapshot: Snapshot) -> Text | None:
        """What the assistant says."""
        raise NotImplementedError

    async def type_all(self) -> None:
        """From the first key to the last."""
        loop = asyncio.get_running_loop()
        spared = 0.0
        while self.at + 1 < len(self.sequence):
            due = self.sequence[self.at + 1].time - spared
            taken = await self._look_until(max(due, loop.time()))
            if taken is not None:
                self.figures.taken += 1
                self.figures.characters += len(self.sequence[taken].text) - len(self.sequence[self.at].text)
                spared += max(0.0, self.sequence[taken].time - spared - loop.time())
                self._move(taken, taken=True)
            else:
                self._count_key()
                self._move(self.at + 1)
        if self._asking is not None:
            self._asking.cancel()
        await asyncio.sleep(0)

    async def _look_until(self, due: float) -> int | None:
        """Look at the screen until the next key is due. The state to go to, if a suggestion is taken before."""
        loop = asyncio.get_running_loop()
        while (left := due - loop.time()) > _TICK:
            if self.shown is not None:
                outcome, since, _ = self.shown
                later = self.model.reaches(self.at, outcome)
                worth = len(outcome) - len(self.sequence[self.at].text) >= LEAST
                if later is not None and worth:
                    wait = since + READING - loop.time()
                    if wait <= 0:
                        return later
                    left = min(left, wait)
            self._seen.clear()
            try:
                async with asyncio.timeout(left):
                    await self._seen.wait()
            except TimeoutError:
                continue
        return None

    def _count_key(self) -> None:
        figures, now, following = self.figures, self.sequence[self.at], self.sequence[self.at + 1]
        figures.keys += 1
        if self.shown is not None:
            figures.on_screen += 1
            typed = following.text[now.cursor : now.cursor + len(following.text) - len(now.text)]
            added = following.text == now.text[: now.cursor] + typed + now.text[now.cursor :]
            figures.right += bool(typed) and added and self.shown[2].startswith(typed)

    def _move(self, at: int, *, taken: bool = False) -> None:
        """The document becomes that of another state, and the editor asks."""
        old, new = self.sequence[self.at].text, self.sequence[at].text
        self.at, self.version, self.shown = at, self.version + 1, None
        edit(self.rooms, URI, self.version, difference(self.rooms, old, new))
        if taken:
            self.has_taken()
        self.ask()

    def has_taken(self) -> None:
        """The editor tells the assistant that its suggestion was taken."""

    def ask(self) -> None:
        """Ask for the state of this moment; the question before is dropped."""
        if self._asking is not None:
            self._asking.cancel()
        self.figures.asked += 1
        self._asking = asyncio.get_running_loop().create_task(self._ask())

    async def _ask(self) -> None:
        state, version = self.sequence[self.at], self.version
        document = self.rooms.documents.get(URI)
        snapshot = self.rooms.documents.snapshot(URI, document.position_at(state.cursor))
        found = await self.suggest(snapshot)
        if found is not None and version == self.version:
            base = state.text[: state.cursor - found.replaces]
            outcome = base + found.text + state.text[state.cursor :]
            now = asyncio.get_running_loop().time()
            if self._since[0] != outcome:
                self._since = outcome, now
            self.shown = outcome, self._since[1], found.text
            self.figures.answered += 1
            self._seen.set()


class WithCachewise(Person):
    """The person with cachewise."""

    def __init__(self, sequence: Sequence[State], model: Model, rooms: Rooms, figures: Figures) -> None:
        super().__init__(sequence, model, rooms, figures)
        rooms.pursuits.grew = self._grew
        self._ident = ""

    def has_taken(self) -> None:
        accepted(self.rooms, self._ident, None)

    async def suggest(self, snapshot: Snapshot) -> Text | None:
        sent = self.figures.bill.sent
        found = await complete(self.rooms, snapshot, invoked=False)
        if found is None:
            return None
        self.figures.reused += self.figures.bill.sent == sent
        self._ident = found.id
        return Text(found.text, found.replaces)

    def _grew(self, grown: Grown) -> None:
        if grown.version == self.version:
            self.ask()


class WithRule(Person):
    """The person with another assistant."""

    def __init__(
        self, sequence: Sequence[State], model: Model, rooms: Rooms, figures: Figures, assistant: Modelled
    ) -> None:
        super().__init__(sequence, model, rooms, figures)
        self._assistant = assistant

    async def suggest(self, snapshot: Snapshot) -> Text | None:
        return await self._assistant.suggest(snapshot)


def difference(rooms: Rooms, old: str, new: str) -> Change:
    """The one change that turns a document into another."""
    same = next((n for n, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    most = min(len(old), len(new)) - same
    tail = next((n for n in range(most) if old[len(old) - 1 - n] != new[len(new) - 1 - n]), most)
    document = rooms.documents.get(URI)
    span = (document.position_at(same), document.position_at(len(old) - tail))
    return Change(span, new[same : len(new) - tail])


async def replayed(
    name: str, rule: Rule | None, sequence: Sequence[State], model: Model, **settings: object
) -> Figures:
    """One assistant, from the first key to the last; None is cachewise, with these settings."""
    table = TokenTable(2_048)
    provider = Metered(model, table)
    figures = Figures(name, provider.bill)
    with tempfile.TemporaryDirectory(prefix="cachewise-bench-") as home:
        rooms = rooms_with(provider.stream, Path(home), **settings)
        if rule is None:
            await WithCachewise(sequence, model, rooms, figures).type_all()
        else:
            assistant = Modelled(rule, rooms, provider)
            await WithRule(sequence, model, rooms, figures, assistant).type_all()
            figures.reused = assistant.reused
            await assistant.close()
        await rooms.aclose()
    return figures


def table(rows: Sequence[Figures]) -> str:
    """The figures as a table."""
    head = ("", "keys", "requests", "cancelled", "reused", "on screen", "right", "taken", "characters", "$", "$/1000")
    cells = [
        (
            row.name, f"{row.keys:,}", f"{row.bill.sent:,}", f"{row.bill.cancelled:,}", f"{row.reused:,}",
            f"{row.on_screen / row.keys:.1%}", f"{row.right / row.keys:.1%}", f"{row.taken:,}", f"{row.characters:,}",
            f"{row.bill.dollars:.3f}", f"{row.per_thousand:.4f}",
        )
        for row in rows
    ]  # fmt: skip
    widths = [max(len(row[column]) for row in (head, *cells)) for column in range(len(head))]
    return "\n".join(
        "  ".join(c.rjust(w) if n else c.ljust(w) for n, (c, w) in enumerate(zip(row, widths, strict=True)))
        for row in (head, *cells)
    )


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description="What is asked, shown, taken and paid while somebody types.")
    parser.add_argument("recording", type=Path)
    parser.add_argument("--from", dest="start", type=int, default=6_000, help="leave so many keys out at the start")
    parser.add_argument("--keys", type=int, default=3_000, help="so many keys")
    parser.add_argument("--right", type=float, default=0.5, help="the share of places where the model is right")
    parser.add_argument("--debounce", type=int, help="cachewise's `completion.debounceMs`; default: its own")
    parser.add_argument("--only", help="assistants whose names begin so")
    parser.add_argument("--plot", type=Path, help="write a picture of the shares and costs to this SVG file")
    options = parser.parse_args()
    sequence = states(load(options.recording), options.start, options.keys)
    model = Model(sequence, options.right)
    settings = {} if options.debounce is None else {"completion_debounce_ms": options.debounce}
    chosen: list[tuple[str, Rule | None, str]] = [
        ("cachewise", None, "off"),
        ("cachewise, built-in completer first", None, "auto"),
        *((rule.name, rule, "off") for rule in RULES),
    ]
    rows = []
    for name, rule, offline in chosen:
        if name.startswith(options.only or ""):
            print(f"replaying {name} ...", file=sys.stderr, flush=True)
            rows.append(run(replayed(name, rule, sequence, model, completion_offline=offline, **settings)))
    print(table(rows))
    print("\n" + "\n".join(f"{rule.name}: {rule.source}" for rule in RULES))
    if options.plot is not None:
        options.plot.write_text(bars(rows), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
