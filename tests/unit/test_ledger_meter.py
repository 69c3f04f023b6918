from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

import pytest

from cachewise.faults import Fault, NoKey, ProviderFault
from cachewise.ledger.meter import Entry, Meter
from cachewise.ledger.misses import PrefixWatch
from cachewise.ledger.prices import Prices
from cachewise.model.events import Opened, UsageReport
from cachewise.model.names import ModelName
from cachewise.model.usage import Cost, CostSource, Outcome, Tokens, Usage
from support.ledger import HAIKU, HeldClock, plan, traits

CLAUDE = ModelName("anthropic", "claude-haiku-4-5")
UNLISTED = ModelName("openrouter", "openai/gpt-5.6")
LOCAL = ModelName("local", "box")
WARM = Tokens(input=12_500, cache_read=12_000, cache_write=0, output=100)
COLD = Tokens(input=12_500, cache_read=0, cache_write=12_000, output=100)
# claude-haiku-4.5, dollars per million: input 1, read 0.1, write 1.25, output 5.
WARM_COST = Decimal("0.0022")  # 500 + 1,200 + 500
COLD_COST = Decimal("0.016")  # 500 + 15,000 + 500
SENT_COST = Decimal("0.0155")  # the same without output
TEXT = "x" * 400  # 100 tokens, with 0.25 tokens per byte


@dataclass
class Bench:
    clock: HeldClock = field(default_factory=HeldClock)
    watch: PrefixWatch = field(default_factory=PrefixWatch)
    booked: list[tuple[Entry, Usage | None]] = field(default_factory=list)

    def meter(self, model: ModelName = HAIKU) -> Meter:
        return Meter(
            feature="explain",
            model=model,
            expected=self.watch.expect(plan(), traits(), self.clock.moment, model=model, session_id="w"),
            watch=self.watch,
            prices=Prices(self.clock.clock),
            clock=self.clock.clock,
            book=lambda entry, before: self.booked.append((entry, before)),
        )


@pytest.fixture
def bench() -> Bench:
    return Bench()


def refused(status: int | None, kind: str = "server") -> ProviderFault:
    return ProviderFault("It went wrong.", kind=kind, status=status)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("model", "reported", "billed", "usd", "source", "saved"),
    [
        pytest.param(HAIKU, WARM, "0.00123", "0.00123", "billed", "0.0108", id="the bill wins over the list"),
        pytest.param(HAIKU, COLD, "0.02", "0.02", "billed", "-0.003", id="writes cost more than they save"),
        pytest.param(HAIKU, WARM, "0", "0", "billed", "0", id="a billed nothing is nothing"),
        pytest.param(HAIKU, WARM, None, "0.0022", "estimated", "0.0108", id="no bill"),
        pytest.param(HAIKU, WARM, "NaN", "0.0022", "estimated", "0.0108", id="a bill that is no amount"),
        pytest.param(HAIKU, WARM, "-1", "0.0022", "estimated", "0.0108", id="a bill below nothing"),
        pytest.param(UNLISTED, WARM, "0.01", "0.01", "billed", None, id="billed, not in the list"),
        pytest.param(UNLISTED, WARM, None, None, "unknown", None, id="no bill, not in the list"),
        pytest.param(LOCAL, WARM, None, "0", "estimated", "0", id="a server of the user's own"),
        pytest.param(CLAUDE, WARM, None, "0.0022", "estimated", "0.0108", id="anthropic sends no bills"),
    ],
)
def test_cost_of_a_complete_answer(
    bench: Bench,
    model: ModelName,
    reported: Tokens,
    billed: str | None,
    usd: str | None,
    source: CostSource,
    saved: str | None,
) -> None:
    meter = bench.meter(model)
    meter.delta("An answer.")
    meter.report(UsageReport(tokens=reported, billed=None if billed is None else Decimal(billed)))
    usage = meter.finish("complete")
    expected = Cost(
        usd=None if usd is None else Decimal(usd), source=source, saved=None if saved is None else Decimal(saved)
    )
    assert usage.cost == expected
    assert usage.tokens == reported


