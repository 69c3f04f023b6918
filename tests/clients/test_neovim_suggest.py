"""Suggestions in the real Neovim with the plugin: shown, taken whole or in part, and never put into the wrong place."""

from __future__ import annotations

from itertools import pairwise

import pytest

from cachewise.simulator.script import Script
from clients.desk import OTHER, REST, SOURCE, START, TRIPLE, Desk
from clients.neovim import GHOST

pytestmark = pytest.mark.asyncio(loop_scope="module")

NATIVE = GHOST.replace(", 'cachewise.remainder'", "")
"""What Neovim itself shows, which came from the server."""


@pytest.mark.parametrize(
    ("keys", "wanted", "left"),
    [
        pytest.param("<Tab>", START + REST, "", id="whole"),
        pytest.param("<M-w>", START + "(", "number):\n    return number * 3", id="one-word-of-punctuation"),
        pytest.param("<M-w><M-w>", START + "(number", "):\n    return number * 3", id="two-words"),
        pytest.param(
            "<M-w><M-w><M-w><M-w>", START + "(number):\n    return", " number * 3", id="words-over-a-line-end"
        ),
        pytest.param("<M-l>", START + "(number):", "\n    return number * 3", id="line"),
        pytest.param("<M-l><M-l>", START + REST, "", id="line-by-line"),
        pytest.param("<M-w><Tab>", START + REST, "", id="word-then-the-rest"),
        pytest.param("(num<Tab>", START + REST, "", id="typed-on-before-taking-it"),
        pytest.param("(num<M-w>", START + "(number", "):\n    return number * 3", id="typed-on-before-taking-a-word"),
        pytest.param("[x<Tab>", START + "[x", None, id="typed-something-else"),
        pytest.param("<BS><Tab>", START[:-1], None, id="went-back"),
        pytest.param("<M-w>nu<Tab>", START + REST, "", id="typed-into-the-rest"),
        pytest.param("<M-w>x", START + "(x", None, id="typed-against-the-rest"),
        pytest.param("<M-e>", START, "", id="dismissed"),
        pytest.param("<M-n>", START, REST + " (1/1)", id="no-other-suggestion"),
    ],
)
async def test_taking(shared: Desk, keys: str, wanted: str, left: str | None) -> None:
    await shared.suggest(REST)
    await shared.nvim.type(keys)
    await shared.text(wanted)
    if left is not None:
        assert await shared.nvim.until(GHOST, lambda ghost: ghost == left) == left


async def test_the_tab_key_still_indents(shared: Desk) -> None:
    await shared.nvim.edit("a.py", "")
    await shared.nvim.type("i<Tab>x")
    await shared.text("    x")


@pytest.mark.parametrize(
    ("mapping", "text", "mode"),
    [
        pytest.param("", "one", "n", id="nobody"),
        pytest.param("inoremap <M-w> two<C-k>a:", "onetwoä", "i", id="keys"),
        pytest.param("inoremap <expr> <M-w> '[' .. line('.') .. ']'", "one[1]", "i", id="expression"),
        pytest.param('inoremap <expr> <M-w> "\\<Left>x"', "onxe", "i", id="expression-of-special-keys"),
        pytest.param("imap <M-w> <Plug>(other)", "one(plug)", "i", id="keys-of-a-plugin"),
        pytest.param(
            "lua vim.keymap.set('i', '<M-w>', function() vim.api.nvim_put({ 'put' }, 'c', true, true) end)",
            "oneput",
            "i",
            id="function-that-changes-text",
        ),
        pytest.param(
            "lua vim.keymap.set('i', '<M-w>', function() return '<Left>x' end, { expr = true })",
            "onxe",
            "i",
            id="function-that-gives-keys",
        ),
    ],
)
async def test_without_a_suggestion_a_key_does_what_it_did(shared: Desk, mapping: str, text: str, mode: str) -> None:
    await shared.nvim.call("nvim_command", "inoremap <Plug>(other) (plug)")
    await shared.nvim.call("nvim_command", mapping)
    try:
        await shared.nvim.edit("a.txt.py", "")
        await shared.nvim.until("return vim.fn.maparg('<M-w>', 'i', false, true).buffer == 1")
        await shared.nvim.type("ione<M-w>")
        await shared.text(text)
        await shared.nvim.until("return vim.api.nvim_get_mode().mode", mode.__eq__)
    finally:
        await shared.nvim.call("nvim_command", "silent! iunmap <M-w>")


async def test_windows_line_ends(shared: Desk) -> None:
    """Neither what is shown nor what is taken has a CR as a character."""
    await shared.nvim.lua("vim.o.fileformats = 'unix,dos'")
    await shared.suggest(REST, SOURCE.replace("\n", "\r\n"))
    assert await shared.nvim.lua("return vim.bo.fileformat") == "dos"
    await shared.nvim.type("<Tab>")
    await shared.text(START + REST)


async def test_acceptance_is_told(shared: Desk) -> None:
    await shared.suggest(REST)
    before = (await shared.nvim.status())["session"]["accepted"]
    await shared.nvim.type("<M-w><M-w><Tab>")
    await shared.nvim.status(lambda status: status["session"]["accepted"] == before + 1)


