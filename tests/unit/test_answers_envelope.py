"""The sealed form of an entry: it comes back whole or not at all."""

from __future__ import annotations

import json
import math
from hashlib import blake2b
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cachewise.answers.envelope import Envelope, seal, unseal
from cachewise.answers.store import MAX_VALUE_BYTES

KEY = "a" * 64
WHOLE = Envelope(key=KEY, task="explain", stored_at=1000.0, ttl_seconds=60.0, answer={"text": "It adds."})
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def forged(**changes: Any) -> bytes:
    """An envelope with a right digest and whatever fields."""
    fields = {"v": 1, "key": KEY, "task": "explain", "storedAt": 1.0, "ttl": 1.0, "answer": {}} | changes
    body = json.dumps({k: v for k, v in fields.items() if v != "MISSING"}).encode()
    return b"cw1\n" + blake2b(body, digest_size=32).digest() + body


@given(st.dictionaries(st.text(max_size=8), JSON, max_size=4), st.text(max_size=70), st.text(max_size=9))
def test_what_is_sealed_comes_back(answer: dict[str, Any], key: str, task: str) -> None:
    envelope = Envelope(key=key, task=task, stored_at=12.5, ttl_seconds=3.0, answer=answer)
    assert unseal(seal(envelope), key) == envelope


def test_lone_surrogates_of_an_editor_come_back() -> None:
    envelope = Envelope(key=KEY, task="ask", stored_at=1.0, ttl_seconds=1.0, answer={"text": "\ud800"})
    assert unseal(seal(envelope), KEY) == envelope


@given(st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_every_changed_byte_makes_it_a_miss(place: int, change: int) -> None:
    blob = bytearray(seal(WHOLE))
    blob[place % len(blob)] ^= change
    assert unseal(bytes(blob), KEY) is None


@given(st.integers(min_value=0))
def test_every_cut_makes_it_a_miss(length: int) -> None:
    blob = seal(WHOLE)
    assert unseal(blob[: length % len(blob)], KEY) is None


@given(st.binary(max_size=200))
def test_any_bytes_are_a_miss(blob: bytes) -> None:
    assert unseal(blob, None) is None


def test_another_key_is_a_miss() -> None:
    assert unseal(seal(WHOLE), "b" * 64) is None


def test_any_key_may_be_asked_for() -> None:
    assert unseal(seal(WHOLE), None) == WHOLE


@pytest.mark.parametrize(
    "blob",
    [
        pytest.param(None, id="nothing"),
        pytest.param(b"", id="empty"),
        pytest.param(forged(v=2), id="other-version"),
        pytest.param(forged(v="1"), id="version-as-text"),
        pytest.param(forged(key=5), id="key-no-text"),
        pytest.param(forged(key="MISSING"), id="no-key"),
        pytest.param(forged(task=None), id="task-no-text"),
        pytest.param(forged(answer=[1]), id="answer-no-object"),
        pytest.param(forged(answer="MISSING"), id="no-answer"),
        pytest.param(forged(storedAt="now"), id="time-no-number"),
        pytest.param(forged(storedAt=True), id="time-a-bool"),
        pytest.param(forged(storedAt=math.nan), id="time-nan"),
        pytest.param(forged(ttl=math.inf), id="ttl-infinite"),
        pytest.param(forged(ttl=10**400), id="ttl-beyond-floats"),
        pytest.param(b"cw1\n" + blake2b(b"[1]", digest_size=32).digest() + b"[1]", id="list"),
        pytest.param(b"cw1\n" + blake2b(b"[" * 9999, digest_size=32).digest() + b"[" * 9999, id="deep"),
        pytest.param(b"cw1\n" + blake2b(b"{", digest_size=32).digest() + b"{", id="no-json"),
        pytest.param(b"cw0\n" + seal(WHOLE)[4:], id="other-mark"),
        pytest.param(b"\x80\x04\x95.", id="pickle"),
    ],
)
def test_what_does_not_fit_is_a_miss(blob: bytes | None) -> None:
    assert unseal(blob, KEY if blob and b"aaaa" in blob else None) is None


def test_forged_with_nothing_changed_would_be_a_hit() -> None:
    assert unseal(forged(), KEY) is not None


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        pytest.param({"x": math.nan}, ValueError, id="nan"),
        pytest.param({"x": object()}, TypeError, id="object"),
        pytest.param({"x": "y" * MAX_VALUE_BYTES}, ValueError, id="too-long"),
    ],
)
def test_what_is_no_json_is_not_sealed(answer: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        seal(Envelope(key=KEY, task="t", stored_at=1.0, ttl_seconds=1.0, answer=answer))


@pytest.mark.parametrize(
    ("now", "age", "expired"),
    [(1000.0, 0.0, False), (1030.0, 30.0, False), (1060.0, 60.0, True), (10.0, 0.0, False)],
    ids=["new", "half-way", "at-the-end", "clock-set-back"],
)
def test_age(now: float, age: float, expired: bool) -> None:
    assert WHOLE.age(now) == age
    assert WHOLE.expired(now) is expired
