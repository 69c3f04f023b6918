"""Equal questions at once: one request, equal streams, and leaving hurts nobody else. In and across processes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

import pytest

from cachewise.answers.flight import Flights, Seat
from cachewise.answers.turn import turn
from cachewise.faults import RequestFailed


class Request:
    """A request whose pieces and end are under the test's control."""

    def __init__(self) -> None:
        self.starts = 0
        self.cancelled = 0
        self.emit: Callable[[str], None] = lambda piece: None
        self.end: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.running = asyncio.Event()

    async def __call__(self, emit: Callable[[str], None]) -> str:
        self.starts += 1
        self.emit = emit
        self.running.set()
        try:
            return await asyncio.shield(self.end)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise


async def ride(seat: Seat[str, str]) -> tuple[list[str], str]:
    async with seat:
        return [piece async for piece in seat.pieces()], await seat.result()


async def test_fifty_equal_questions_make_one_request_and_equal_streams() -> None:
    flights: Flights[str, str] = Flights()
    request = Request()
    seats = [flights.board("k", request) for _ in range(25)]
    riders = [asyncio.create_task(ride(seat)) for seat in seats]
    await request.running.wait()
    request.emit("one ")
    await asyncio.sleep(0)
    late = [flights.board("k", request) for _ in range(25)]
    riders += [asyncio.create_task(ride(seat)) for seat in late]
    request.emit("two")
    request.end.set_result("done")
    assert await asyncio.gather(*riders) == [(["one ", "two"], "done")] * 50
    assert request.starts == 1
    assert [seat.leader for seat in seats + late].count(True) == 1
    assert len(flights) == 0


@pytest.mark.parametrize("leaver", [0, 1], ids=["leader", "follower"])
async def test_who_is_cancelled_leaves_the_stream_to_the_rest(leaver: int) -> None:
    flights: Flights[str, str] = Flights()
    request = Request()
    riders = [asyncio.create_task(ride(flights.board("k", request))) for _ in range(2)]
    await request.running.wait()
    request.emit("one")
    await asyncio.sleep(0)
    riders[leaver].cancel()
    with pytest.raises(asyncio.CancelledError):
        await riders[leaver]
    assert request.cancelled == 0
    request.emit("two")
    request.end.set_result("done")
    assert await riders[1 - leaver] == (["one", "two"], "done")


async def test_the_last_to_leave_cancels_the_request_and_newcomers_start_afresh() -> None:
    flights: Flights[str, str] = Flights()
    request = Request()
    riders = [asyncio.create_task(ride(flights.board("k", request))) for _ in range(3)]
    await request.running.wait()
    for rider in riders:
        rider.cancel()
    await asyncio.gather(*riders, return_exceptions=True)
    assert request.cancelled == 1
    assert len(flights) == 0
    second = Request()
    rider = asyncio.create_task(ride(flights.board("k", second)))
    await second.running.wait()
    second.end.set_result("again")
    assert await rider == ([], "again")


async def test_a_failure_reaches_everybody_after_the_pieces() -> None:
    flights: Flights[str, str] = Flights()
    request = Request()
    seats = [flights.board("k", request) for _ in range(2)]
    await request.running.wait()
    request.emit("half")
    request.end.set_exception(OSError("broken off"))
    for seat in seats:
        async with seat:
            assert [piece async for piece in seat.pieces()] == ["half"]
            with pytest.raises(OSError, match="broken off"):
                await seat.result()


async def test_a_failure_nobody_waits_for_is_no_noise() -> None:
    flights: Flights[str, str] = Flights()

    async def fail(emit: Callable[[str], None]) -> str:
        raise OSError("unseen")

    seat = flights.board("k", fail)
    await asyncio.sleep(0)
    await seat.leave()
    await seat.leave()
    assert len(flights) == 0


async def test_closing_fails_the_waiters_without_cancelling_them() -> None:
    flights: Flights[str, str] = Flights()
    request = Request()
    rider = asyncio.create_task(ride(flights.board("k", request)))
    await request.running.wait()
    await flights.aclose()
    with pytest.raises(RequestFailed):
        await rider
    assert request.cancelled == 1


