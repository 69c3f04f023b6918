from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cachewise.context.copies import File
from cachewise.context.journal import MOST_BLOCKS, due, sends_before_telling, worst_ratio
from cachewise.context.rent import Ratios
from cachewise.context.tail import CompletionTail, TailSpec
from cachewise.model.plan import PromptPlan, Stability
from cachewise.simulator.account import Account, Charge
from cachewise.simulator.prompt import Prompt, PromptBlock
from cachewise.simulator.tokens import count_tokens
from support.contexts import Desk, big, changed_files, file_blocks, lines, piece, prefix_texts, snapshot, traits
from support.examples import examples
from support.prompts import Frame, frames_of, rebuild

MAIN = lines(300, "main")
TOP = MAIN.index("main number 00010")
CLAUDE = Ratios()


def edits_of(plan: PromptPlan) -> list[Frame]:
    found = [frame for block in plan.prefix[1:] for frame in frames_of(block.text)[0] if frame.kind == "edit"]
    assert all(block.stability is Stability.JOURNAL for block in plan.prefix[1:] if "<edit " in block.text)
    return found


def typed(text: str, at: int, put: str = "NEW ") -> tuple[str, int]:
    return text[:at] + put + text[at:], at + len(put)


def test_an_edit_costs_nothing_while_the_window_shows_it() -> None:
    desk = Desk()
    first = desk.ask(snapshot("main.py", MAIN, TOP))
    text, cursor = MAIN, TOP
    for key in "typed by hand":
        text, cursor = typed(text, cursor, key)
        plan = desk.ask(snapshot("main.py", text, cursor))
        assert prefix_texts(plan) == prefix_texts(first)
        assert [block.name for block in plan.blocks[-2:]] == ["file main.py", "tail"]
        assert rebuild(plan, "main.py") == text


def test_an_edit_is_told_once_the_cursor_has_left_it() -> None:
    desk = Desk()
    first = desk.ask(snapshot("main.py", MAIN, TOP))
    text, cursor = typed(MAIN, TOP)
    desk.ask(snapshot("main.py", text, cursor))
    away = desk.ask(snapshot("main.py", text, len(text)))
    assert away.moved is None
    assert prefix_texts(away)[:-1] == prefix_texts(first)
    assert [(f.attributes, f.data) for f in edits_of(away)] == [
        ({"file": "main.py", "replaces": "11-11"}, "NEW main number 00010 = 10\n")
    ]
    assert changed_files(away) == []
    assert max(away.marks) == len(away.prefix) - 1
    again = desk.ask(snapshot("main.py", text, len(text) - 100))
    assert prefix_texts(again) == prefix_texts(away), "it is told once"
    assert rebuild(again, "main.py") == text


def test_later_edits_count_from_what_was_told() -> None:
    desk = Desk()
    desk.ask(snapshot("main.py", MAIN, 0))
    text = "one\ntwo\n" + MAIN
    desk.ask(snapshot("main.py", text, len(text)))
    text = text.replace("main number 00020 = 20\n", "")
    desk.ask(snapshot("main.py", text, len(text)))
    text = text.replace("two\n", "two and a half\n")
    plan = desk.ask(snapshot("main.py", text, len(text)))
    assert [(f.attributes, f.data) for f in edits_of(plan)] == [
        ({"file": "main.py", "after": "0"}, "one\ntwo\n"),
        ({"file": "main.py", "replaces": "23-23", "deleted": "yes"}, ""),
        ({"file": "main.py", "replaces": "2-2"}, "two and a half\n"),
    ]
    assert file_blocks(plan) == ["file main.py", *(f"journal {number} of main.py" for number in (1, 2, 3))]
    assert rebuild(plan, "main.py") == text


def test_places_that_are_told_together_are_counted_from_the_last_one_up() -> None:
    desk = Desk()
    desk.ask(snapshot("main.py", MAIN, 0))
    text = MAIN.replace("00010 =", "ten\n=").replace("00100 =", "hundred\n=")
    plan = desk.ask(snapshot("main.py", text, len(text)))
    assert [f.attributes["replaces"] for f in edits_of(plan)] == ["101-101", "11-11"]
    assert file_blocks(plan) == ["file main.py", "journal 1 of main.py"], "one block a request"
    assert rebuild(plan, "main.py") == text


def test_the_tail_counts_from_what_the_journal_left() -> None:
    desk = Desk()
    desk.ask(snapshot("main.py", MAIN, 0))
    text = "one\ntwo\n" + MAIN
    desk.ask(snapshot("main.py", text, len(text)))
    plan = desk.ask(snapshot("main.py", text, text.index("main number 00100")))
    frame = frames_of(plan.blocks[-1].text)[0][0]
    first, last = (int(number) for number in frame.attributes["replaces"].split("-"))
    assert first < 103 <= last
    assert "now" not in frame.attributes


