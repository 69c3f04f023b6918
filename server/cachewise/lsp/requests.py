"""The requests that are running, and the promise that each is answered exactly once.

Whoever answers a request takes it out of the table first: the handler's end, a cancel, or the end of the server. What
comes later finds nothing to answer and is dropped. Every task is owned here until it has really ended, also when its
request was answered long before.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from cachewise.lsp.errors import cancelled, error_of, log_failure
from cachewise.lsp.messages import MsgId, Request

Token = int | str


@dataclass(eq=False, slots=True, kw_only=True)
class _Running:
    request: Request
    task: asyncio.Task[Any]
    token: Token | None
    """The client's token for progress on this request, by which it may be cancelled as well."""


class Requests:
    """The requests and notifications in work.

    Args:
        succeed: Sends the result of a request.
        fail: Sends its error object.
    """

    def __init__(self, succeed: Callable[[Request, Any], None], fail: Callable[[MsgId, dict[str, Any]], None]) -> None:
        self._succeed = succeed
        self._fail = fail
        self._running: dict[MsgId, _Running] = {}
        self._tasks: set[asyncio.Task[Any]] = set()

    def __contains__(self, msg_id: MsgId) -> bool:
        return msg_id in self._running

    def __len__(self) -> int:
        """The number of unanswered requests."""
        return len(self._running)

    @property
    def tasks(self) -> int:
        """The number of handlers that have not ended, answered or not."""
        return len(self._tasks)

    def run(self, request: Request, work: Awaitable[Any], context: contextvars.Context) -> None:
        """Runs a request's handler to its end and answers with what comes of it."""
        task = asyncio.get_running_loop().create_task(_coroutine(work), context=context)
        token = request.params.get("workDoneToken") if isinstance(request.params, dict) else None
        if not isinstance(token, (int, str)):
            token = None
        running = _Running(request=request, task=task, token=token)
        self._running[request.id] = running
        self._tasks.add(task)
        task.add_done_callback(lambda _done: self._finish(running))

    def run_notice(self, method: str, work: Awaitable[Any], context: contextvars.Context) -> None:
        """Runs a notification's handler; a failure is logged."""
        task = asyncio.get_running_loop().create_task(_coroutine(work), context=context)
        self._tasks.add(task)

        def finish(_done: asyncio.Task[Any]) -> None:
            self._tasks.discard(task)
            if not task.cancelled() and (failure := task.exception()) is not None:
                log_failure(failure, f"notification {method}")

        task.add_done_callback(finish)

    def cancel(self, msg_id: Any) -> None:
        """Answers a request as cancelled at once, then stops its handler. Unknown ids are nothing special."""
        if isinstance(msg_id, bool) or not isinstance(msg_id, (int, str)):
            return
        running = self._running.pop(msg_id, None)
        if running is not None:
            self._fail(msg_id, cancelled())
            running.task.cancel()

    def cancel_token(self, token: Token) -> None:
        """Cancels the requests whose work-done progress the user has stopped."""
        for running in list(self._running.values()):
            if running.token == token:
                self.cancel(running.request.id)

    def cancel_all(self) -> None:
        """Answers all requests as cancelled."""
        for msg_id in list(self._running):
            self.cancel(msg_id)

    async def wind_down(self, timeout: float) -> None:
        """Cancels everything and waits up to `timeout` seconds for the handlers to clean up."""
        self.cancel_all()
        tasks = set(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=timeout)

    def _finish(self, running: _Running) -> None:
        request, task = running.request, running.task
        self._tasks.discard(task)
        failure = asyncio.CancelledError() if task.cancelled() else task.exception()
        if self._running.get(request.id) is not running:
            # Answered before, when it was cancelled. What its cleaning up failed with is still worth knowing.
            if failure is not None:
                log_failure(failure, f"the end of {request.method}, already answered,")
            return
        del self._running[request.id]
        if failure is None:
            self._succeed(request, task.result())
        else:
            self._fail(request.id, error_of(failure, method=request.method, msg_id=request.id))


def _coroutine(work: Awaitable[Any]) -> Coroutine[Any, Any, Any]:
    if asyncio.iscoroutine(work):
        return work

    async def wait() -> Any:
        return await work

    return wait()
