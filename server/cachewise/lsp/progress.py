"""Progress to the client: text deltas of an answer, and the begin/report/end of work with the cost in its end.

Text is sent the moment it comes, then at most 60 times a second; while the client is slow to read, it is held back and
merged, so that a stalled editor costs memory only for the answer itself. Not here: the queue (`outbox.py`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from typing import Any

from cachewise.lsp.params import Token
from cachewise.lsp.wiring import Wire

INTERVAL = 1 / 60
"""Seconds between two deltas of one stream: as often as a screen is drawn."""


class DeltaStream:
    """The deltas of one answer on one token: `{text, seq}`, which joined together equal what was written."""

    def __init__(self, wire: Wire, token: Token) -> None:
        self._wire = wire
        self._token = token
        self._held: list[str] = []
        self._seq = 0
        self._timer: asyncio.TimerHandle | None = None

    def announce(self, document: str) -> None:
        """Say before any text which virtual document the text will also stand in."""
        self._notify({"text": "", "seq": self._seq, "document": document})

    def write(self, text: str) -> None:
        """Send `text`, now or with the next tick."""
        self._held.append(text)
        if self._timer is None:
            self._send()

    def close(self) -> None:
        """Send what is held back; nothing may be written after this."""
        self._stop()
        self._flush()

    def drop(self) -> None:
        """Forget what is held back: the request was answered as cancelled, and nothing may follow its answer."""
        self._stop()
        self._held.clear()

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _send(self) -> None:
        if not self._wire.pending(self._key):
            self._flush()
        self._timer = asyncio.get_running_loop().call_later(INTERVAL, self._tick)

    def _tick(self) -> None:
        self._timer = None
        if self._held:
            self._send()

    def _flush(self) -> None:
        if self._held:
            # The sequence number is part of the key: a delta is never replaced by a later one.
            text = "".join(self._held)
            self._held.clear()
            self._notify({"text": text, "seq": self._seq})

    def _notify(self, value: dict[str, Any]) -> None:
        self._seq += 1
        self._wire.notify_json("$/progress", {"token": self._token, "value": value}, key=self._key)

    @property
    def _key(self) -> Hashable:
        return ("delta", self._token, self._seq - 1)


class WorkDone:
    """Begin, report and end of one piece of work on one token. The end is sent exactly once."""

    def __init__(self, wire: Wire, token: Token | None) -> None:
        self._wire = wire
        self._token = token
        self._ended = False

    def begin(self, title: str, *, cancellable: bool = True) -> None:
        """Announce the work."""
        self._send({"kind": "begin", "title": title, "cancellable": cancellable})

    def report(self, message: str) -> None:
        """Replace the message shown; an unsent earlier one is dropped."""
        self._send({"kind": "report", "message": message}, key=("report", self._token))

    def end(self, message: str) -> None:
        """Finish with the one-line readout."""
        if not self._ended:
            self._ended = True
            self._send({"kind": "end", "message": message})

    def _send(self, value: dict[str, Any], key: Hashable | None = None) -> None:
        if self._token is not None:
            self._wire.notify_json("$/progress", {"token": self._token, "value": value}, key=key)
