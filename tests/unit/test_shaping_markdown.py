"""Model output becomes Markdown in which nothing acts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from cachewise.shaping.markdown import harmless

KEPT = {
    "plain": "Adds two numbers.",
    "heading and list": "# Title\n\n- one\n- two\n  1. three",
    "code span": "Call `a[0](b)` and ``x ` y``.",
    "fence": "```python\nx = [a](command:y)\n<b>\n```\nafter",
    "tilde fence with backticks": "~~~\n```\n![x](y)\n~~~",
    "quote": "> said so",
    "emphasis": "**bold** and *slanted*",
}

CHANGED = {
    "image": ("![a](https://evil.example/x.png)", "[a (evil.example)](https://evil.example/x.png)"),
    "command link": ("[run](command:rm)", "run"),
    "file link": ("[open](file:///etc/passwd)", "open"),
    "relative link": ("[open](../x)", "open"),
    "web link shows its host": ("[docs](https://a.example/x)", "[docs (a.example)](https://a.example/x)"),
    "host already shown": ("[a.example](https://a.example/)", "[a.example](https://a.example/)"),
    "user info hides the host": ("[bank](https://bank.example@evil.example/)", "bank"),
    "raw html": ("<img src=x onerror=y>", "&lt;img src=x onerror=y>"),
    "autolink": ("<command:rm>", "&lt;command:rm>"),
    "reference definition": ("[x]: command:rm", "\\[x\\]: command:rm"),
    "reference link": ("[text][x]", "\\[text\\]\\[x\\]"),
    "reference image": ("![text][x]", "!\\[text\\]\\[x\\]"),
    "nested link": ("[a [b](command:x)](https://c.example)", "\\[a b\\](https://c.example)"),
    "escaped bracket": ("\\[a](command:x)", "\\a"),
    "double backslash": ("\\\\[a](command:x)", "\\\\a"),
    "unpaired backtick": ("a ` b", "a \\` b"),
    "backtick that pairs over lines": ("a ` b\n`[x](command:y)`", "a \\` b\n`[x](command:y)`"),
    "indented fence is text": ("- a\n  ```\n[x](command:y)", "- a\n  \\`\\`\\`\nx"),
    "info string with backtick": ("``` a`b\n[x](command:y)", "\\`\\`\\` a\\`b\nx"),
}


@pytest.mark.parametrize("text", KEPT.values(), ids=KEPT.keys())
def test_kept(text: str) -> None:
    assert harmless(text) == text


@pytest.mark.parametrize(("text", "expected"), CHANGED.values(), ids=CHANGED.keys())
def test_changed(text: str, expected: str) -> None:
    assert harmless(text) == expected


def active(markdown: str) -> list[str]:
    """What a CommonMark renderer would act on: images, raw HTML, links that are not to the web."""
    found = []
    stack = list(MarkdownIt("commonmark").parse(markdown))
    while stack:
        token = stack.pop()
        stack.extend(token.children or [])
        if token.type in ("image", "html_block", "html_inline"):
            found.append(token.type)
        elif token.type == "link_open" and not str(token.attrGet("href")).startswith(("http://", "https://")):
            found.append(str(token.attrGet("href")))
    return found


PIECES = st.sampled_from(
    [
        "[",
        "]",
        "(",
        ")",
        "!",
        "<",
        ">",
        "`",
        "``",
        "```",
        "~~~",
        "\\",
        "\n",
        "\n\n",
        " ",
        "    ",
        "- ",
        "> ",
        "x",
        "command:y",
        "file:///z",
        "https://h.example",
        "[x]: command:y\n",
        "![i](u)",
        "<b>",
        "[l](command:q)",
        '"t"',
        "\t",
    ]
)


@given(st.lists(PIECES, max_size=40).map("".join))
def test_nothing_acts(text: str) -> None:
    assert active(harmless(text)) == []


def test_the_judge_sees_what_acts() -> None:
    assert active("![i](u) <b> [l](command:q)") != []
