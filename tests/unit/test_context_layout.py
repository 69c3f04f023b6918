from __future__ import annotations

import pytest

from cachewise.context.pieces import Piece
from cachewise.context.system import SYSTEM
from cachewise.context.tail import CompletionTail, TailSpec
from cachewise.faults import RequestFailed
from cachewise.model.plan import PromptPlan, Stability
from support.contexts import FOLDER, Desk, big, changed_files, file_blocks, lines, piece, prefix_texts, snapshot
from support.prompts import rebuild

MAIN = lines(100, "main")


def test_features_share_the_prefix_to_the_byte() -> None:
    desk = Desk()
    asked = [
        desk.ask(snapshot("main.py", MAIN, 900), [big("a"), big("b")], tail)
        for tail in (CompletionTail(), TailSpec(), TailSpec(kind="ask", question="?"), TailSpec(kind="warm"))
    ]
    assert all(prefix_texts(plan) == prefix_texts(asked[0]) for plan in asked)
    assert all(plan.moved is None and plan.marks == asked[0].marks for plan in asked)
    assert len({plan.blocks[-1].text for plan in asked}) == 4


def test_first_layout() -> None:
    plan = Desk().ask(snapshot("main.py", MAIN, 900), [big("a"), big("b")])
    assert [(block.name, block.stability, block.role) for block in plan.blocks] == [
        ("system", Stability.FIXED, "system"),
        ("file a.py", Stability.STABLE, "user"),
        ("file b.py", Stability.STABLE, "user"),
        ("file main.py", Stability.WORKING, "user"),
        ("tail", Stability.TAIL, "user"),
    ]
    assert plan.marks == {0: "5m", 2: "5m", 3: "5m"}
    assert plan.moved is None
    assert plan.blocks[0].text == SYSTEM


def test_nothing_of_the_moment_is_in_the_system_text() -> None:
    one, other = Desk().ask(snapshot("a.py", "x\n"), []), Desk().ask(snapshot("b.rs", "y\n", language="rust"), [])
    assert one.blocks[0] == other.blocks[0]
    for word in ("supersedes", "never an instruction", "noeol", "complete:", "No code fence"):
        assert word in SYSTEM


def test_two_contexts_with_the_same_history_make_the_same_bytes() -> None:
    def history(desk: Desk) -> list[PromptPlan]:
        text = MAIN
        plans = [desk.ask(snapshot("main.py", text, 100), [big("a")])]
        for step in range(5):
            text = text.replace(f"{step:05d}", f"n{step}")
            plans.append(desk.ask(snapshot("main.py", text, 100), [big("a"), big("b")], cold=step == 3))
        return plans

    assert history(Desk()) == history(Desk())


def test_typing_does_not_move_the_prefix() -> None:
    desk = Desk()
    text = MAIN
    first = desk.ask(snapshot("main.py", text, 1_000), [big("a")])
    plan = first
    for key in "return value":
        text = text[:1_000] + key + text[1_000:]
        plan = desk.ask(snapshot("main.py", text, 1_001), [big("a")])
        assert plan.moved is None
        assert prefix_texts(plan) == prefix_texts(first)
        assert rebuild(plan, "main.py") == text
    assert changed_files(plan) == []


def test_new_files_are_appended_and_the_old_end_is_marked() -> None:
    desk = Desk()
    first = desk.ask(snapshot("main.py", MAIN, 0), [big("a")])
    second = desk.ask(snapshot("main.py", MAIN, 0), [big("a"), big("b"), big("c")])
    assert second.moved is None
    assert file_blocks(second) == ["file a.py", "file main.py", "file b.py", "file c.py"]
    assert prefix_texts(second)[: len(prefix_texts(first))] == prefix_texts(first)
    assert second.prefix[-1].stability is Stability.WORKING
    assert len(first.prefix) - 1 in second.marks
    later = desk.ask(snapshot("main.py", MAIN + "x\n", 0), [big("a"), big("b"), big("c")], cold=True)
    assert file_blocks(later) == ["file a.py", "file b.py", "file c.py", "file main.py"]


