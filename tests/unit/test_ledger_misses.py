from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from cachewise.ledger.misses import PrefixWatch, prefix_status
from cachewise.ledger.prefix import CACHES_REMEMBERED, PLANS_REMEMBERED, Expectation
from cachewise.model.names import CacheTraits, ModelName
from cachewise.model.plan import PromptPlan
from cachewise.model.usage import CacheMiss, Tokens
from support.ledger import HAIKU, NOON, plan, traits

WHOLE = 12_500
"""Tokens of `plan()`; 12,000 of them are prefix."""
PREFIX = 12_000
TWO = {"a.py": ("a", 5000), "b.py": ("b", 6000)}
EDITED = {"a.py": ("a", 5000), "b.py": ("b changed", 6000)}


def used(read: int | None = PREFIX, write: int | None = 0, whole: int = WHOLE) -> Tokens:
    return Tokens(input=whole, cache_read=read, cache_write=write, output=100)


@dataclass
class Bench:
    """Sends plans and keeps the time."""

    watch: PrefixWatch
    now: float = NOON

    def expect(self, sent: PromptPlan, cached: CacheTraits | None = None, session: str = "w") -> Expectation:
        return self.watch.expect(sent, cached or traits(), self.now, model=HAIKU, session_id=session)

    def send(
        self,
        sent: PromptPlan,
        reported: Tokens,
        *,
        cached: CacheTraits | None = None,
        upstream: str | None = None,
        after: float = 1.0,
        session: str = "w",
    ) -> CacheMiss | None:
        self.now += after
        expected = self.expect(sent, cached, session)
        self.watch.answered(expected)
        return self.watch.judge(expected, reported, upstream)


@pytest.fixture
def bench() -> Bench:
    return Bench(PrefixWatch())


@pytest.mark.parametrize(
    ("second", "reported", "after", "reason", "tokens", "words"),
    [
        pytest.param(plan(), used(), 1.0, None, 0, "", id="all read"),
        pytest.param(plan(), used(PREFIX - 1999), 1.0, None, 0, "", id="short by less than 2,000 tokens"),
        pytest.param(plan(), used(0), 1.0, "routeChanged", PREFIX, "another host", id="nothing read, nothing changed"),
        pytest.param(plan(), used(None), 1.0, "unreported", PREFIX, "does not report", id="reads not reported"),
        pytest.param(plan(), Tokens(), 1.0, None, 0, "", id="no report at all"),
        pytest.param(plan(), used(0), 299.0, "routeChanged", PREFIX, "", id="just before the end of the TTL"),
        pytest.param(plan(), used(0), 301.0, "expired", PREFIX, "5 min", id="after the TTL"),
        pytest.param(plan(), used(), 301.0, None, 0, "", id="after the TTL, and read all the same"),
        pytest.param(plan(EDITED), used(0), 1.0, "prefixChanged", PREFIX, "file b.py changed", id="a file changed"),
        pytest.param(
            plan(EDITED, moved="you edited it"),
            used(0),
            1.0,
            "prefixChanged",
            PREFIX,
            "file b.py changed: you edited it",
            id="changed for a stated reason",
        ),
        pytest.param(plan(EDITED), used(0), 301.0, "expired", PREFIX, "", id="changed, but too late anyway"),
        pytest.param(
            plan({"a.py": ("a", 5000)}),
            used(0),
            1.0,
            "prefixChanged",
            PREFIX,
            "file b.py is gone",
            id="closed the last",
        ),
        pytest.param(
            plan({"b.py": ("b", 6000)}),
            used(0),
            1.0,
            "prefixChanged",
            PREFIX,
            "file a.py is gone",
            id="closed the first",
        ),
        pytest.param(
            plan({"c.py": ("c", 100), **TWO}),
            used(0),
            1.0,
            "prefixChanged",
            PREFIX,
            "file c.py came in before file a.py",
            id="inserted",
        ),
        pytest.param(
            plan({**TWO, "c.py": ("c", 3000)}), used(PREFIX, 3000, WHOLE + 3000), 1.0, None, 0, "", id="appended"
        ),
        pytest.param(plan({"d.py": ("d", 100)}), used(0, whole=900), 1.0, "belowMinimum", 619, "1024", id="too short"),
    ],
)
def test_why_the_second_request_read_less(
    bench: Bench,
    second: PromptPlan,
    reported: Tokens,
    after: float,
    reason: str | None,
    tokens: int,
    words: str,
) -> None:
    assert bench.send(plan(), used(0, PREFIX)) is not None
    miss = bench.send(second, reported, after=after)
    assert (miss.reason if miss else None) == reason
    if miss:
        assert miss.tokens == tokens
        assert words in miss.detail


