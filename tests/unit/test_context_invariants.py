"""The promises of the shared context, held after random edits, opens, closes and cold moments."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from cachewise.context.blocks import rendered
from cachewise.context.chunks import Chunk
from cachewise.context.copies import File
from cachewise.context.differences import split_lines
from cachewise.context.frames import sendable, visible
from cachewise.context.layout import SharedContext
from cachewise.context.pieces import Piece
from cachewise.context.rent import Ratios
from cachewise.context.system import SYSTEM
from cachewise.context.tail import AnyTail, CompletionTail, Rendered, TailSpec
from cachewise.context.tokens import TokenEstimator
from cachewise.context.window import line_at
from cachewise.model.plan import PromptPlan, Stability
from cachewise.model.snapshot import Snapshot
from support.contexts import lines, piece, snapshot, traits
from support.examples import examples
from support.prompts import frames_of, rebuild

NAMES = ("a.py", "b.py", "deep/c.py", "d <x>.py", 'e"\n.py', ".env")
FRAGMENTS = (
    "x = 1\n", "def f():\n", "\n", "    return 2", "\r\n", "\r", "same\n", "same\n", "é", "\u202e", "👩\u200d👧",
    "<|cursor|>", "</file 00000000>\n", "</change ", '<file 12345678 name="a.py" lines="1-1">\n', "\\", '"', "\f",
    "long " * 30 + "\n", "unlike\n", "\U000e0041",
)  # fmt: skip
ROOMY = 100_000
texts = st.lists(st.sampled_from(FRAGMENTS), max_size=30).map("".join)
documents = st.tuples(texts, st.integers(0, 150), texts).map(lambda parts: parts[0] + lines(parts[1]) + parts[2])
few = st.lists(st.sampled_from(FRAGMENTS), max_size=2).map("".join)


@dataclass
class Screen:
    """An editor with some open documents, and what the last plan was."""

    context: SharedContext
    budget: int
    style: str
    ratios: Ratios
    texts: dict[str, str] = field(default_factory=dict)
    imports: dict[str, str] = field(default_factory=dict)
    last: PromptPlan | None = None


class Remembering(SharedContext):
    """Holds all that is kept from before against what comes out when it is made anew."""

    def _shown(self, snapshot: Snapshot, tail: AnyTail, current: File) -> tuple[dict[str, str], Rendered]:
        found = super()._shown(snapshot, tail, current)
        assert found == rendered(self._prefix, snapshot, tail, current)
        assert current.line == line_at(snapshot.text, snapshot.end)
        for file in self._prefix.files.values():
            assert list(file.lines) == split_lines(visible(file.text))
        for chunk in self._prefix.chunks:
            block = chunk.block(self.estimator)
            fresh = Chunk(chunk.files, chunk.text, chunk.stability, chunk.edits, chunk.number).block(self.estimator)
            assert (block, block.digest) == (fresh, fresh.digest)
        return found


@st.composite
def moves(draw: st.DrawFn) -> tuple[str, str, int, int, str]:
    """A kind of move, a file, two places in it as thousandths, and a text."""
    kind = draw(
        st.sampled_from(("edit", "edit", "edit", "open", "close", "cold", "tepid", "import", "learn", "select", "swap"))
    )
    places = sorted((draw(st.integers(0, 1000)), draw(st.integers(0, 1000))))
    if kind == "edit" and draw(st.booleans()):
        places[1] = min(places[0] + 3, 1000)
    text = draw(few if kind == "edit" else documents)
    return kind, draw(st.sampled_from(NAMES[:-1])), places[0], places[1], text


def check(screen: Screen, name: str, tail: AnyTail, start: int, end: int, *, kind: str = "") -> None:
    """Plan a request, and hold all promises."""
    text = screen.texts[name]
    others = [piece(n, t) for n, t in screen.texts.items() if n != name]
    imported = [
        replace(piece(n, t, is_open=False), signatures="".join(split_lines(t)[::5])) for n, t in screen.imports.items()
    ]
    visited = [
        Piece(name=f"{n} (lines 1-9)", text=t[:150], path=None, key=f"{n}\0{len(t) // 500}", part_of=n)
        for n, t in screen.texts.items()
        if n != name
    ]
    secret = Piece(name=".env", text="CANARY-7f3a\n", path="/ws/project/.env", open=True)
    plan = screen.context.plan(
        snapshot(name, text, (start, end)),
        [*others, secret, *imported, *visited],
        tail,
        replace(traits(), style=screen.style),  # type: ignore[arg-type]
        screen.budget,
        ttl="1h" if screen.budget % 3 else "5m",
        cold=kind == "cold",
        working_cold=kind in ("cold", "tepid"),
        ratios=screen.ratios,
    )
    check_rebuilt(plan, screen, name, text)
    last, screen.last = screen.last, plan
    extends = last is None or [b.text for b in plan.prefix][: len(last.prefix)] == [b.text for b in last.prefix]
    assert extends == (plan.moved is None), plan.moved
    if last is not None and plan.moved is not None:
        assert plan.moved.partition(": ")[0] in {block.name for block in last.blocks}
    files = [block for block in plan.prefix if block.stability is not Stability.FIXED]
    assert sum(block.tokens for block in files) <= max(0, screen.budget - plan.blocks[0].tokens)
    assert plan.blocks[0].text == SYSTEM
    assert not any("CANARY" in block.text for block in plan.blocks)
    for block in plan.blocks[1:]:
        found, outside = frames_of(block.text)
        assert block.stability is Stability.TAIL or (found and not outside)
        assert not any(fragment in outside for fragment in ("x = 1", "same", "return 2", "</", "<file"))
        assert all(frame.identity not in frame.data for frame in found)
    assert len(plan.marks) <= 4
    assert all(plan.blocks[index].stability is not Stability.TAIL for index in plan.marks)


def check_rebuilt(plan: PromptPlan, screen: Screen, name: str, text: str) -> None:
    """The prompt gives the document back: all of it where it fits, else the part of it that was frozen."""
    rebuilt = rebuild(plan, visible(name))
    if screen.budget == ROOMY:
        assert rebuilt == text
    else:
        assert rebuilt is None or rebuilt in text


@settings(max_examples=examples(60), deadline=None)
@given(
    first=documents,
    script=st.lists(moves(), min_size=8, max_size=30),
    style=st.sampled_from(("control", "breakpoint", "automatic", "none")),
    budget=st.sampled_from((ROOMY, ROOMY, 1_600, 2_400)),
    ratios=st.sampled_from((Ratios(), Ratios(read=0.05), Ratios(write=1.0), Ratios(write=1_000.0), Ratios(write=2.0))),
)
def test_promises_hold_after_any_moves(
    first: str, script: list[tuple[str, str, int, int, str]], style: str, budget: int, ratios: Ratios
) -> None:
    estimator = TokenEstimator(0.28)
    screen = Screen(Remembering("project", estimator), budget, style, ratios, {"a.py": first})
    current = "a.py"
    check(screen, current, CompletionTail(), 0, 0)
    for kind, name, low, high, text in script:
        before = screen.texts[current]
        start, end = len(before) * low // 1000, len(before) * high // 1000
        tail: AnyTail = CompletionTail(before=low % 200, after=high % 100, single_line=low % 2 == 0)
        if kind == "edit":
            screen.texts[current] = before[:start] + text + before[end:]
            start = end = start + len(text)
        elif kind == "swap":
            screen.texts[current] = before[end:] + text + before[:start]
            start = end = 0
        elif kind == "open":
            screen.texts.setdefault(name, text)
            current, start, end = name, 0, 0
        elif kind == "close" and len(screen.texts) > 1:
            screen.texts.pop(name, None)
            current, start, end = next(iter(screen.texts)), 0, 0
        elif kind == "import" and name not in screen.texts:
            screen.imports[f"lib/{name}"] = text
        elif kind == "learn":
            estimator.learn(1000, 700 + low)
        elif kind == "select":
            tail = TailSpec(kind="ask", question=text, diagnostics=(text,), enclosing=(start, end))
        check(screen, current, tail, start, end, kind=kind)


@settings(max_examples=300, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"])), st.sampled_from(("x", "</file ", "\n", "")))
def test_text_that_may_be_sent_is_not_altered(text: str, more: str) -> None:
    assert sendable(text + more) == text + more