async def test_other_keys_fly_alone() -> None:
    flights: Flights[str, str] = Flights()
    requests = [Request(), Request()]
    riders = [asyncio.create_task(ride(flights.board(i, request))) for i, request in enumerate(requests)]
    for request in requests:
        await request.running.wait()
        request.end.set_result("done")
    await asyncio.gather(*riders)
    assert [request.starts for request in requests] == [1, 1]


# --- across processes


class Locks:
    """A lock as other processes would see it, with a list of what happened to it."""

    def __init__(self, *, works: bool = True) -> None:
        self.holder: str | None = None
        self.works = works
        self.log: list[str] = []
        self.renewed = asyncio.Event()

    async def acquire(self, key: str, token: str, seconds: float) -> bool | None:
        if not self.works:
            return None
        if self.holder is not None:
            return False
        self.holder = token
        self.log.append("taken")
        return True

    async def renew(self, key: str, token: str, seconds: float) -> bool:
        self.renewed.set()
        return self.holder == token

    async def release(self, key: str, token: str) -> None:
        if self.holder == token:
            self.holder = None
            self.log.append("released")


class Shelf:
    """The cache that all processes see."""

    def __init__(self) -> None:
        self.answer: str | None = None
        self.asked = 0

    async def look(self) -> str | None:
        return self.answer

    async def settle(self) -> None:
        pass

    async def ask(self, lock: Locks | None, *, patience: float = 5.0, lease: float = 6.0, keep: bool = True) -> str:
        async with turn(lock, "k", look=self.look, settle=self.settle, patience=patience, lease=lease) as found:
            if found is not None:
                return found
            self.asked += 1
            await asyncio.sleep(0)
            if keep:
                self.answer = "paid"
            return "paid"


async def test_one_asks_and_the_others_find_the_answer() -> None:
    shelf, lock = Shelf(), Locks()
    assert await asyncio.gather(*(shelf.ask(lock) for _ in range(8))) == ["paid"] * 8
    assert shelf.asked == 1
    assert lock.holder is None


@pytest.mark.parametrize("lock", [None, Locks(works=False)], ids=["no-lock", "lock-that-does-not-work"])
async def test_without_a_lock_everybody_asks(lock: Locks | None) -> None:
    shelf = Shelf()
    await asyncio.gather(*(shelf.ask(lock, keep=False) for _ in range(3)))
    assert shelf.asked == 3


async def test_nobody_waits_longer_than_his_patience() -> None:
    shelf, lock = Shelf(), Locks()
    lock.holder = "somebody who never ends"
    assert await shelf.ask(lock, patience=0.1) == "paid"
    assert lock.holder == "somebody who never ends"


async def test_an_answer_that_is_not_kept_lets_the_next_one_ask() -> None:
    shelf, lock = Shelf(), Locks()
    await asyncio.gather(*(shelf.ask(lock, keep=False) for _ in range(2)))
    assert shelf.asked == 2
    assert lock.log == ["taken", "released"] * 2


async def test_a_long_request_renews_its_turn() -> None:
    shelf, lock = Shelf(), Locks()
    async with turn(lock, "k", look=shelf.look, settle=shelf.settle, patience=1, lease=0.03):
        await asyncio.wait_for(lock.renewed.wait(), 5)
    assert lock.holder is None


async def test_a_failure_or_a_cancel_gives_the_turn_back() -> None:
    shelf, lock = Shelf(), Locks()
    with suppress(OSError):
        async with turn(lock, "k", look=shelf.look, settle=shelf.settle, patience=1):
            raise OSError
    assert lock.holder is None
    task = asyncio.create_task(shelf.ask(lock))
    while lock.holder is None:
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert lock.log == ["taken", "released"] * 2


async def test_an_answer_that_came_just_before_the_turn_is_found() -> None:
    shelf, lock = Shelf(), Locks()
    shelf.answer = "already there"
    assert await shelf.ask(lock) == "already there"
    assert shelf.asked == 0
