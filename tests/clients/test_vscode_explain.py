"""Explanations in the real VS Code with the extension: streamed into a preview, stopped, asked further, paid for."""

from __future__ import annotations

from itertools import pairwise

import pytest

from cachewise.simulator.script import Script
from clients.vscode_desk import Desk

pytestmark = [pytest.mark.vscode, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(240)]

ANSWER = """# Doubling

It **doubles** a number, by multiplying it with two:

```python
def double(number: int) -> int:
    return number * 2
```

It is pure: the *same* number always gives the same double, and nothing else is touched by it.
"""
LONG = "word " * 400
HARMFUL = """Harmful: ![picture](https://evil.example/a.png) <img src="https://evil.example/b.png">

[run](command:workbench.action.closeWindow) [docs](https://example.com/page)

<script>document.body.innerText = "taken over"</script>
"""


async def test_streams_into_a_preview(code: Desk) -> None:
    """At least three states on the way, each the beginning of the next, and the cost at the end."""
    seen: list[str] = []

    def note(text: str) -> bool:
        if text and text not in seen and "Short." not in text:
            seen.append(text)
        return "$" in text and "Short." not in text

    # Opening a preview can take longer than an answer does, so it is open already.
    await code.explain(Script(answer="Short."))
    await code.window.preview(lambda text: "$" in text)
    code.simulator.follow(Script(answer=ANSWER, token_delay=0.08))
    await code.window.command("cachewise: Ask the Provider Again")
    await code.window.preview(lambda text: "$" not in text)
    text = await code.window.preview(note)
    # The beginning of a bold word or a block of code is shown as it stands until its end is there.
    bodies = [state.replace("*", "").replace("`", "").split() for state in seen if "$" not in state]
    assert len(bodies) > 3, seen
    assert all(later[: len(earlier) - 1] == earlier[:-1] for earlier, later in pairwise(bodies)), bodies
    assert "It doubles a number" in text
    await code.paid()
    await code.window.picture("explanation")
    last = code.records[-1]
    for part in ("explain", str(last.model), "out", f"${last.cost:.4f}"):
        assert part in text, (part, text)
    assert await code.window.toasts() == []


async def test_what_the_model_wrote_does_nothing(code: Desk) -> None:
    """No picture, no link that runs a command, and links say where they lead."""
    await code.explain(Script(answer=HARMFUL))
    text = await code.window.preview(lambda text: "$" in text)
    assert "docs (example.com)" in text
    assert "taken over" not in text.splitlines()
    frame = await code.window.frame(".markdown-body")
    assert frame is not None
    links = await frame.eval_on_selector_all("a[href]", "links => links.map(link => link.getAttribute('href'))")
    assert links
    assert not [link for link in links if link.startswith("command:")]
    assert await frame.query_selector(".markdown-body img") is None
    assert "evil.example" not in code.window.outside


@pytest.mark.parametrize("way", ["command", "close"])
async def test_stopping_ends_the_stream_at_the_provider(code: Desk, way: str) -> None:
    mark = len(code.records)
    await code.explain(Script(answer=f"{way} {LONG}", token_delay=0.05))
    await code.window.preview(lambda text: text.count("word") > 2)
    if way == "command":
        await code.window.picture("streaming")
        await code.window.command("cachewise: Stop the Answer")
    else:
        await code.window.close_all()
    await code.quiet()
    assert [record.outcome for record in code.records[mark:]] == ["gone"]
    await code.paid()


async def test_asking_again_and_further(code: Desk) -> None:
    """A kept answer says its age; the provider is asked again on demand; a further answer goes below."""
    path = await code.explain(Script(answer="It doubles."))
    await code.window.preview(lambda text: "It doubles." in text and "$" in text)
    mark = len(code.records)
    await code.window.close_all()
    await code.window.open(path.name, path.read_text())
    await code.window.press("Control+Home", "Control+Alt+e")
    await code.window.preview(lambda text: "It doubles." in text and "kept for" in text)
    await code.window.picture("kept")
    assert len(code.records) == mark
    code.simulator.follow(Script(answer="It really doubles."))
    await code.window.command("cachewise: Ask the Provider Again")
    await code.window.preview(lambda text: "It really doubles." in text and "kept for" not in text)
    code.simulator.follow(Script(answer="Because of the star."))
    await code.window.command("cachewise: Ask Further…")
    await code.window.input("Why is that?")
    text = await code.window.preview(lambda text: "Because of the star." in text)
    assert text.index("It really doubles.") < text.index("Why is that?") < text.index("Because of the star.")
    assert "Why is that?" in str(code.records[-1].body)
    await code.paid()


async def test_explaining_again_what_a_change_elsewhere_has_made_old(code: Desk) -> None:
    """The kept answer is shown and says so; the code action asks the provider anew."""
    bill = "from prices import vat\n\n\ndef total(net):\n    return net + vat(net)\n"
    code.simulator.follow(Script(answer="It adds a fifth."))
    await code.window.open("prices.py", "def vat(net):\n    return net // 5\n")
    await code.window.open("bill.py", bill)
    await code.window.press("ArrowUp", "Control+Alt+e")
    await code.window.preview(lambda text: "It adds a fifth." in text and "$" in text)
    await code.window.close_all()
    await code.window.open("prices.py", "def vat(net):\n    return net // 4\n")
    await code.window.open("bill.py", bill)
    mark = len(code.records)
    await code.window.press("ArrowUp", "Control+Alt+e")
    await code.window.preview(lambda text: "It adds a fifth." in text and "has changed" in text)
    assert len(code.records) == mark
    code.simulator.follow(Script(answer="It adds a quarter."))
    await code.window.press("Control+1", "Control+.")
    await code.window.page.locator(".action-widget .monaco-list-row", has_text="Explain again").click()
    await code.window.preview(lambda text: "It adds a quarter." in text and "has changed" not in text)
    assert len(code.records) == mark + 1


async def test_asking_about_the_file(code: Desk) -> None:
    code.simulator.follow(Script(answer="Two of them."))
    await code.source()
    await code.window.command("cachewise: Ask…")
    await code.window.input("How many lines?")
    await code.window.preview(lambda text: "Two of them." in text)
    assert "How many lines?" in str(code.records[-1].body)


async def test_documentation_as_an_edit(code: Desk) -> None:
    code.simulator.follow(Script(answer='"""Double a number."""'))
    path = await code.source()
    before = path.read_text()
    await code.window.press("Control+Home")
    await code.window.command("cachewise: Write Documentation")
    await code.window.confirm_edit()
    await code.window.saved(path, before.replace(":\n", ':\n    """Double a number."""\n', 1))
