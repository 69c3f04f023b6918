"""Explanations in the real Neovim with the plugin: streamed into a window, stopped, asked further, and paid for."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import pytest

from cachewise.simulator.script import Fault, Script
from clients.desk import SOURCE, STATUS_LINE, TEXT, Desk

pytestmark = pytest.mark.asyncio(loop_scope="module")

ANSWER = "# Doubling\n\nIt **doubles** a number, by multiplying it with two, and gives it back to the caller.\n"
FOOTER = """
local footer = vim.api.nvim_win_get_config(0).footer
return footer and vim.trim(table.concat(vim.tbl_map(function(chunk) return chunk[1] end, footer))) or vim.wo.winbar
"""


async def explain(desk: Desk, script: Script, command: str = "1,2Cachewise explain") -> None:
    desk.simulator.follow(script)
    await desk.nvim.edit("a.py", desk.source())
    await desk.nvim.call("nvim_command", command)


async def test_streams_into_a_window(shared: Desk) -> None:
    """At least three screens on the way, each the beginning of the next, and the cost at the end."""
    await explain(shared, Script(answer=ANSWER, token_delay=0.02))
    seen: list[str] = []

    def note(text: str) -> bool:
        if text not in ("", *seen):
            seen.append(text)
        return text == ANSWER

    await shared.nvim.until(TEXT, note)
    assert len(seen) > 3, seen
    assert all(later.startswith(earlier) for earlier, later in pairwise(seen)), seen
    footer = await shared.nvim.until(FOOTER, lambda text: text.startswith("explain"))
    assert "$" in footer
    assert await shared.nvim.lua("return Ends[#Ends]") == footer
    assert await shared.nvim.lua("return vim.treesitter.highlighter.active[vim.api.nvim_get_current_buf()] ~= nil")
    await shared.nvim.type("q")
    await shared.nvim.until("return #vim.api.nvim_list_wins()", lambda count: count == 1)


async def test_progress_plugins_get_no_pieces(shared: Desk) -> None:
    await shared.nvim.lua(
        "Progress = {}; vim.api.nvim_create_autocmd('LspProgress', { callback = function(event)\n"
        "table.insert(Progress, event.data.params.value.kind or 'text') end })"
    )
    await explain(shared, Script(answer="Short."), "1,2Cachewise ask What is this?")
    await shared.nvim.until(TEXT, lambda text: text == "Short.")
    assert await shared.nvim.until("return Progress", lambda kinds: "end" in kinds) == ["begin", "end"]
    assert await shared.nvim.lua("return vim.lsp.status()") is not None


@pytest.mark.parametrize(
    "key", [pytest.param("<C-c>", id="stop"), pytest.param("q", id="close"), pytest.param(":q<CR>", id="quit")]
)
async def test_stopping_ends_the_stream_at_the_provider(shared: Desk, key: str) -> None:
    mark = len(shared.records)
    await explain(shared, Script(answer=f"{key} " + "word " * 400, token_delay=0.05), f"1,2Cachewise ask Why {key[0]}?")
    await shared.nvim.until(TEXT, lambda text: text.count("word") > 2)
    await shared.nvim.type(key)
    await shared.quiet()
    assert [record.outcome for record in shared.records[mark:]] == ["gone"]
    if key == "<C-c>":
        await shared.nvim.until(TEXT, lambda text: text.endswith("*stopped*\n"))
        await shared.nvim.until(FOOTER, lambda text: text.startswith("ask") and "$" in text)


async def test_a_further_question(shared: Desk) -> None:
    await explain(shared, Script(answer="It doubles."))
    await shared.nvim.until(FOOTER, lambda text: text.startswith("explain"))
    shared.simulator.follow(Script(answer="Because of the star."))
    await shared.nvim.type("<CR>Why?<CR>")
    text = await shared.nvim.until(TEXT, lambda text: text.endswith("star."))
    assert text == "It doubles.\n\n---\n\n**Why?**\n\nBecause of the star."


@pytest.mark.parametrize(
    ("keys", "sent"),
    [
        pytest.param("ggVj:Cachewise explain<CR>", "return number_", id="range-of-a-command"),
        pytest.param("ggv$<Cmd>Cachewise explain<CR>", "def double", id="visual-mode"),
        pytest.param("ggj<Cmd>Cachewise explain<CR>", "return number_", id="cursor"),
        pytest.param("gg0/ß<CR>vl<Cmd>Cachewise explain<CR>", "ß𝄞", id="beyond-ascii"),
    ],
)
async def test_what_is_explained(shared: Desk, keys: str, sent: str) -> None:
    shared.simulator.follow(Script(answer=f"About {keys}."))
    await shared.nvim.edit("a.py", shared.source() + "# äß𝄞€ and more\n")
    mark = len(shared.records)
    await shared.nvim.type(keys)
    await shared.nvim.until(FOOTER, lambda text: text.startswith("explain"))
    (record,) = shared.records[mark:]
    assert sent in str(record.body)


async def test_a_code_action_opens_the_window(shared: Desk) -> None:
    shared.simulator.follow(Script(answer="By code action."))
    await shared.nvim.edit("a.py", shared.source() + "x = 1\n")
    await shared.nvim.type("GVk")
    await shared.nvim.until("return vim.api.nvim_get_mode().mode", lambda mode: mode == "V")
    await shared.nvim.lua("vim.lsp.buf.code_action({ apply = true })")
    await shared.nvim.until(TEXT, lambda text: text == "By code action.")


async def test_split_instead_of_float(shared: Desk) -> None:
    await shared.nvim.lua("require('cachewise.options').set({ window = { style = 'split', height = 5 } })")
    await explain(shared, Script(answer="In a split."), "1,2Cachewise ask Where?")
    await shared.nvim.until(TEXT, lambda text: text == "In a split.")
    assert await shared.nvim.lua(
        "return { vim.api.nvim_win_get_config(0).relative, vim.api.nvim_win_get_height(0) }"
    ) == ["", 5]
    assert "$" in await shared.nvim.until("return vim.wo.winbar", lambda text: "ask" in text)


@pytest.mark.parametrize(
    ("status", "told"),
    [
        pytest.param(402, "credit", id="out-of-credit"),
        pytest.param(401, "key", id="bad-key"),
    ],
)
async def test_failures_are_told_in_the_window(shared: Desk, status: int, told: str) -> None:
    script = Script(faults=(Fault(kind="status", status=status),) * 4)
    await explain(shared, script, f"1,2Cachewise ask What about {status}?")
    text = await shared.nvim.until(TEXT, lambda text: text.strip().endswith("*"))
    assert told in text.lower()
    assert "Traceback" not in text


async def test_hostile_text_stays_text(shared: Desk) -> None:
    """What a model writes can't set options, run commands or leave its window."""
    hostile = "vim: set ft=lua modeline:\n\x1b[31mred\x07\r\n<script>x</script>%{system('touch owned')}\n:qa!\n"
    await explain(shared, Script(answer=hostile), "1,2Cachewise ask Be hostile.")
    await shared.nvim.until(FOOTER, lambda text: text.startswith("ask"))
    assert "system('touch owned')" in await shared.nvim.text()
    assert await shared.nvim.lua("return vim.bo.filetype") == ""
    assert not (shared.nvim.workspace / "owned").exists()


