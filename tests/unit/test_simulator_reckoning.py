"""Random conversations: the simulator's account against a reckoning that is written as plainly as possible."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from cachewise.simulator.account import Account
from cachewise.simulator.prompt import MarkTtl, WireName
from cachewise.simulator.rules import TTL_SECONDS, rule_for
from support.simulated import SONNET, B, Clock, figures, prompt_of, spend

_BLOCKS = st.tuples(st.sampled_from("abc"), st.sampled_from([40, 700, 1100]))
_PROMPTS = st.tuples(
    st.lists(_BLOCKS, min_size=1, max_size=25),
    st.sets(st.integers(0, 24), max_size=4),
    st.integers(0, 4),
    st.sampled_from([0.0, 1.0, 200.0, 299.0, 301.0, 3000.0, 4000.0]),
)
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


def _marked(blocks: list[tuple[str, int]], marks: set[int], hours: int) -> list[B]:
    places = sorted(i for i in marks if i < len(blocks))
    ttl: dict[int, MarkTtl] = {place: "1h" if n < hours else "5m" for n, place in enumerate(places)}
    return [B(name, tokens, ttl.get(i)) for i, (name, tokens) in enumerate(blocks)]


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
