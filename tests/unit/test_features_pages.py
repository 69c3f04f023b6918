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
    page = pages.begin("explain", "src/app.py")
    found = pages.find(page.uri)
    assert found is not None
    assert found.markdown() == page.markdown()
    assert page.markdown() == "# Explain: `src/app.py`\n\n"
    page.write("It adds ")
    page.write("numbers.")
    assert page.markdown().endswith("It adds numbers.")
    page.finish("explain · $0.002", "from there")
    assert page.markdown() == "# Explain: `src/app.py`\n\nIt adds numbers.\n\n---\n\nexplain · $0.002  \nfrom there\n"
    assert told == [page.uri] * 4


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
    page = Pages().begin("ask", "a.py")
    page.write(text[: len(text) // 2])
    page.write(text[len(text) // 2 :])
    shown = page.markdown()
    for sign in ("![", "<script", "](command:", "](file:"):
        assert sign not in shown


def test_each_page_has_an_address_of_its_own() -> None:
    pages = Pages()
    assert len({pages.begin("explain", "a.py").uri for _ in range(10)}) == 10


def test_old_pages_are_forgotten() -> None:
    pages = Pages()
    made = [pages.begin("explain", "a.py") for _ in range(40)]
    found = [page for page in made if pages.find(page.uri)]
    assert found == made[-32:]
    made[0].write("still streaming")  # into a page that nobody can fetch any more, which is no error


@given(st.text())
def test_any_name_gives_a_title_of_one_line_and_a_plain_address(name: str) -> None:
    page = Pages().begin("explain", name)
    assert page.uri.isascii()
    assert page.uri.startswith("cachewise:/explain/")
    assert page.uri.endswith(".md")
    assert "/" not in unquote(page.uri.removeprefix("cachewise:/explain/1/")) or page.uri.count("/") == 3
    title = page.markdown().split("\n", 1)[0]
    assert title.startswith("# Explain: `")
    assert title.count("`") == 2


def test_a_follow_up_goes_below_and_a_fresh_answer_takes_the_place_of_the_last() -> None:
    pages = Pages()
    first = pages.begin("explain", "a.py")
    first.write("One.")
    first.finish("cost 1")
    second = pages.begin("ask", "a.py", "And\nthen [x](command:y)?", into=first.uri)
    second.write("Two.")
    first.write(" Late.")
    assert second.uri == first.uri
    shown = second.markdown()
    assert shown.startswith("# Explain: `a.py`\n\nOne. Late.\n\n---\n\ncost 1\n\n> And then ")
    assert "](command:" not in shown
    assert shown.endswith("?\n\nTwo.")
    third = pages.begin("ask", "a.py", "And then?", into=first.uri, refresh=True)
    third.write("Three.")
    assert "Two." not in third.markdown()
    assert third.markdown().count("> And then") == 1
    assert third.markdown().endswith("Three.")


def test_an_answer_for_a_page_that_is_forgotten_gets_a_new_one() -> None:
    pages = Pages()
    part = pages.begin("ask", "a.py", "Why?", into="cachewise:/explain/99/gone.md", refresh=True)
    assert part.uri == "cachewise:/ask/1/a.py.md"
    assert part.markdown() == "# Ask: `a.py`\n\n"