async def test_status_line_shows_the_bill(shared: Desk) -> None:
    """The cost in the status line is the sum that the provider billed, to the last shown digit."""
    await explain(shared, Script(answer=ANSWER), "1,2Cachewise ask What does it cost?")
    await shared.nvim.until(FOOTER, lambda text: text.startswith("ask"))
    await shared.quiet()
    billed = Decimal(shared.simulator.account()["cost"])
    assert billed > 0
    line = await shared.nvim.until(STATUS_LINE, lambda text: f"${billed:.4f} " in text)
    assert "today $" in line
    # The bill of a stream that an earlier test has stopped may come later, and be less than a shown digit.
    cost = "return vim.g.cachewise_status.session.costUsd"
    await shared.nvim.until(cost, lambda sum_: abs(Decimal(str(sum_)) - billed) < Decimal("0.0000005"))


async def test_prewarm(shared: Desk) -> None:
    await shared.nvim.edit("a.py", SOURCE * 400)
    mark = len(shared.records)
    await shared.nvim.call("nvim_command", "Cachewise prewarm")
    told = await shared.nvim.until("return vim.fn.execute('messages')", lambda text: "warm · " in text)
    assert "written" in told
    assert len(shared.records) == mark + 1


async def test_usage(shared: Desk) -> None:
    await explain(shared, Script(answer="Short."))
    await shared.nvim.until(FOOTER, lambda text: text.startswith("explain"))
    await shared.nvim.call("nvim_command", "Cachewise usage")
    text = await shared.nvim.until(TEXT, lambda text: "this server" in text)
    lines = text.splitlines()
    assert len({len(line) for line in lines}) == 1, text
    assert any(line.startswith("| explain ") for line in lines)
    assert any(line.startswith("| openrouter:anthropic/claude-haiku-4.5 ") for line in lines)


async def test_log(shared: Desk) -> None:
    await shared.nvim.edit("a.py", SOURCE)
    # Neovim begins it with the first word that the server writes.
    await shared.nvim.until("return vim.fn.readfile(vim.lsp.log.get_filename())", lambda lines: len(lines) > 1)
    await shared.nvim.call("nvim_command", "Cachewise log")
    assert "LSP logging initiated" in await shared.nvim.text()
    assert await shared.nvim.lua("return vim.bo.readonly") is True


async def test_checkhealth(shared: Desk) -> None:
    await shared.nvim.edit("a.py", SOURCE)
    await shared.nvim.call("nvim_command", "checkhealth cachewise")
    text = await shared.nvim.until(TEXT, lambda text: "running at" in text)
    assert "inline completions" in text
    assert "OPENROUTER_API_KEY" in text
    assert "ERROR" not in text
    assert "test-key" not in text


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        pytest.param("Cachewise pre", ["prewarm"], id="part"),
        pytest.param("Cachewise pause pyth", ["python", "python2"], id="filetype"),
        pytest.param("Cachewise explain ", [], id="nothing"),
    ],
)
async def test_command_line_completion(shared: Desk, typed: str, offered: list[str]) -> None:
    assert await shared.nvim.call("nvim_call_function", "getcompletion", [typed, "cmdline"]) == offered


@pytest.mark.parametrize(
    ("options", "told"),
    [
        pytest.param("{ kesy = false }", "there is no option kesy", id="unknown"),
        pytest.param("{ keys = { acept = 'x' } }", "there is no option keys.acept", id="unknown-key"),
        pytest.param("{ window = { style = 'tab' } }", "float, split or vsplit", id="style"),
        pytest.param("{ restart = 3 }", "restart is a boolean, not a number", id="type"),
    ],
)
async def test_options_are_checked(shared: Desk, options: str, told: str) -> None:
    good, message = await shared.nvim.lua(f"return {{ pcall(require('cachewise.options').set, {options}) }}")
    assert good is False
    assert told in message