@pytest.mark.parametrize(
    ("model", "opened", "text", "outcome", "fault", "attempts", "usd"),
    [
        pytest.param(HAIKU, False, "", "failed", refused(401, "auth"), 1, "0", id="401"),
        pytest.param(HAIKU, False, "", "failed", refused(402, "payment"), 1, "0", id="402"),
        pytest.param(HAIKU, False, "", "failed", refused(429, "rateLimit"), 3, "0", id="429 after retries"),
        pytest.param(CLAUDE, False, "", "failed", refused(529, "overloaded"), 1, "0", id="529"),
        pytest.param(HAIKU, False, "", "failed", refused(None, "connection"), 0, "0", id="no connection"),
        pytest.param(HAIKU, False, "", "failed", NoKey("No key."), 1, "0", id="no key"),
        pytest.param(HAIKU, False, "", "cancelled", None, 0, "0", id="cancelled before it was sent"),
        pytest.param(HAIKU, True, "", "failed", refused(502), 1, "0", id="error before any output, insured"),
        pytest.param(CLAUDE, True, "", "failed", refused(529), 1, SENT_COST, id="error before any output, uninsured"),
        pytest.param(HAIKU, False, "", "failed", refused(None, "connection"), 1, SENT_COST, id="reset"),
        pytest.param(HAIKU, True, "", "failed", refused(None, "timeout"), 1, SENT_COST, id="no first event in time"),
        pytest.param(HAIKU, True, TEXT, "failed", refused(502), 1, COLD_COST, id="error in mid-stream"),
        pytest.param(HAIKU, True, TEXT, "failed", refused(None, "protocol"), 1, COLD_COST, id="garbage"),
        pytest.param(HAIKU, True, TEXT, "cancelled", None, 1, COLD_COST, id="cancelled in mid-stream"),
        pytest.param(HAIKU, True, "", "cancelled", None, 1, SENT_COST, id="cancelled before the first token"),
        pytest.param(HAIKU, False, "", "cancelled", None, 1, SENT_COST, id="cancelled before the headers"),
        pytest.param(HAIKU, True, TEXT, "complete", None, 1, COLD_COST, id="complete, nothing reported"),
        pytest.param(UNLISTED, True, TEXT, "cancelled", None, 1, None, id="not in the list"),
        pytest.param(UNLISTED, False, "", "failed", refused(429), 1, "0", id="not in the list, but refused"),
        pytest.param(LOCAL, True, TEXT, "cancelled", None, 1, "0", id="a server of the user's own"),
    ],
)
def test_cost_without_a_report(
    bench: Bench,
    model: ModelName,
    opened: bool,
    text: str,
    outcome: Outcome,
    fault: Fault | None,
    attempts: int,
    usd: str | Decimal | None,
) -> None:
    meter = bench.meter(model)
    if opened:
        meter.opened(Opened("gen-1"))
    if text:
        meter.delta(text)
    usage = meter.finish(outcome, fault, attempts)
    assert usage.tokens == Tokens()
    assert usage.cache_miss is None
    assert usage.cost.usd == (None if usd is None else Decimal(usd))
    assert usage.cost.source == ("unknown" if usd is None else "estimated")


def test_a_cancelled_warm_request_is_estimated_as_warm(bench: Bench) -> None:
    first = bench.meter()
    first.delta(TEXT)
    first.report(UsageReport(tokens=COLD))
    first.finish("complete")
    second = bench.meter()
    second.delta(TEXT)
    assert second.finish("cancelled").cost.usd == WARM_COST


