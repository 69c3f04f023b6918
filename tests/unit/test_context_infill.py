"""Plans for fill-in-the-middle: the same context in the same order, as it is, with the text around the cursor."""

from __future__ import annotations

import random

import pytest

from cachewise.context.frames import frame, unframed
from cachewise.context.infill import AFTER, BEFORE, STEP
from cachewise.context.tail import CompletionTail, InfillTail
from cachewise.model.plan import Infill, PromptPlan, Stability
from support.contexts import Desk, big, lines, piece, prefix_texts, snapshot, traits
from support.prompts import frames_of

MAIN = lines(400, "main")
AUTOMATIC = traits("automatic")


def desk() -> Desk:
    return Desk(style=AUTOMATIC)


def filled(plan: PromptPlan) -> Infill:
    assert plan.infill is not None
    return plan.infill


def at(line: int, text: str = MAIN, character: int = 4) -> int:
    """The offset of a place."""
    return sum(map(len, text.splitlines(keepends=True)[:line])) + character


@pytest.mark.parametrize("text", ["", "x", "x\n", "\n", "</file 1>\n<", 'a"\n\nb', "é\r\n", " noeol>\nx"])
def test_a_frame_gives_its_data_back(text: str) -> None:
    assert unframed(frame("file", text, {"name": 'a"\n<.py', "lines": "1-2"})) == text


def test_it_holds_what_a_prompt_in_words_holds_and_in_its_order() -> None:
    pieces = [big("a"), piece("small.py", "s = 1\n"), big("b")]
    words = desk().ask(snapshot("main.py", MAIN, at(200)), pieces, CompletionTail())
    plan = desk().ask(snapshot("main.py", MAIN, at(200)), pieces, InfillTail())
    told = [(f.attributes["name"], f.data) for block in words.prefix[1:] for f in frames_of(block.text)[0]]
    assert list(filled(plan).extra) == told
    assert [name for name, _ in told] == ["a.py", "small.py", "b.py", "main.py"]
    assert [block.name for block in plan.prefix] == [block.name for block in words.prefix[1:]]
    assert [block.stability for block in plan.blocks] == [block.stability for block in words.blocks[1:]]
    assert plan.marks == {}
    assert words.infill is None
    assert "<file" not in "".join(block.text for block in plan.blocks)


def test_the_blocks_count_what_is_sent() -> None:
    plan = desk().ask(snapshot("main.py", MAIN, at(200)), [big("a")], InfillTail())
    infill = filled(plan)
    sent = sum(len(name) + len(text) for name, text in infill.extra) + len(infill.prefix) + len(infill.suffix)
    assert sent <= sum(len(block.text) for block in plan.blocks) <= sent + 2 * len(infill.extra)
    assert plan.blocks[-1].text == infill.prefix + infill.suffix


