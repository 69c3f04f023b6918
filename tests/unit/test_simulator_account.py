"""The simulator's prompt-cache account: what is read, written and paid plainly, for each family of models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cachewise.simulator.account import Account
from cachewise.simulator.prompt import BadRequest, MarkTtl, WireName
from cachewise.simulator.rules import TTL_SECONDS, rule_for
from support.simulated import B, Clock, figures, prompt_of, spend

Figures = tuple[int, int, int, int]
HAIKU = "claude-haiku-4-5"
SONNET = "claude-sonnet-4-6"


@dataclass(frozen=True)
class Step:
    """A request at so many seconds, and how its input is billed: read, short write, 1h write, plain."""

    at: float
    blocks: tuple[B, ...]
    billed: Figures
    upstream: str = "one"


def check(*steps: Step, wire: WireName = "anthropic", model: str = SONNET, **more: Any) -> None:
    clock = Clock()
    start = clock.now
    account = Account(clock)
    for number, step in enumerate(steps):
        clock.now = start + step.at
        prompt = prompt_of(step.blocks, wire=wire, model=model, **more)
        assert figures(spend(account, prompt, step.upstream)) == step.billed, f"request {number}"


def shared(tail: str = "tail", mark: MarkTtl = "5m", tokens: int = 2000) -> tuple[B, ...]:
    return (B("system", 100), B("files", tokens, mark), B(tail, 50))


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


def test_qwen_takes_the_latest_four_of_five_marks() -> None:
    blocks = tuple(B(name, 2000, "5m") for name in ("a", "b", "c", "d", "e"))
    model = "qwen/qwen3-coder-plus"
    check(
        Step(0, blocks, (0, 10_000, 0, 0)),
        Step(1, (blocks[0], B("new", 10)), (0, 2000, 0, 10)),
        Step(2, (*blocks[:2], B("new", 10)), (4000, 0, 0, 10)),
        wire="openrouter",
        model=model,
    )


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


EXPLICIT = (B("system", 100), B("files", 2000, "30m"), B("tail", 50))


@pytest.mark.parametrize(
    ("implicit", "steps"),
    [
        pytest.param(
            False,
            [
                Step(0, EXPLICIT, (0, 2100, 0, 50)),
                Step(1799, EXPLICIT, (2100, 0, 0, 50)),
                Step(3599, EXPLICIT, (0, 2100, 0, 50)),
            ],
            id="explicit-for-thirty-minutes",
        ),
        pytest.param(
            False,
            [
                Step(0, EXPLICIT[:2], (0, 2100, 0, 0)),
                Step(
                    1,
                    (B("system", 100), B("files", 2000), *[B("more", 5)] * 40, B("last", 5, "30m")),
                    (2100, 205, 0, 0),
                ),
            ],
            id="looks-back-without-a-limit",
        ),
        pytest.param(
            True,
            [
                Step(0, (B("system", 100), B("files", 2000), B("tail", 50)), (0, 2150, 0, 0)),
                Step(1, (B("system", 100), B("files", 2000), B("other", 50)), (0, 2150, 0, 0)),
                Step(2, (B("system", 100), B("files", 2000), B("other", 50), B("then", 9)), (2150, 9, 0, 0)),
            ],
            id="implicit-finds-a-longer-chat-but-not-another-tail",
        ),
        pytest.param(False, [Step(0, shared()[:1], (0, 0, 0, 100))], id="explicit-mode-without-marks-is-plain"),
    ],
)
def test_openai_from_5_6(implicit: bool, steps: list[Step]) -> None:
    check(*steps, wire="openai", model="gpt-5.6-luna", marks_last_message=implicit)


def test_a_prompt_cache_key_has_its_own_cache() -> None:
    account = Account(Clock())
    first = prompt_of(EXPLICIT, wire="openai", model="gpt-5.6", cache_key="a")
    other = prompt_of(EXPLICIT, wire="openai", model="gpt-5.6", cache_key="b")
    assert [spend(account, prompt).read for prompt in (first, other, first)] == [0, 0, 2100]


@pytest.mark.parametrize(
    ("model", "steps"),
    [
        pytest.param(
            "deepseek/deepseek-v4-flash",
            [
                Step(0, (B("system", 100), B("files", 1500), B("tail", 50)), (0, 0, 0, 1650)),
                Step(1, (B("system", 100), B("files", 1500), B("other", 50)), (1536, 0, 0, 114)),
                Step(2, (B("system", 100), B("files", 1500), B("other", 50)), (1536, 0, 0, 114)),
            ],
            id="steps-of-128",
        ),
        pytest.param("x-ai/grok-4.3", [Step(0, (B("files", 1023),), (0, 0, 0, 1023))] * 2, id="below-1024"),
        pytest.param(
            "x-ai/grok-4.3",
            [Step(0, (B("files", 1024),), (0, 0, 0, 1024)), Step(1, (B("files", 1024),), (1024, 0, 0, 0))],
            id="exactly-1024",
        ),
        pytest.param(
            "openai/gpt-5-mini",
            [
                Step(0, (B("files", 1024), B("tail", 200)), (0, 0, 0, 1224)),
                Step(200, (B("files", 1024), B("other", 200)), (1024, 0, 0, 200)),
                Step(499, (B("files", 1024), B("third", 200)), (1024, 0, 0, 200)),
                Step(800, (B("files", 1024), B("third", 200)), (0, 0, 0, 1224)),
            ],
            id="five-minutes-sliding",
        ),
        pytest.param(
            "google/gemini-2.5-flash",
            [
                Step(0, (B("files", 2047),), (0, 0, 0, 2047)),
                Step(1, (B("files", 2047),), (0, 0, 0, 2047)),
                Step(2, (B("files", 2100),), (0, 0, 0, 2100)),
                Step(3, (B("files", 2100),), (2048, 0, 0, 52)),
            ],
            id="gemini-has-a-higher-minimum",
        ),
        pytest.param("qwen/qwen3-32b", [Step(0, (B("files", 5000, "5m"),), (0, 0, 0, 5000))] * 2, id="none-at-all"),
    ],
)
def test_automatic(model: str, steps: list[Step]) -> None:
    check(*steps, wire="openrouter", model=model)


@pytest.mark.parametrize(
    ("wire", "model", "minimum"),
    [
        ("anthropic", "claude-haiku-4-5-20251001", 4096),
        ("openrouter", "anthropic/claude-haiku-4.5", 4096),
        ("openrouter", "anthropic/claude-sonnet-4.6:beta", 1024),
        ("anthropic", "claude-opus-4-6", 4096),
        ("anthropic", "claude-opus-4-7", 2048),
        ("anthropic", "claude-opus-4-8", 1024),
        ("anthropic", "claude-opus-5", 512),
        ("openrouter", "google/gemini-3.1-pro", 4096),
        ("openai", "gpt-6.1-terra", 1024),
    ],
)
def test_minimum(wire: WireName, model: str, minimum: int) -> None:
    assert rule_for(wire, model).minimum == minimum


def test_haiku_caches_from_4096_tokens_on() -> None:
    check(
        Step(0, (B("files", 4095, "5m"),), (0, 0, 0, 4095)),
        Step(1, (B("files", 4096, "5m"),), (0, 4096, 0, 0)),
        model=HAIKU,
    )


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


# Random conversations against a reckoning that is written as plainly as possible.

_BLOCKS = st.tuples(st.sampled_from("abc"), st.sampled_from([40, 700, 1100]))
_PROMPTS = st.tuples(
    st.lists(_BLOCKS, min_size=1, max_size=25),
    st.sets(st.integers(0, 24), max_size=4),
    st.integers(0, 4),
    st.sampled_from([0.0, 1.0, 200.0, 299.0, 301.0, 3000.0, 4000.0]),
)


def _marked(blocks: list[tuple[str, int]], marks: set[int], hours: int) -> list[B]:
    places = sorted(i for i in marks if i < len(blocks))
    ttl: dict[int, MarkTtl] = {place: "1h" if n < hours else "5m" for n, place in enumerate(places)}
    return [B(name, tokens, ttl.get(i)) for i, (name, tokens) in enumerate(blocks)]


@settings(deadline=None, max_examples=150)
@given(st.lists(_PROMPTS, min_size=1, max_size=8))
def test_marks_agree_with_a_naive_reckoning(
    requests: list[tuple[list[tuple[str, int]], set[int], int, float]],
) -> None:
    clock = Clock()
    account = Account(clock)
    entries: dict[tuple[tuple[str, int], ...], tuple[float, MarkTtl]] = {}
    for plain_blocks, marks, hours, pause in requests:
        clock.now += pause
        blocks = _marked(plain_blocks, marks, hours)
        charge = spend(account, prompt_of(blocks))

        prefixes = [tuple(plain_blocks[: i + 1]) for i in range(len(blocks))]
        sizes = [sum(tokens for _, tokens in prefix) for prefix in prefixes]
        hit = -1
        for place in (i for i, block in enumerate(blocks) if block.mark):
            live = [
                i for i in range(place, max(-1, place - 20), -1) if entries.get(prefixes[i], (0.0, "5m"))[0] > clock.now
            ]
            if live:
                ttl = entries[prefixes[live[0]]][1]
                entries[prefixes[live[0]]] = (clock.now + TTL_SECONDS[ttl], ttl)
                hit = max(hit, live[0])
        read = sizes[hit] if hit >= 0 else 0
        short = hour = 0
        end = read
        for i, block in enumerate(blocks):
            if block.mark and i > hit and sizes[i] >= 1024:
                entries[prefixes[i]] = (clock.now + TTL_SECONDS[block.mark], block.mark)
                short, hour = (short, hour + sizes[i] - end) if block.mark == "1h" else (short + sizes[i] - end, hour)
                end = sizes[i]
        assert figures(charge) == (read, short, hour, sizes[-1] - end)


_STYLES = st.sampled_from(
    [
        ("anthropic", SONNET),
        ("openai", "gpt-5.6"),
        ("openai", "gpt-5-mini"),
        ("openrouter", "qwen/qwen3-coder-plus"),
        ("openrouter", "google/gemini-2.5-flash"),
        ("openrouter", "qwen/qwen3-32b"),
    ]
)


@settings(deadline=None, max_examples=150)
@given(_STYLES, st.booleans(), st.lists(_PROMPTS, min_size=1, max_size=6))
def test_nothing_is_lost_and_nothing_is_read_that_was_not_sent_before(
    style: tuple[WireName, str], implicit: bool, requests: list[tuple[list[tuple[str, int]], set[int], int, float]]
) -> None:
    wire, model = style
    clock = Clock()
    account = Account(clock)
    sent: list[list[tuple[str, int]]] = []
    for blocks, marks, _, pause in requests:
        clock.now += pause
        charge = spend(
            account, prompt_of(_marked(blocks, marks, 0), wire=wire, model=model, marks_last_message=implicit)
        )
        total = sum(tokens for _, tokens in blocks)
        assert charge.read + charge.write + charge.write_1h + charge.plain == total == charge.total
        assert min(figures(charge)) >= 0
        assert charge.read <= max((_shared_tokens(blocks, before) for before in sent), default=0)
        assert charge.read == 0 or charge.read >= rule_for(wire, model).minimum
        sent.append(blocks)


def _shared_tokens(one: list[tuple[str, int]], other: list[tuple[str, int]]) -> int:
    """Tokens of the longest common beginning; a token of one block equals one of another if their names do."""
    shared_tokens = 0
    for position, (a, b) in enumerate(zip(one, other, strict=False)):
        if a[0] != b[0]:
            break
        shared_tokens += min(a[1], b[1])
        if a[1] != b[1] or position == min(len(one), len(other)) - 1:
            break
    return shared_tokens