@pytest.mark.parametrize(
    ("sent", "cached", "reported", "reason", "tokens"),
    [
        pytest.param(plan(), traits(), used(0, PREFIX), "cold", PREFIX, id="first"),
        pytest.param(plan(), traits(), used(PREFIX), None, 0, id="first here, but warm already"),
        pytest.param(plan({}), traits(), used(0, 0, 1500), "belowMinimum", 1000, id="only the system text"),
        pytest.param(plan({}), traits(minimum=0), used(0, 1000, 1500), "cold", 1000, id="no minimum"),
        pytest.param(plan(), traits("none"), used(0, 0), None, 0, id="nothing is cached there"),
        pytest.param(plan(marks={}), traits(), used(0, 0), None, 0, id="caching is off"),
        pytest.param(plan(marks={}), traits("automatic"), used(0, 0), "cold", PREFIX, id="automatic"),
        pytest.param(plan(marks={}), traits("automatic", reports=False), used(None), "cold", PREFIX, id="silent"),
        pytest.param(plan(), traits(), Tokens(), None, 0, id="no report"),
    ],
)
def test_the_first_request(
    bench: Bench, sent: PromptPlan, cached: CacheTraits, reported: Tokens, reason: str | None, tokens: int
) -> None:
    miss = bench.send(sent, reported, cached=cached)
    assert (miss.reason if miss else None) == reason
    assert (miss.tokens if miss else 0) == tokens


def test_the_share_that_is_tolerated_grows_with_the_prefix(bench: Bench) -> None:
    big = plan({"a.py": ("a", 99_000)})
    bench.send(big, used(0, 100_000, 100_500))
    assert bench.send(big, used(95_000, 5000, 100_500)) is None
    miss = bench.send(big, used(94_999, 5001, 100_500))
    assert miss is not None
    assert miss.tokens == 5001


def test_another_upstream_is_named(bench: Bench) -> None:
    bench.send(plan(), used(0, PREFIX), upstream="Anthropic")
    miss = bench.send(plan(), used(0, PREFIX), upstream="Bedrock")
    assert miss is not None
    assert miss.reason == "routeChanged"
    assert miss.detail == "served by Bedrock, and by Anthropic the time before"


def test_a_change_of_almost_everything_is_no_change_of_route(bench: Bench) -> None:
    """Only the system text is the same, which is too short for this provider to be read alone."""
    automatic = traits("automatic", minimum=0)
    bench.send(plan(marks={}), used(0, None), cached=automatic)
    miss = bench.send(plan({"c.py": ("c", 11_000)}, marks={}), used(0, None), cached=automatic)
    assert miss is not None
    assert miss.reason == "prefixChanged"
    assert "file a.py is gone" in miss.detail


def test_a_request_that_waited_expects_what_was_written_meanwhile(bench: Bench) -> None:
    first, other = bench.expect(plan()), bench.expect(plan())
    assert other.state == "cold"
    bench.watch.answered(first)
    later = bench.watch.again(other, bench.now + 1)
    assert (later.state, later.tokens_read) == ("warm", PREFIX)
    assert bench.watch.judge(later, used()) is None


def test_each_read_keeps_the_prefix_alive(bench: Bench) -> None:
    bench.send(plan(), used(0, PREFIX))
    for _ in range(5):
        assert bench.send(plan(), used(), after=290.0) is None
    miss = bench.send(plan(), used(0, PREFIX), after=290.0)
    assert miss is not None
    assert miss.reason == "routeChanged"


def test_a_part_with_a_longer_time_to_live_outlasts_the_rest(bench: Bench) -> None:
    marked = plan(marks={1: "1h", 2: "5m"})
    bench.send(marked, used(0, PREFIX))
    bench.now += 600
    expected = bench.expect(marked)
    assert expected.tokens_read == 6000
    miss = bench.watch.judge(expected, used(6000, 6000))
    assert miss is not None
    assert (miss.reason, miss.tokens) == ("expired", 6000)


def test_two_prompts_in_turns_do_not_count_as_changes(bench: Bench) -> None:
    other = plan({"z.py": ("z", 11_000)})
    bench.send(plan(), used(0, PREFIX))
    bench.send(other, used(0, PREFIX))
    for sent in (plan(), other, plan(), other):
        assert bench.send(sent, used()) is None


def test_caches_of_folders_and_models_are_apart(bench: Bench) -> None:
    bench.send(plan(), used(0, PREFIX))
    assert bench.expect(plan()).state == "warm"
    assert bench.expect(plan(), session="other").state == "cold"
    elsewhere = bench.watch.expect(plan(), traits(), bench.now, model=ModelName("openai", "gpt-5"), session_id="w")
    assert elsewhere.state == "cold"


def test_a_request_that_was_never_answered_leaves_nothing_behind(bench: Bench) -> None:
    bench.expect(plan())
    assert bench.expect(plan()).state == "cold"
    bench.watch.answered(bench.expect(plan()))
    assert bench.expect(plan()).state == "warm"


def test_tokens_are_corrected_by_what_the_provider_counted(bench: Bench) -> None:
    """The plan says 12,500 tokens; the provider counts 15,000 for the same text."""
    assert bench.expect(plan()).tokens_read == 0
    bench.send(plan(), used(0, 14_400, 15_000))
    expected = bench.expect(plan())
    assert expected.tokens_read == 14_400
    assert expected.split(7).input == 15_000
    assert bench.send(plan(), used(14_400, 0, 15_000)) is None


