"""What is shared between the event loop and the ledger's thread: what wakes it, what counts, what is dropped."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from decimal import Decimal

import pytest

from cachewise.ledger import inbox as inbox_module
from cachewise.ledger.clock import local_day
from cachewise.ledger.inbox import Inbox, Waiting
from cachewise.ledger.meter import Entry
from cachewise.ledger.reservations import Reservation, Verdict
from cachewise.ledger.rows import Offer, Release
from cachewise.ledger.totals import Sums
from support.ledger import NOON, usage

TODAY = local_day(NOON)


def entry(number: int, cost: str = "0.001") -> Waiting:
    return Waiting(item=Entry(id=f"e{number}", time=NOON, usage=usage(cost=cost)))


def test_what_is_added_counts_at_once_and_stays_until_it_is_committed() -> None:
    inbox = Inbox()
    assert inbox.empty
    assert inbox.add(entry(1))
    assert inbox.add(Waiting(item=Offer(id="o", time=NOON, shown=2)))
    assert inbox.add(Waiting(item=Release(id="r", time=NOON)))
    day = inbox.day(TODAY)
    assert (day.requests, day.shown, day.cost) == (1, 2, Decimal("0.001"))
    batch = inbox.begin()
    assert [waiting.item.id for waiting in batch] == ["e1", "o", "r"]
    inbox.add(entry(2))
    inbox.committed(batch)
    inbox.end()
    assert [waiting.item.id for waiting in inbox.begin()] == ["e2"]
    assert not inbox.empty


def test_what_was_read_takes_the_place_of_what_was_counted_but_not_of_what_still_waits() -> None:
    inbox, news = Inbox(), []
    inbox.changed = lambda: news.append(1)
    inbox.add(entry(1))
    inbox.committed(inbox.begin())
    inbox.add(entry(2))
    read = Sums()
    for _ in range(5):  # four of them are another server's
        read.add(TODAY, usage(cost="0.001"))
    inbox.publish(None, read)
    assert inbox.day(TODAY).requests == 6
    assert inbox.sums().whole.totals.requests == 6
    assert news == [1]
    inbox.publish(None, read)
    assert news == [1], "nothing is new"


def test_beyond_the_most_that_may_wait_the_oldest_count_here_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox_module, "KEPT_IN_MEMORY", 3)
    inbox = Inbox()
    for number in range(5):
        inbox.add(entry(number))
    assert [waiting.item.id for waiting in inbox.begin()] == ["e2", "e3", "e4"]
    for number in range(5, 9):
        inbox.add(entry(number))
    inbox.end()
    assert len(inbox.begin()) == 7, "nothing is dropped while it is being written"
    inbox.publish(None, Sums())
    assert inbox.day(TODAY).requests == 9


def test_a_problem_is_told_once_and_ends_with_the_next_success_if_it_may_pass() -> None:
    inbox, news = Inbox(), []
    inbox.changed = lambda: news.append(inbox.problem)
    assert inbox.fail("It is locked.", passing=True)
    assert not inbox.fail("It is locked.", passing=True)
    inbox.publish(None, Sums())
    assert inbox.problem is None
    assert inbox.fail("It was damaged.", passing=False)
    inbox.publish(None, Sums())
    assert inbox.problem == "It was damaged."
    assert news == ["It is locked.", None, "It was damaged."]


@pytest.mark.parametrize(("kind", "entries"), [("entry", True), ("asked", True), ("wanted", False), ("close", True)])
def test_what_wakes_the_thread(kind: str, entries: bool) -> None:
    inbox = Inbox()
    got = []
    thread = threading.Thread(target=lambda: got.append(inbox.next(0.0)))
    thread.start()
    if kind == "entry":
        inbox.add(entry(1))
    elif kind == "asked":
        assert inbox.ask(Future())
    elif kind == "wanted":
        answer: Future[Verdict | None] = Future()
        assert inbox.want(Reservation(id="r", time=NOON, usd=Decimal(1), cap=None), answer)
    else:
        assert inbox.close(Future())
    with inbox.wake:
        inbox.wake.notify()
    thread.join(10)
    [work] = got
    assert work.entries is entries
    assert (bool(work.asked), bool(work.wanted), work.closing) == (
        kind in ("asked", "close"),
        kind == "wanted",
        kind == "close",
    )


def test_a_closed_inbox_takes_entries_but_nobody_who_would_wait() -> None:
    inbox = Inbox()
    assert inbox.close(None)
    assert not inbox.close(None)
    assert not inbox.ask(Future())
    assert not inbox.want(Reservation(id="r", time=NOON, usd=Decimal(1), cap=None), Future())
    assert not inbox.add(entry(1))
    assert inbox.day(TODAY).requests == 1
    assert inbox.next(0.0).closing
