"""What the server takes of its process: the standard streams, the signals, an event loop; and how it leaves it.

Not here: what ends the server (`server.py`).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Coroutine
from typing import Any, BinaryIO, NoReturn

from cachewise.lsp.errors import quiet_loop

TASKS_DEADLINE = 0.2
"""Seconds that tasks which are left at the end have for their clean-up."""


def claim(stdin: BinaryIO, stdout: BinaryIO) -> tuple[int, int]:
    """Private descriptors of the two streams; the process's standard ones are pointed elsewhere."""
    incoming, outgoing = os.dup(stdin.fileno()), os.dup(stdout.fileno())
    nothing = os.open(os.devnull, os.O_RDWR)
    if stdin.fileno() == 0:
        os.dup2(nothing, 0)
    if stdout.fileno() == 1:
        try:
            os.dup2(2, 1)
        except OSError:  # started without a standard error
            os.dup2(nothing, 1)
        sys.stdout = sys.stderr
    os.close(nothing)
    return incoming, outgoing


def run(loop: asyncio.AbstractEventLoop, main: Callable[[], Coroutine[Any, Any, int]], stop: Callable[[], None]) -> int:
    """`asyncio.run`, but without waiting for threads and tasks that do not end.

    Args:
        loop: A new event loop; closed in the end.
        main: What to run.
        stop: Called on the loop when a signal asks for the end, if this is the main thread.

    Returns:
        What `main` returns: the exit status.
    """
    quiet_loop(loop)
    if threading.current_thread() is threading.main_thread():
        for name in (signal.SIGTERM, signal.SIGINT):
            with contextlib.suppress(NotImplementedError):
                loop.add_signal_handler(name, stop)
    try:
        return loop.run_until_complete(main())
    finally:
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        if left:
            loop.run_until_complete(asyncio.wait(left, timeout=TASKS_DEADLINE))
        loop.close()


def leave(status: int) -> NoReturn:
    """Ends the process at once, whatever other threads are still at, such as an import or a provider's event loop.

    All that must be kept was written before, under deadlines; an interpreter that tidies up under running threads
    only adds noise to the log.
    """
    logging.shutdown()
    sys.stderr.flush()
    os._exit(status)
