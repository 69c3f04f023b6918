"""Suggestions in the real VS Code with the extension: shown while typed, taken whole or in parts, and paid for once."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from cachewise.simulator.script import Script
from clients.vscode_desk import HEAD, REST, SOURCE, TRIPLE, Desk, vscode_desk

pytestmark = [pytest.mark.vscode, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(240)]

LONG = (
    "def triple(number):\n    first = number\n    second = first + number\n"
    "    third = second + number\n    return third\n"
)


async def test_type_and_tab(code: Desk) -> None:
    path = await code.suggest()
    await code.window.picture("suggestion")
    await code.window.press("Tab")
    await code.window.saved(path, SOURCE + HEAD + REST)
    status = await code.paid()
    assert "%" in status
    assert code.bill in await code.window.spoken()


@pytest.mark.parametrize(
    ("key", "taken"),
    [
        pytest.param("Control+ArrowRight", "(", id="word"),
        pytest.param("Control+Alt+ArrowRight", "(number):\n", id="line"),
        pytest.param("Escape", "", id="nothing"),
    ],
)
async def test_taking_a_part(code: Desk, key: str, taken: str) -> None:
    """What is left of the suggestion stands behind it still; no request is made for it."""
    path = await code.suggest()
    mark = len(code.records)
    await code.window.press(key)
    await code.window.ghost(lambda ghost: ghost.strip() == (REST.removeprefix(taken).strip() if taken else ""))
    await code.window.saved(path, SOURCE + HEAD + taken)
    assert len(code.records) == mark


async def test_typing_into_it(code: Desk) -> None:
    path = await code.suggest()
    mark = len(code.records)
    await code.window.type("(num")
    await code.window.ghost(lambda ghost: ghost == REST.removeprefix("(num"))
    assert len(code.records) == mark
    await code.window.press("Tab")
    await code.window.saved(path, SOURCE + HEAD + REST)


async def test_alternatives_cost_nothing(code: Desk) -> None:
    """The next one is shorter, then the first comes again; the provider is asked for none."""
    path = await code.suggest()
    mark = len(code.records)
    await code.window.press("Alt+]")
    await code.window.ghost(lambda ghost: ghost == "(number):")
    await code.window.picture("alternative")
    await code.window.press("Alt+[")
    await code.window.ghost(lambda ghost: ghost == REST)
    assert len(code.records) == mark
    await code.window.press("Tab")
    await code.window.saved(path, SOURCE + HEAD + REST)


async def test_beside_the_editors_own_list(code: Desk) -> None:
    """Shown while it goes on from the selected entry, and again once the list is gone; asked for once.

    VS Code selects at first the entry that the suggestion goes on from.
    """
    code.simulator.follow(Script(answer="otal = 3\n"))
    mark = len(code.records)
    await code.window.open("list.txt", "first_title = 1\nfirst_total = 2\nfirst_")
    await code.type_until_asked("t")
    await code.window.ghost(lambda ghost: ghost == "otal = 3")
    await code.window.press("Control+Space")
    for key, entry, ghost in (("", "total", "otal = 3"), ("ArrowUp", "title", ""), ("ArrowDown", "total", "otal = 3")):
        await code.window.press(*key.split())
        await code.window.until("the entry", code.window.listed, f"first_{entry}, Text".__eq__)
        await code.window.ghost(ghost.__eq__)
    await code.window.press("Escape")
    await code.window.ghost(lambda ghost: ghost == "otal = 3")
    assert len(code.records) == mark + 1


async def test_grows_while_it_streams(code: Desk) -> None:
    """At least three sizes on the way, of one request. VS Code may fall back to a shorter one in between."""
    seen: list[str] = []

    def note(ghost: str) -> bool:
        if ghost and ghost not in seen:
            seen.append(ghost)
        return "return" in ghost

    code.simulator.follow(Script(answer=LONG, token_delay=0.15))
    mark = len(code.records)
    await code.window.open("grows.py", SOURCE)
    await code.type_until_asked(HEAD)
    await code.window.ghost(note)
    assert len(seen) >= 3, seen
    assert all(longer.startswith(shorter) for shorter, longer in pairwise(sorted(seen, key=len))), seen
    await code.quiet()
    assert [record.outcome for record in code.records[mark:]].count("complete") == 1


async def test_sixty_keys_a_second(code: Desk) -> None:
    """No key is lost or changed while suggestions come and go."""
    code.simulator.follow(Script(answer=TRIPLE))
    path = await code.window.open("fast.py", "")
    words = "".join(f"name_{n} = {n} + {n}; " for n in range(15))
    await code.window.type(words, delay=1000 / 60)
    await code.window.saved(path, words)


async def test_typing_into_it_where_brackets_close_by_themselves(tmp_path: Path) -> None:
    """As VS Code comes: it puts the closing bracket behind the cursor, and what is left goes between."""
    settings = {"editor.autoClosingBrackets": "languageDefined", "cachewise.completion.debounceMs": 0}
    async with vscode_desk(tmp_path, settings=settings) as code:
        line = "(first, [second])"
        path = await code.suggest(Script(answer=f"def triple{line}\n"), line)
        mark = len(code.records)
        await code.window.type("(first, [")
        await code.window.saved(path, f"{SOURCE}{HEAD}(first, [])")
        await code.window.ghost(lambda ghost: ghost.startswith("second"))
        assert len(code.records) == mark
        await code.window.press("Tab")
        await code.window.saved(path, SOURCE + HEAD + line)
