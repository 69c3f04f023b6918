"""Ghost text while an entry of the editor's own list is selected: only what goes on from it, and no question twice."""

from __future__ import annotations

from typing import Any

import pytest

from cachewise.simulator.script import Script
from support.server import Desk, desk

pytestmark = pytest.mark.asyncio(loop_scope="module")
ANSWER = "nt(number)\n"
REPEATED = "".join(f"value_{at} = {at}\nchannel = open_channel(address, retries)\n" for at in range(12))


async def beside(
    d: Desk, uri: str, at: tuple[int, int], entry: str, start: int, *, kind: int = 2, end: int | None = None
) -> list[dict[str, Any]]:
    """The items at a place, with an entry selected that would replace what stands from `start` on."""
    line, character = at
    params = d.completion_params(uri, line, character, kind)
    range_ = {"start": {"line": line, "character": start}, "end": {"line": line, "character": end or character}}
    params["context"]["selectedCompletionInfo"] = {"range": range_, "text": entry}
    items: list[dict[str, Any]] = (await d.lsp.request("textDocument/inlineCompletion", params))["items"]
    return items


CASES: dict[str, tuple[str, str, tuple[int, str] | None]] = {
    "goes on from it": ("x = pri", "print", (4, "print(number)")),
    "something else": ("x = pri", "private", None),
    "just the same": ("x = pri", "print(number)", None),
    "beyond ascii": ("𝄞größe = pri", "print", (10, "print(number)")),
}


@pytest.mark.parametrize(("head", "entry", "wanted"), CASES.values(), ids=CASES)
async def test_only_what_goes_on_from_it(shared: Desk, head: str, entry: str, wanted: tuple[int, str] | None) -> None:
    name = f"entry-{list(CASES).index(next(name for name, case in CASES.items() if case == (head, entry, wanted)))}.py"
    uri = shared.open(name, f"{head}\n")
    shared.simulator.follow(Script(answer=ANSWER))
    before, end = len(shared.records), len(head.encode("utf-16-le")) // 2
    items = await beside(shared, uri, (0, end), entry, end - 3)
    got = [(item["range"]["start"]["character"], item["insertText"]) for item in items]
    assert got == ([] if wanted is None else [wanted])
    assert all(item["range"]["end"] == {"line": 0, "character": end} for item in items)
    assert len(shared.records) == before + 1
    assert await beside(shared, uri, (0, end), entry, end - 3) == items
    assert len(shared.records) == before + 1, "asked again for what is known not to be shown"
    [alone] = await shared.complete(uri, 0, end, kind=2)
    assert alone["insertText"] == "nt(number)"
    assert len(shared.records) == before + 1, "the list is gone, and what the model said is shown"


async def test_the_entry_changes_and_typing_goes_on(shared: Desk) -> None:
    uri = shared.open("changes.py", "x = pri\n")
    shared.simulator.follow(Script(answer=ANSWER))
    before = len(shared.records)
    assert await beside(shared, uri, (0, 7), "private", 4) == []
    [item] = await beside(shared, uri, (0, 7), "print", 4)
    shared.edit(uri, 0, 7, "n")
    [shorter] = await beside(shared, uri, (0, 8), "print", 4)
    assert shorter["insertText"] == item["insertText"] == "print(number)"
    assert shorter["range"]["start"] == item["range"]["start"]
    assert len(shared.records) == before + 1


async def test_what_is_not_given_does_not_count_as_shown(shared: Desk) -> None:
    uri = shared.open("counted.py", "x = pri\n")
    shared.simulator.follow(Script(answer=ANSWER))

    async def shown() -> int:
        return int((await shared.usage())["session"]["shown"])

    before = await shown()
    assert await beside(shared, uri, (0, 7), "private", 4) == []
    assert await shown() == before
    assert await beside(shared, uri, (0, 7), "print", 4)
    assert await shown() == before + 1


OTHER: dict[str, tuple[int, int | None]] = {"behind the cursor": (4, 9), "reversed": (8, None)}


@pytest.mark.parametrize(("start", "end"), OTHER.values(), ids=OTHER)
async def test_a_range_that_no_item_may_have_is_no_matter(shared: Desk, start: int, end: int | None) -> None:
    uri = shared.open(f"range-{start}.py", "x = prixx\n")
    shared.simulator.follow(Script(answer=ANSWER))
    [item] = await beside(shared, uri, (0, 7), "private", start, kind=1, end=end)
    assert item["insertText"] == "nt(number)"


async def test_the_built_in_completers_guess_does_not_ask_the_model_again() -> None:
    """The model has gone on from another entry; what is shown for this one is the built-in completer's."""
    options = {"completion": {"offline": "on", "debounceMs": 1}}
    async with desk(Script(answer="erator\n"), options=options, offline=True) as d:
        uri = d.open("own.py", f"{REPEATED}value_9 = 9\nchannel = op\n")
        assert await d.complete(uri, 25, 12, kind=1)
        [item] = await beside(d, uri, (25, 12), "open_channel", 10)
        assert item["insertText"] == "open_channel(address, retries)"
        other = d.open("other.py", "value = \n")
        assert await d.complete(other, 0, 8, kind=1)
        assert len(d.records) == 2, "one for each document; a third would have been under way by now"
        [item] = await beside(d, uri, (25, 12), "op", 10)
        assert item["insertText"] == "operator"


async def test_the_built_in_completer_goes_on_from_it_too() -> None:
    async with desk(env={"OPENROUTER_API_KEY": None}, offline=True) as d:
        uri = d.open("own.py", f"{REPEATED}value_9 = 9\nchannel = op\n")
        assert await beside(d, uri, (25, 12), "operator", 10) == []
        [item] = await beside(d, uri, (25, 12), "open_channel", 10)
        assert item["insertText"] == "open_channel(address, retries)"
        assert item["range"]["start"] == {"line": 25, "character": 10}
