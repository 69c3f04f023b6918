"""Keys: every field counts, nothing runs into its neighbour, and two checkouts share their answers."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cachewise.answers.key import canonical_json, digest, relative_name, scoped_key

SCOPED: dict[str, Any] = {
    "task": "explain",
    "model": "openrouter:anthropic/claude-haiku-4.5",
    "settings": {"maxTokens": 500},
    "template_version": "3",
    "language": "python",
    "path": "src/app.py",
    "question": "Why?",
    "diagnostics": ("unused variable",),
    "selection": "x = 1",
    "definition": "def f():\n    x = 1",
    "place": (13, 18),
    "dependencies": "d" * 64,
}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("task", "hover"),
        ("model", "openai:gpt-5"),
        ("settings", {"maxTokens": 501}),
        ("template_version", "4"),
        ("language", "ruby"),
        ("path", "src/other.py"),
        ("question", "Why not?"),
        ("diagnostics", ("unused import",)),
        ("selection", "x = 2"),
        ("definition", "def f():\n    x = 1\n    return x"),
        ("place", (14, 18)),
        ("dependencies", "e" * 64),
    ],
)
def test_every_field_of_a_scoped_key_counts(field: str, value: object) -> None:
    assert scoped_key(**SCOPED) != scoped_key(**{**SCOPED, field: value})


def test_a_key_is_64_hex_digits() -> None:
    key = scoped_key(**SCOPED)
    assert len(key) == 64
    assert set(key) <= set("0123456789abcdef")


def test_keys_stay_what_they_are() -> None:
    """A change here loses every stored answer, so it has to be meant: then raise SCHEME."""
    assert scoped_key(**SCOPED)[:16] == "a575a38cd5c92751"


@given(st.permutations(["a", "b", "c"]))
def test_the_order_of_diagnostics_does_not_count(order: list[str]) -> None:
    assert scoped_key(**{**SCOPED, "diagnostics": order}) == scoped_key(**{**SCOPED, "diagnostics": ["a", "b", "c"]})


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("src/app.py", "src/app.py"),
        ("src\\app.py", "src/app.py"),
        ("./src/app.py", "src/app.py"),
        ("/home/ann/repo/src/app.py", "app.py"),
        ("C:\\repo\\app.py", "app.py"),
        ("\\\\host\\share\\app.py", "app.py"),
        ("untitled:Untitled-1", "untitled:Untitled-1"),
        ("file:///home/ann/app.py", "app.py"),
    ],
)
def test_no_absolute_path_gets_into_a_key(path: str, name: str) -> None:
    assert relative_name(path) == name


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


def plain_equal(left: object, right: object) -> bool:
    """Equality as a key means it: True is not 1, a tuple is a list."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(plain_equal, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(plain_equal(left[k], right[k]) for k in left)
    return left == right


@given(JSON, JSON)
def test_canonical_json_is_equal_exactly_for_equal_values(left: object, right: object) -> None:
    assert (canonical_json(left) == canonical_json(right)) is plain_equal(left, right)


@given(st.dictionaries(st.text(max_size=4), st.integers(), max_size=6))
def test_the_order_of_names_does_not_count(fields: dict[str, int]) -> None:
    assert digest(fields) == digest(dict(reversed(fields.items())))


@pytest.mark.parametrize(
    ("left", "right"),
    [(1, 1.0), ((1, 2), [1, 2]), (Decimal("1.50"), Decimal("1.5")), (0.0, -0.0)],
    ids=["whole-floats", "tuples", "decimals", "zeros"],
)
def test_equal_in_a_key(left: object, right: object) -> None:
    assert canonical_json(left) == canonical_json(right)


@pytest.mark.parametrize(
    "value",
    [object(), b"x", math.nan, math.inf, {1: 2}, {"a": {1, 2}}, [lambda: 1]],
    ids=["object", "bytes", "nan", "infinity", "number-as-name", "set", "function"],
)
def test_what_is_no_json_has_no_place_in_a_key(value: object) -> None:
    with pytest.raises(TypeError):
        canonical_json(value)


def test_lone_surrogates_have_a_key() -> None:
    assert scoped_key(**{**SCOPED, "selection": "\ud800"}) != scoped_key(**{**SCOPED, "selection": "\ud801"})