def test_a_selection_that_is_named_says_that_the_copy_was_edited() -> None:
    desk = Desk()
    desk.ask(snapshot("main.py", MAIN, 0))
    text = "one\n" + MAIN
    chosen = (text.index("main number 00100"), text.index("main number 00250"))
    plan = desk.ask(snapshot("main.py", text, chosen), tail=TailSpec())
    assert "in lines 102-251 of the copy, as edited, above" in plan.blocks[-1].text


def test_files_that_are_opened_come_behind_the_journal() -> None:
    desk = Desk()
    desk.ask(snapshot("main.py", MAIN, 0), [big("a")])
    text = "new\n" + MAIN
    desk.ask(snapshot("main.py", text, len(text)), [big("a")])
    plan = desk.ask(snapshot("b.py", big("b").text, 0), [big("a"), piece("main.py", text)])
    assert plan.moved is None
    assert file_blocks(plan) == ["file a.py", "file main.py", "journal 1 of main.py", "file b.py"]
    assert [rebuild(plan, name) for name in ("main.py", "b.py")] == [text, big("b").text]
    cold = desk.ask(snapshot("b.py", big("b").text, 0), [big("a"), piece("main.py", text)], cold=True)
    assert file_blocks(cold) == ["file a.py", "file main.py", "file b.py"]
    assert rebuild(cold, "main.py") == text


def test_what_a_rewrite_drops_of_other_files_is_told_again() -> None:
    """The journal stands behind all copies; when the last copy is written anew, edits of the others stay told."""
    desk = Desk()
    others = [big("a"), big("b")]
    desk.ask(snapshot("main.py", MAIN, 0), others)
    edited = [piece("a.py", big("a").text.replace("00100", "HUNDRED")), big("b")]
    desk.ask(snapshot("main.py", MAIN, 0), edited)
    plan = None
    while plan is None or plan.moved is None:
        text = lines(30, f"top {plan and len(plan.blocks)}") + MAIN
        plan = desk.ask(snapshot("main.py", text, len(text)), edited)
        assert rebuild(plan, "a.py") == edited[0].text
        assert rebuild(plan, "main.py") == text
        assert len(plan.blocks) < 40
    assert plan.moved.startswith("file main.py: ")
    assert file_blocks(plan) == ["file a.py", "file b.py", "file main.py", "journal 1 of a.py"]


def test_a_change_of_everything_is_written_as_a_new_copy_at_once() -> None:
    desk = Desk()
    desk.ask(snapshot("main.py", lines(1_000), 0), [big("a")])
    text = "".join(f"    {line}\n" for line in lines(1_000).splitlines())
    plan = desk.ask(snapshot("main.py", text, len(text)), [big("a")])
    assert plan.moved is not None
    assert not edits_of(plan)
    assert rebuild(plan, "main.py") == text


def test_what_does_not_fit_stays_in_the_tail() -> None:
    desk = Desk(max_tokens=3_300)
    desk.ask(snapshot("main.py", MAIN, 0))
    text = lines(120, "top") + MAIN
    plan = desk.context.plan(
        snapshot("main.py", text, len(text)), [], CompletionTail(), desk.traits, 3_300, ratios=Ratios(write=1.9)
    )
    assert sum(block.tokens for block in plan.prefix) <= 3_300
    rebuilt = rebuild(plan, "main.py")
    assert rebuilt is None or rebuilt in text


def test_the_journal_does_not_grow_without_end() -> None:
    desk = Desk(max_tokens=100_000)
    text = lines(3_000, "main")
    desk.ask(snapshot("main.py", text, 0))
    blocks = []
    for step in range(MOST_BLOCKS + 10):
        text = text.replace(f"{step * 10:05d} =", "edited =")
        plan = desk.ask(snapshot("main.py", text, len(text)))
        blocks.append(sum(block.stability is Stability.JOURNAL for block in plan.prefix))
        assert rebuild(plan, "main.py") == text
    assert max(blocks) <= MOST_BLOCKS


def test_invisible_characters_are_told_by_the_tail_only() -> None:
    desk = Desk()
    desk.ask(snapshot("main.py", MAIN, 0))
    text = MAIN.replace("00010", "\u202e10").replace("00100", "hundred")
    plan = desk.ask(snapshot("main.py", text, len(text)))
    assert [f.attributes["replaces"] for f in edits_of(plan)] == ["101-101"]
    assert changed_files(plan) == ["main.py"]
    assert rebuild(plan, "main.py") == text


