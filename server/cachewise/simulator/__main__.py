"""The simulator as a process: `python -m cachewise.simulator --port 0`.

Prints one JSON line with its port and base URLs, then runs until its standard input closes or a signal ends it.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import sys
import threading
from collections.abc import Sequence

from cachewise.simulator.script import Script
from cachewise.simulator.server import Simulator


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until told to stop. Returns the exit status: 0, or 2 for arguments that do not fit."""
    parser = argparse.ArgumentParser(prog="python -m cachewise.simulator", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0 (default) takes a free one")
    parser.add_argument("--script", default="{}", metavar="JSON", help="a whole script; the flags below win over it")
    parser.add_argument("--first-token-delay", type=float, metavar="SECONDS")
    parser.add_argument("--token-delay", type=float, metavar="SECONDS")
    parser.add_argument("--answer", metavar="TEXT", help="the text of every answer")
    parser.add_argument("--ignore-stdin", action="store_true", help="stop at a signal only")
    given = parser.parse_args(arguments)
    try:
        flags = {"first_token_delay": given.first_token_delay, "token_delay": given.token_delay, "answer": given.answer}
        wanted = {name: value for name, value in flags.items() if value is not None}
        script = Script.from_json({**json.loads(given.script), **wanted})
    except (ValueError, TypeError) as fault:
        parser.error(f"the script does not fit: {fault}")
    try:
        asyncio.run(_run(given.port, script, ignore_stdin=given.ignore_stdin))
    except OSError as fault:
        sys.stderr.write(f"The simulator can't listen on port {given.port}: {fault.strerror}.\n")
        return 1
    return 0


async def _run(port: int, script: Script, *, ignore_stdin: bool) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):  # Windows' loops can't
            loop.add_signal_handler(number, stop.set)
    async with Simulator(script, port=port) as simulator:
        sys.stdout.write(json.dumps({"port": simulator.port, **simulator.urls}) + "\n")
        sys.stdout.flush()
        if not ignore_stdin:
            threading.Thread(target=_wait_for_end_of_input, args=(loop, stop), daemon=True).start()
        await stop.wait()


def _wait_for_end_of_input(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """Read with `os.read`: a thread inside a buffered read would keep the interpreter from ending."""
    with contextlib.suppress(OSError):
        while os.read(0, 4096):
            pass
    with contextlib.suppress(RuntimeError):  # the loop has ended already
        loop.call_soon_threadsafe(stop.set)


if __name__ == "__main__":
    raise SystemExit(main())