def test_a_document_that_is_opened_comes_behind_what_it_imports() -> None:
    desk = Desk()
    desk.ask(snapshot("main.py", MAIN, 0), [])
    plan = desk.ask(snapshot("new.py", MAIN, 0), [piece("main.py", MAIN), big("a"), big("b")])
    assert file_blocks(plan) == ["file main.py", "file a.py", "file b.py", "file new.py"]
    assert plan.moved is None


@pytest.mark.parametrize("name", [".env", "id_rsa", "conf/.aws/config", "Server.PEM"])
def test_a_secret_document_is_refused(name: str) -> None:
    with pytest.raises(RequestFailed, match="secrets"):
        Desk().ask(snapshot(name, "KEY=1\n"))


def test_secret_pieces_are_left_out_whatever_they_call_themselves() -> None:
    pieces = [
        Piece(name="notes.txt", text="CANARY\n", path=f"{FOLDER}/.env", open=True),
        Piece(name=".netrc", text="CANARY\n", path=None, open=True),
    ]
    plan = Desk().ask(snapshot("main.py", MAIN), pieces)
    assert not any("CANARY" in block.text for block in plan.blocks)


def test_invisible_characters_of_other_files_are_written_out() -> None:
    hostile = "x = 1  # \u202eevil\u2066\n" + "tag\U000e0041\n"
    desk = Desk()
    plan = desk.ask(snapshot("main.py", "y = '\u200b'\n", 0), [piece("other.py", hostile)])
    shown = "".join(block.text for block in plan.blocks)
    assert "<U+202E>evil<U+2066>" in shown
    assert "tag<U+E0041>" in shown
    assert not {"\u202e", "\u2066", "\U000e0041"} & set(shown)
    assert rebuild(plan, "main.py") == "y = '\u200b'\n", "the document being edited is told as it is"
    back = desk.ask(snapshot("other.py", hostile, 0), [piece("main.py", "y = '\u200b'\n")])
    assert back.moved is None
    assert rebuild(back, "other.py") == hostile
    assert "y = '<U+200B>'" in "".join(block.text for block in back.blocks)


def test_lone_surrogates_are_never_sent() -> None:
    plan = Desk().ask(snapshot("main.py", "a\ud800\n", 0), [piece("b\udc80.py", "b\udfff\n")])
    for block in plan.blocks:
        block.text.encode("utf-8")
        block.name.encode("utf-8", "surrogatepass")


def test_files_of_one_name_get_numbers() -> None:
    desk = Desk()
    main = snapshot("main.py", "x\n", 0, folder=None)
    pieces = [Piece(name="main.py", text="y\n", path=None, key="untitled:1", open=True),
              Piece(name="main.py", text="z\n", path=None, key="untitled:2", open=True)]  # fmt: skip
    plan = desk.ask(main, pieces)
    assert [rebuild(plan, name) for name in ("main.py", "main.py (2)", "main.py (3)")] == ["x\n", "y\n", "z\n"]
    assert prefix_texts(desk.ask(main, pieces)) == prefix_texts(plan)


def test_the_path_of_a_machine_is_in_no_prompt() -> None:
    plan = Desk().ask(snapshot("main.py", MAIN, 0), [big("a")], TailSpec(kind="ask", question="?"))
    assert not any(FOLDER in block.text for block in plan.blocks)


def test_the_prefix_is_most_of_the_prompt() -> None:
    """One explanation, then another and two completions: at least 85 % of each can be read from the cache."""
    desk = Desk()
    pieces = [big(name) for name in "abcdef"]
    selected = snapshot("main.py", MAIN, (0, 2_000))
    first = desk.ask(selected, pieces, TailSpec())
    text = MAIN[:500] + "x" + MAIN[500:]
    for about, tail in (
        (selected, TailSpec(kind="ask", question="Why?")),
        (snapshot("main.py", text, 501), CompletionTail()),
        (snapshot("main.py", text + "y", len(text) + 1), CompletionTail()),
    ):
        plan = desk.ask(about, pieces, tail)
        assert prefix_texts(plan)[: len(first.prefix)] == prefix_texts(first)
        assert first.prefix_tokens >= 0.85 * plan.tokens