def test_a_provider_that_stores_nothing_is_told_from_a_change(bench: Bench) -> None:
    bench.send(plan(), used(0, 0))
    assert bench.expect(plan()).state == "cold"
    miss = bench.send(plan(), used(0, 0))
    assert miss is not None
    assert miss.reason == "routeChanged"
    short = plan({"a.py": ("a", 1000)})
    bench.send(short, used(0, 0, 2500), session="s")
    miss = bench.send(short, used(0, 0, 2500), session="s")
    assert miss is not None
    assert miss.reason == "belowMinimum"


def test_the_memory_is_bounded(bench: Bench) -> None:
    for number in range(PLANS_REMEMBERED + 1):
        bench.send(plan({"a.py": (str(number), 11_000)}), used(0, PREFIX))
    assert bench.expect(plan({"a.py": ("0", 11_000)})).tokens_read == 0
    assert bench.expect(plan({"a.py": ("1", 11_000)})).tokens_read == PREFIX
    for number in range(CACHES_REMEMBERED):
        bench.send(plan(), used(0, PREFIX), session=f"s{number}")
    assert bench.expect(plan({"a.py": ("1", 11_000)})).known is None


@pytest.mark.parametrize(
    ("sent", "cached", "warm", "expected"),
    [
        pytest.param(plan(), traits(), False, {"tokens": PREFIX, "state": "cold", "expiresAt": None}, id="cold"),
        pytest.param(
            plan(),
            traits(),
            True,
            {"tokens": PREFIX, "state": "warm", "expiresAt": "2026-05-28T20:31:41Z"},
            id="warm",
        ),
        pytest.param(
            plan(marks={2: "1h"}),
            traits(),
            True,
            {"tokens": PREFIX, "state": "warm", "expiresAt": "2026-05-28T21:26:41Z"},
            id="warm for an hour",
        ),
        pytest.param(
            plan(marks={2: "1h"}),
            traits(ttls=()),
            True,
            {"tokens": PREFIX, "state": "warm", "expiresAt": "2026-05-28T20:31:41Z"},
            id="the provider knows no hour",
        ),
        pytest.param(
            plan(), traits("none"), False, {"tokens": 0, "state": "unsupported", "expiresAt": None}, id="unsupported"
        ),
        pytest.param(
            plan({}), traits(), False, {"tokens": 1000, "state": "belowMinimum", "expiresAt": None}, id="below"
        ),
    ],
)
def test_status(bench: Bench, sent: PromptPlan, cached: CacheTraits, warm: bool, expected: Mapping[str, Any]) -> None:
    if warm:
        bench.send(sent, used(0, PREFIX), cached=cached)
    assert prefix_status(bench.expect(sent, cached)) == expected


def test_status_before_any_request() -> None:
    assert prefix_status(None) == {"tokens": 0, "state": "unsupported", "expiresAt": None}


@pytest.mark.parametrize(
    ("cached", "marks", "warm", "read", "write", "long"),
    [
        pytest.param(traits(), {2: "5m"}, False, 0, PREFIX, 0, id="cold writes"),
        pytest.param(traits(), {2: "5m"}, True, PREFIX, 0, 0, id="warm reads"),
        pytest.param(traits(), {1: "1h", 2: "5m"}, False, 0, PREFIX, 6000, id="two lives"),
        pytest.param(traits("automatic"), {}, False, 0, 0, 0, id="automatic caches charge no writes"),
        pytest.param(traits("automatic"), {}, True, PREFIX, 0, 0, id="automatic reads"),
        pytest.param(traits("none"), {}, False, 0, 0, 0, id="none"),
        pytest.param(traits(minimum=20_000), {2: "5m"}, False, 0, 0, 0, id="below the minimum"),
    ],
)
def test_split_for_streams_without_a_report(
    bench: Bench, cached: CacheTraits, marks: dict[int, Any], warm: bool, read: int, write: int, long: int
) -> None:
    sent = plan(marks=marks)
    if warm:
        bench.watch.answered(bench.expect(sent, cached))
    expected = Tokens(input=WHOLE, cache_read=read, cache_write=write, cache_write_1h=long, output=9)
    assert bench.expect(sent, cached).split(9) == expected


def test_a_bill_that_comes_late_does_not_age_the_prefix(bench: Bench) -> None:
    first = bench.expect(plan())
    bench.watch.answered(first)
    bench.send(plan(), used(), after=200.0)
    bench.watch.judge(first, used(0, PREFIX))
    bench.now += 250
    assert bench.expect(plan()).state == "warm"


def test_a_bill_that_comes_late_does_not_become_the_newest_prompt(bench: Bench) -> None:
    first = bench.expect(plan({"a.py": ("old", 11_000)}))
    bench.watch.answered(first)
    bench.send(plan(), used(0, PREFIX))
    bench.watch.judge(first, used(0, PREFIX))
    miss = bench.send(plan({"a.py": ("a", 5000), "b.py": ("new", 6000)}, marks={1: "5m", 2: "5m"}), used(0))
    assert miss is not None
    assert miss.detail == "file b.py changed"
