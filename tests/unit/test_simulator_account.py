"""The simulator's prompt-cache account: what marks write and read, how long it lasts, and what is forgotten."""

from __future__ import annotations

import pytest

from cachewise.simulator.account import Account
from cachewise.simulator.prompt import BadRequest, MarkTtl
from support.simulated import B, Clock, Step, check, figures, prompt_of, shared, spend


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param(
            [Step(0, shared(), (0, 2100, 0, 50)), Step(10, shared("other"), (2100, 0, 0, 50))], id="written-then-read"
        ),
        pytest.param([Step(0, (B("system", 100), B("files", 2000)), (0, 0, 0, 2100))] * 2, id="nothing-without-marks"),
        pytest.param(
            [
                Step(0, shared(), (0, 2100, 0, 50)),
                Step(299, shared(), (2100, 0, 0, 50)),
                Step(598, shared(), (2100, 0, 0, 50)),
                Step(898, shared(), (0, 2100, 0, 50)),
            ],
            id="five-minutes-slide-on-read-and-end-exactly",
        ),
        pytest.param(
            [
                Step(0, shared(mark="1h"), (0, 0, 2100, 50)),
                Step(3599, shared(mark="1h"), (2100, 0, 0, 50)),
                Step(7199, shared(mark="1h"), (0, 0, 2100, 50)),
            ],
            id="an-hour-slides-too",
        ),
        pytest.param(
            [
                Step(0, (B("system", 1100, "1h"), B("files", 500, "5m"), B("tail", 10)), (0, 500, 1100, 10)),
                Step(10, (B("system", 1100, "1h"), B("files", 500, "5m"), B("tail", 10)), (1600, 0, 0, 10)),
                Step(400, (B("system", 1100, "1h"), B("files", 500, "5m"), B("tail", 10)), (1100, 500, 0, 10)),
                Step(410, (B("system", 1100, "1h"), B("edited", 500, "5m"), B("tail", 10)), (1100, 500, 0, 10)),
            ],
            id="an-hour-before-five-minutes",
        ),
        pytest.param(
            [Step(0, shared(), (0, 2100, 0, 50)), Step(1, (B("moved", 100), *shared()[1:]), (0, 2100, 0, 50))],
            id="a-change-before-the-mark-costs-all",
        ),
        pytest.param(
            [Step(0, shared(), (0, 2100, 0, 50)), Step(1, shared(), (0, 2100, 0, 50), "two")],
            id="each-upstream-has-its-own-cache",
        ),
        pytest.param(
            [
                Step(0, (B("system", 100), B("files", 2000), B("tail", 50, "5m")), (0, 2150, 0, 0)),
                Step(1, (B("system", 100), B("files", 2000), B("other", 50, "5m")), (0, 2150, 0, 0)),
            ],
            id="a-marked-tail-is-written-again-and-again",
        ),
        pytest.param(
            [
                Step(0, (B("system", 1023, "5m"), B("tail", 9)), (0, 0, 0, 1032)),
                Step(1, (B("system", 1023, "5m"), B("tail", 9)), (0, 0, 0, 1032)),
                Step(2, (B("system", 1024, "5m"), B("tail", 9)), (0, 1024, 0, 9)),
            ],
            id="below-the-minimum-nothing-is-written",
        ),
    ],
)
def test_marks(steps: list[Step]) -> None:
    check(*steps)


@pytest.mark.parametrize(("added", "read"), [(0, 2100), (19, 2100), (20, 0)])
def test_a_mark_looks_back_twenty_positions_its_own_included(added: int, read: int) -> None:
    more = tuple(B(f"more{'abcdefghijklmnopqrst'[i]}", 10) for i in range(added))
    last = more[-1:] and (B(more[-1].name, 10, "5m"),)
    blocks = (B("system", 100), B("files", 2000, None if added else "5m"), *more[:-1], *last)
    total = 2100 + 10 * added
    check(
        Step(0, (B("system", 100), B("files", 2000, "5m")), (0, 2100, 0, 0)),
        Step(1, blocks, (read, total - read, 0, 0)),
    )


def test_a_hit_at_an_early_mark_counts_where_the_late_one_does_not_reach_it() -> None:
    between = [B("between", 10)] * 25
    check(
        Step(0, (B("system", 1100, "5m"), B("tail", 9)), (0, 1100, 0, 9)),
        Step(1, (B("system", 1100, "5m"), *between, B("late", 10, "5m"), B("tail", 9)), (1100, 260, 0, 9)),
    )


@pytest.mark.parametrize(
    ("marks", "says"),
    [
        pytest.param(("5m",) * 5, "maximum of 4", id="five-marks"),
        pytest.param(("5m", "1h"), "must not come after", id="an-hour-behind-five-minutes"),
    ],
)
def test_marks_that_are_refused(marks: tuple[MarkTtl, ...], says: str) -> None:
    account = Account(Clock())
    prompt = prompt_of([B("block", 500 + i, mark) for i, mark in enumerate(marks)])
    with pytest.raises(BadRequest, match=says):
        account.open(prompt, "one")


def test_an_entry_is_read_only_once_its_response_began() -> None:
    account = Account(Clock())
    first, second = account.open(prompt_of(shared()), "one"), account.open(prompt_of(shared()), "one")
    assert figures(first.charge) == figures(second.charge) == (0, 2100, 0, 50)
    assert account.live_entries == 0
    account.commit(first)
    assert figures(account.open(prompt_of(shared()), "one").charge) == (2100, 0, 0, 50)


def test_time_counts_from_the_start_of_the_request() -> None:
    clock = Clock()
    account = Account(clock)
    receipt = account.open(prompt_of(shared()), "one")
    clock.now += 240
    account.commit(receipt)
    clock.now += 59
    assert account.live_entries == 1
    clock.now += 1
    assert account.live_entries == 0


def test_it_forgets_what_has_expired_when_there_is_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cachewise.simulator.account._KEPT_ENTRIES", 10)
    clock = Clock()
    account = Account(clock)
    for name in "abcdefgh":
        spend(account, prompt_of((B(name, 2000, "5m"),)))
    clock.now += 400
    for name in "klm":
        spend(account, prompt_of((B(name, 2000, "5m"),)))
    assert account.live_entries == 3
    assert spend(account, prompt_of((B("m", 2000, "5m"),))).read == 2000