def test_where_nothing_is_cached_nothing_is_told() -> None:
    desk = Desk(style=traits("none"))
    desk.ask(snapshot("main.py", MAIN, 0))
    text = "new\n" + MAIN
    plan = desk.ask(snapshot("main.py", text, len(text)))
    assert not edits_of(plan)
    assert changed_files(plan) == ["main.py"]


@pytest.mark.parametrize(
    ("ratios", "sends", "bound"),
    [
        pytest.param(CLAUDE, 0, 1.25, id="Claude"),
        pytest.param(Ratios(read=0.05), 0, 1.25, id="cheap reads"),
        pytest.param(Ratios(read=0.1, write=1.0), 0, 1.0, id="no write price"),
        pytest.param(Ratios(read=0.1, write=2.0), 1, 1.5, id="writes for an hour"),
        pytest.param(Ratios(read=0.5, write=1.0), 0, 1.0, id="half price"),
        pytest.param(Ratios(read=1.0, write=1.25), 1_000, 2.0, id="reading saves nothing"),
    ],
)
def test_sends_before_telling(ratios: Ratios, sends: int, bound: float) -> None:
    assert sends_before_telling(ratios) == sends
    assert worst_ratio(sends, ratios) <= bound + 1e-9


@given(st.floats(0.01, 0.95), st.floats(0.5, 200), st.integers(1, 400))
def test_the_rule_stays_within_its_bound(read: float, write: float, requests: int) -> None:
    """For a change that lasts so many requests, against the best that knows how many."""
    ratios = Ratios(read=read, write=write)
    sends = sends_before_telling(ratios)
    paid = requests if requests <= sends else sends + write + (requests - sends - 1) * read
    best = min(requests, write + (requests - 1) * read)
    assert paid <= max(1.0, worst_ratio(sends, ratios)) * best + 1e-6


def test_dear_writes_wait_for_each_change_apart() -> None:
    file = File(key="f", name="f", path=None, text=MAIN, open=True)
    file.freeze()
    twice = Ratios(read=0.1, write=2.0)

    def told(text: str) -> list[int]:
        file.text = text
        file.follow(is_current=True)
        assert file.copy is not None
        return [file.tell(region).start for region in due(file, file.copy.regions, None, twice)]

    one = MAIN.replace("00010", "ten")
    assert told(one) == []
    two = one.replace("00100", "hundred")
    assert told(two) == [10], "the second change was not sent before"
    three = two.replace("hundred", "HUNDRED")
    assert told(three) == [], "it changed again"
    assert told(three) == [100]


def reckoned(account: Account, plan: PromptPlan, model: str) -> Charge:
    blocks = tuple(
        PromptBlock(role=block.role, text=block.text, opens_message=index < 2, mark=plan.marks.get(index))
        for index, block in enumerate(plan.blocks)
    )
    prompt = Prompt(wire="openrouter", model=model, blocks=blocks, stream=True, max_tokens=1, session_id="s")
    receipt = account.open(prompt, "one")
    account.commit(receipt)
    return receipt.charge


@pytest.mark.parametrize(
    ("style", "model"),
    [
        pytest.param("control", "anthropic/claude-sonnet-4.5", id="marks"),
        pytest.param("automatic", "openai/gpt-5", id="steps of 128"),
    ],
)
@settings(max_examples=examples(8), deadline=None)
@given(seed=st.integers(0, 10_000))
def test_what_the_prefixes_share_is_read_from_the_cache(style: str, model: str, seed: int) -> None:
    """The rolling mark is always found again, whatever is edited, opened and rewritten."""
    chance = random.Random(seed)
    desk = Desk(style=traits(style, minimum=1024))  # type: ignore[arg-type]
    account = Account(lambda: 0.0)
    pieces = [big(name) for name in "abc"]
    text = lines(200, "main")
    last: PromptPlan | None = None
    for _ in range(40):
        at = chance.randrange(len(text))
        if chance.random() < 0.8:
            text = text[:at] + chance.choice(("x", "new line\n", "def f():\n    return 1\n")) + text[at + 1 :]
        if chance.random() < 0.1:
            pieces.append(big(f"opened{len(pieces)}"))
        plan = desk.ask(snapshot("main.py", text, chance.randrange(len(text))), pieces)
        charge = reckoned(account, plan, model)
        assert rebuild(plan, "main.py") == text
        if last is not None and plan.moved is None:
            held = sum(count_tokens(block.text) for block in last.prefix)
            assert charge.read >= held - 128 * (style == "automatic")
        last = plan
