"""Virtual documents: harmless, growing, and not too many."""

from __future__ import annotations

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cachewise.features.pages import Pages


def test_a_page_grows_and_ends_with_its_footer() -> None:
    pages = Pages()
    told: list[str] = []
    pages.changed = told.append
    page = pages.open("explain", "src/app.py")
    assert pages.find(page.uri) is page
    assert page.markdown() == "# Explain: `src/app.py`\n\n"
    page.write("It adds ")
    page.write("numbers.")
    assert page.markdown().endswith("It adds numbers.")
    page.finish("explain · $0.002")
    assert page.markdown() == "# Explain: `src/app.py`\n\nIt adds numbers.\n\n---\n\nexplain · $0.002\n"
    assert told == [page.uri] * 3


@pytest.mark.parametrize(
    "text",
    [
        "![x](https://example.com/a.png)",
        "<script>alert(1)</script>",
        "[x](command:workbench.action.terminal)",
        "[x](file:///etc/passwd)",
    ],
)
def test_what_a_model_writes_is_made_harmless(text: str) -> None:
    page = Pages().open("ask", "a.py")
    page.write(text[: len(text) // 2])
    page.write(text[len(text) // 2 :])
    shown = page.markdown()
    for sign in ("![", "<script", "](command:", "](file:"):
        assert sign not in shown


def test_each_page_has_an_address_of_its_own() -> None:
    pages = Pages()
    assert len({pages.open("explain", "a.py").uri for _ in range(10)}) == 10


def test_old_pages_are_forgotten() -> None:
    pages = Pages()
    made = [pages.open("explain", "a.py") for _ in range(40)]
    found = [page for page in made if pages.find(page.uri) is not None]
    assert found == made[-32:]
    made[0].write("still streaming")  # into a page that nobody can fetch any more, which is no error


@given(st.text())
def test_any_name_gives_a_title_of_one_line_and_a_plain_address(name: str) -> None:
    page = Pages().open("explain", name)
    assert page.uri.isascii()
    assert page.uri.startswith("cachewise:/explain/")
    assert page.uri.endswith(".md")
    assert "/" not in unquote(page.uri.removeprefix("cachewise:/explain/1/")) or page.uri.count("/") == 3
    title = page.markdown().split("\n", 1)[0]
    assert title.startswith("# Explain: `")
    assert title.count("`") == 2