@pytest.mark.parametrize(
    ("outcome", "output", "shown", "usd"),
    [
        pytest.param("cancelled", 1, None, WARM_COST, id="the count of the stream's beginning"),
        pytest.param("failed", None, None, WARM_COST, id="no count"),
        pytest.param("cancelled", 90, 90, "0.00215", id="a count of the answer"),
        pytest.param("complete", 1, 1, "0.001705", id="a complete answer's count is never doubted"),
    ],
)
def test_output_of_a_stream_that_was_cut_off(
    bench: Bench, outcome: Outcome, output: int | None, shown: int | None, usd: str | Decimal
) -> None:
    meter = bench.meter(CLAUDE)
    meter.report(UsageReport(tokens=Tokens(input=12_500, cache_read=12_000, cache_write=0, output=output)))
    meter.delta(TEXT)
    usage = meter.finish(outcome)
    assert usage.tokens.output == shown
    assert usage.cost.usd == Decimal(usd)


def test_times(bench: Bench) -> None:
    meter = bench.meter()
    bench.clock.tick(0.25)
    meter.delta("a")
    bench.clock.tick(0.5)
    meter.delta("b")
    usage = meter.finish("complete")
    assert usage.first_token_ms == pytest.approx(250)
    assert usage.total_ms == pytest.approx(750)
    assert bench.meter().finish("failed").first_token_ms is None


def test_finish_books_once(bench: Bench) -> None:
    meter = bench.meter()
    assert meter.usage is None
    first = meter.finish("cancelled")
    assert meter.finish("complete") is first
    assert [(entry.id, entry.usage, before) for entry, before in bench.booked] == [(meter.id, first, None)]


def test_a_late_bill_corrects_the_record(bench: Bench) -> None:
    meter = bench.meter()
    meter.opened(Opened("gen-1"))
    meter.delta(TEXT)
    assert not meter.wants_bill
    before = meter.finish("cancelled")
    assert meter.wants_bill
    after = meter.amend(UsageReport(tokens=COLD, billed=Decimal("0.0161")))
    assert after is not None
    assert after.cost == Cost(usd=Decimal("0.0161"), source="billed", saved=Decimal("-0.003"))
    assert after.tokens == COLD
    assert after.outcome == "cancelled"
    assert after.cache_miss is not None
    assert after.cache_miss.reason == "cold"
    assert bench.booked[1] == (Entry(id=meter.id, time=bench.booked[0][0].time, usage=after), before)
    assert not meter.wants_bill
    assert meter.amend(UsageReport(tokens=COLD, billed=Decimal("0.0161"))) == after
    assert len(bench.booked) == 2


def test_a_bill_before_the_end_is_used_by_finish(bench: Bench) -> None:
    meter = bench.meter()
    assert meter.amend(UsageReport(tokens=WARM, billed=Decimal(1))) is None
    assert bench.booked == []
    assert meter.finish("complete").cost.usd == 1


def test_no_bill_is_wanted_where_none_can_be_asked_for(bench: Bench) -> None:
    meter = bench.meter(CLAUDE)
    meter.opened(Opened(None))
    meter.finish("cancelled")
    assert not meter.wants_bill


def test_a_later_report_replaces_an_earlier_one_but_silence_does_not(bench: Bench) -> None:
    meter = bench.meter()
    meter.report(UsageReport(tokens=Tokens(input=12_500, cache_read=12_000, output=1), upstream="Anthropic"))
    meter.report(UsageReport(tokens=Tokens(output=50), billed=Decimal("0.5")))
    usage = meter.finish("complete")
    assert usage.tokens == Tokens(input=12_500, cache_read=12_000, output=50)
    assert usage.cost.usd == Decimal("0.5")


def test_the_next_request_may_expect_the_prefix_once_the_answer_has_begun(bench: Bench) -> None:
    first = bench.meter()
    assert bench.meter().expected.state == "cold"
    first.delta("a")
    assert bench.meter().expected.state == "warm"


def test_text_outside_of_utf8_does_not_break_the_count(bench: Bench) -> None:
    meter = bench.meter()
    meter.delta("\ud800")
    assert meter.finish("cancelled").cost.source == "estimated"