async def test_an_older_answer_is_not_shown(shared: Desk) -> None:
    """Neovim does not cancel what it no longer needs. The server does, and what comes late is empty."""
    shared.simulator.follow(Script(answer="_slow():\n    pass\n", first_token_delay=2))
    await shared.nvim.edit("a.py", SOURCE)
    mark = len(shared.records)
    await shared.nvim.type("Godef one")
    await shared.simulator.until(lambda: len(shared.records) > mark)
    shared.simulator.follow(Script(answer="_quick():\n    pass\n"))
    await shared.nvim.type("<BS><BS><BS>two")
    assert (await shared.nvim.ghost()).startswith("_quick():")
    await shared.quiet()
    assert shared.records[mark].outcome != "complete"
    assert (await shared.nvim.ghost()).startswith("_quick():")


async def test_pause_by_language(shared: Desk) -> None:
    await shared.suggest(REST)
    await shared.nvim.type("<Esc>")
    await shared.nvim.call("nvim_command", "Cachewise pause python")
    assert "paused" in await shared.nvim.lua("return require('cachewise').status()")
    assert await shared.nvim.lua("return vim.lsp.inline_completion.is_enabled({ bufnr = 0 })") is False
    await shared.nvim.call("nvim_command", "Cachewise resume python")
    assert await shared.nvim.lua("return vim.lsp.inline_completion.is_enabled({ bufnr = 0 })") is True
    await shared.nvim.type("a")
    await shared.nvim.ghost()


async def test_ghost_text_has_its_own_highlight(shared: Desk) -> None:
    await shared.suggest(REST)
    marks = await shared.nvim.lua(
        "local space = vim.api.nvim_get_namespaces()['nvim.lsp.inline_completion']\n"
        "return vim.api.nvim_buf_get_extmarks(0, space, 0, -1, { details = true })[1][4].virt_text"
    )
    assert marks == [["(number):", "ComplHint"]]


async def test_notices_of_growth_are_not_followed_one_by_one(shared: Desk) -> None:
    """A burst makes Neovim ask once or twice: at its first, where none came just before, and after the last."""
    grow = """
    local client = vim.lsp.get_clients({ bufnr = 0, name = 'cachewise' })[1]
    Moves = 0
    vim.api.nvim_create_autocmd('CursorMovedI', { buffer = 0, callback = function() Moves = Moves + 1 end })
    for _ = 1, 5 do
      client.handlers['cachewise/completionGrew'](nil, { uri = vim.uri_from_bufnr(0) }, { client_id = client.id })
    end
    return Moves
    """
    await shared.suggest(REST)
    assert await shared.nvim.lua(grow) <= 1
    assert await shared.nvim.until("return Moves") <= 2
    await shared.nvim.type("<Esc>")
    await shared.nvim.until("return vim.api.nvim_get_mode().mode", lambda mode: mode == "n")
    assert await shared.nvim.lua(grow) == 0


async def test_ghost_text_grows_while_it_streams(shared: Desk) -> None:
    """The first line is there before the others, which come without a key and without another request."""
    answer = (
        "def triple(number):\n" + "".join(f"    number += {n} * number\n" for n in range(12)) + "    return number\n"
    )
    shared.simulator.follow(Script(answer=answer, token_delay=0.01))
    await shared.nvim.edit("grows.py", SOURCE)
    mark = len(shared.records)
    await shared.nvim.type("Godef triple")
    seen: list[str] = []

    def grows(ghost: str) -> bool:
        if ghost not in ("", *seen):
            seen.append(ghost)
        return ghost.endswith("return number")

    await shared.nvim.ghost(grows)
    assert len(seen) > 2, seen
    assert all(later.startswith(earlier) for earlier, later in pairwise(seen)), seen
    await shared.quiet()
    assert len(shared.records) == mark + 1


async def test_taking_it_by_and_by_is_one_request(shared: Desk) -> None:
    """Neovim asks again after each part that was taken; the server knows the answer."""
    mark = len(shared.records)
    await shared.suggest(REST)
    for left in ("number):\n    return number * 3", "):\n    return number * 3", "\n    return number * 3"):
        await shared.nvim.type("<M-w>")
        await shared.nvim.until(NATIVE, left.__eq__)
    await shared.quiet()
    assert len(shared.records) == mark + 1


async def test_the_suggestion_of_another_server(shared: Desk) -> None:
    """Both can be looked at and taken by the same keys; that one is told in its own words."""
    await shared.nvim.edit("two.py", SOURCE)
    await shared.nvim.lua(OTHER)
    await shared.nvim.until(
        "local c = vim.lsp.get_clients({ bufnr = 0, name = 'other' })[1]; return c and c.initialized"
    )
    try:
        shared.simulator.follow(Script(answer=TRIPLE))
        await shared.nvim.type("Godef triple")
        await shared.nvim.ghost(REST.__eq__)
        for key, shown in (("<M-n>", "(other) (2/2)"), ("<M-p>", f"{REST} (1/2)"), ("<M-p>", "(other) (2/2)")):
            await shared.nvim.type(key)
            await shared.nvim.ghost(shown.__eq__)
        await shared.nvim.type("<Tab>")
        await shared.text(START + "(other)")
        assert await shared.nvim.until("return Executed") == [["a", "b"]]
    finally:
        await shared.nvim.lua("vim.lsp.get_clients({ name = 'other' })[1]:stop(true)")