@pytest.mark.parametrize("line", [0, 1, STEP - 1, STEP, 2 * STEP, 200, 399])
def test_the_text_around_the_cursor(line: int) -> None:
    cursor = at(line)
    infill = filled(desk().ask(snapshot("main.py", MAIN, cursor), [], InfillTail()))
    assert MAIN[:cursor].endswith(infill.prefix)
    assert MAIN[cursor:].startswith(infill.suffix)
    first = MAIN.count("\n", 0, cursor - len(infill.prefix))
    assert first == max(0, line // STEP - 1) * STEP
    assert len(infill.suffix) <= AFTER
    assert infill.suffix.endswith("\n")


@pytest.mark.parametrize(
    ("text", "cursor"),
    [("", 0), ("x", 1), ("x" * 9_000, 8_000), ("\r\n" * 100, 151), ("a\rb\rc", 3), ("y" * 5_000 + "\nz", 5_002)],
)
def test_odd_texts(text: str, cursor: int) -> None:
    infill = filled(desk().ask(snapshot("main.py", text, cursor), [], InfillTail()))
    assert text[:cursor].endswith(infill.prefix)
    assert text[cursor:].startswith(infill.suffix)
    assert len(infill.prefix) <= BEFORE + 1_000


def test_typing_moves_neither_the_prefix_nor_the_start_of_the_text_before_the_cursor() -> None:
    here, text = desk(), MAIN
    plans = []
    for step in range(12):
        cursor = at(200 + step, text, 0)
        text = text[:cursor] + f"new_{step} = {step}\n" + text[cursor:]
        plans.append(here.ask(snapshot("main.py", text, at(200 + step, text, 6)), [big("a")], InfillTail()))
    starts = {text.index(filled(plan).prefix[:200]) for plan in plans}
    assert len(starts) == 1
    assert all(plan.moved is None for plan in plans)
    assert all(filled(plan).extra == filled(plans[0]).extra for plan in plans)


def test_an_edit_elsewhere_is_shown_once_it_has_left_the_window() -> None:
    here = desk()
    first = here.ask(snapshot("main.py", MAIN, at(20)), [big("a")], InfillTail())
    edited = MAIN.replace("main number 00020", "canary number 00020")
    near = here.ask(snapshot("main.py", edited, at(21, edited)), [big("a")], InfillTail())
    far = here.ask(snapshot("main.py", edited, at(300, edited)), [big("a")], InfillTail())
    again = here.ask(snapshot("main.py", edited, at(300, edited)), [big("a")], InfillTail())
    canary = ("main.py", "canary number 00020 = 20\n")
    assert canary not in filled(near).extra
    assert "canary" in filled(near).prefix
    assert filled(far).extra == filled(again).extra == (*filled(first).extra, canary)
    assert prefix_texts(again)[: len(first.prefix)] == prefix_texts(first)


def test_deleted_and_blank_text_is_no_extra() -> None:
    here = desk()
    here.ask(snapshot("main.py", MAIN, at(20)), [], InfillTail())
    shorter = MAIN.replace("main number 00020 = 20\n", "\n")
    plan = here.ask(snapshot("main.py", shorter, at(300, shorter)), [piece("blank.py", " \n\n")], InfillTail())
    assert all(text.strip() for _, text in filled(plan).extra)


def test_it_shares_the_copies_with_prompts_in_words() -> None:
    """Both are planned from one prefix, so that what one has frozen the other shows too."""
    here = desk()
    here.ask(snapshot("main.py", MAIN, at(20)), [big("a")], CompletionTail())
    edited = MAIN.replace("main number 00100", "later number 00100")
    plan = here.ask(snapshot("main.py", edited, at(20, edited)), [big("a")], InfillTail())
    assert ("main.py", MAIN) in filled(plan).extra


@pytest.mark.parametrize("seed", range(20))
def test_the_prefix_is_extended_or_says_why_not(seed: int) -> None:
    chance = random.Random(seed)
    here = Desk(style=AUTOMATIC, max_tokens=chance.choice((3_000, 24_000)))
    texts = {name: lines(chance.randint(1, 300), name[0]) for name in ("a.py", "b.py", "c.py")}
    shown = ["a.py"]
    last: PromptPlan | None = None
    for _ in range(40):
        name = chance.choice(sorted(texts))
        shown = [*dict.fromkeys([*shown, name])]
        place = chance.randint(0, len(texts[name]))
        texts[name] = texts[name][:place] + chance.choice(["", "x", "line\n", "a\nb\n"]) + texts[name][place:]
        others = [piece(other, texts[other]) for other in shown if other != name]
        plan = here.ask(snapshot(name, texts[name], place), others, InfillTail(), cold=chance.random() < 0.05)
        if last is not None and plan.moved is None:
            assert prefix_texts(plan)[: len(last.prefix)] == prefix_texts(last)
        assert [b.stability for b in plan.blocks] == sorted(b.stability for b in plan.blocks)
        assert plan.blocks[-1].stability is Stability.TAIL
        last = plan
