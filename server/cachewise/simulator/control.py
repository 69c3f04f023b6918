"""The endpoints besides completions: OpenRouter's generation, key and models, and the simulator's own.

The simulator's own let another process script faults and read what was received:
`GET` and `POST /simulator/script`, `GET /simulator/requests`, `GET /simulator/account`, `POST /simulator/clock`.
Not here: answering completions (`serve.py`).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from cachewise.simulator import prices
from cachewise.simulator.http import Exchange
from cachewise.simulator.http_format import Request
from cachewise.simulator.records import Record
from cachewise.simulator.script import Script
from cachewise.simulator.serve import Kitchen
from cachewise.simulator.wire_infill import MISSING, props
from cachewise.simulator.wire_openai import bearer
from cachewise.simulator.wire_openrouter import generation

_MODELS = (
    "anthropic/claude-haiku-4.5",
    "anthropic/claude-sonnet-4.6",
    "openai/gpt-5.6-luna",
    "google/gemini-2.5-flash",
    "deepseek/deepseek-v4-flash",
    "qwen/qwen3-coder-plus",
)
_LONGEST_WAIT = 60.0


class Control:
    """Answers everything that is not a completion."""

    def __init__(self, kitchen: Kitchen, *, open_sockets: Callable[[], int], advance: Callable[[float], None]) -> None:
        self._kitchen = kitchen
        self._open_sockets = open_sockets
        self._advance = advance

    async def serve(self, exchange: Exchange) -> None:
        """Answer a request; 404 with a sentence where there is no such endpoint."""
        request = exchange.request
        script = self._kitchen.script
        if request.path.startswith("/api/v1/") and script.api_key not in (None, bearer(request.headers)):
            status, value = _error(401, "No valid API key was given (simulated).")
        else:
            status, value = await self._answer(request)
        await exchange.respond(status, value)

    async def _answer(self, request: Request) -> tuple[int, Any]:
        match request.method, request.path:
            case "GET", "/api/v1/generation":
                return self._generation(request.query.get("id", ""))
            case "GET", "/api/v1/key":
                return 200, self._key()
            case "GET", "/api/v1/models" | "/v1/models":
                return 200, self._models()
            case "GET", "/props" if self._kitchen.script.context:
                return 200, props(self._kitchen.script.context)
            case "POST", "/infill" if self._kitchen.script.context:
                return _error(400, MISSING)
            case "GET", "/simulator/script":
                return 200, {**self._kitchen.script.to_json(), "faults_left": len(self._kitchen.faults)}
            case "POST", "/simulator/script":
                return self._follow(request.body)
            case "GET", "/simulator/requests":
                return await self._requests(request)
            case "GET", "/simulator/account":
                return 200, self.account()
            case "POST", "/simulator/clock":
                return self._clock(request.body)
        return _error(404, f"The simulator has no {request.method} {request.path}.")

    def account(self) -> dict[str, Any]:
        """Sums over all requests, the number of cached prefixes, and open connections. Money as strings."""
        owed = [record for record in self._kitchen.journal if record.owed]
        charges = [record.charge for record in owed if record.charge is not None]
        return {
            "requests": self._kitchen.journal.count,
            "running": sum(record.outcome == "open" for record in self._kitchen.journal),
            "read": sum(charge.read for charge in charges),
            "write": sum(charge.write for charge in charges),
            "write_1h": sum(charge.write_1h for charge in charges),
            "plain": sum(charge.plain for charge in charges),
            "output": sum(record.output_tokens for record in owed),
            "cost": str(_sum(self._kitchen, lambda record: record.cost)),
            "uncached_cost": str(_sum(self._kitchen, lambda record: record.uncached_cost)),
            "entries": self._kitchen.account.live_entries,
            "open_sockets": self._open_sockets(),
        }

    def _generation(self, generation_id: str) -> tuple[int, Any]:
        record = self._kitchen.journal.find(generation_id)
        delay = self._kitchen.script.bill_delay
        if record is None or record.ended_at is None or time.monotonic() - record.ended_at < delay:
            return _error(404, f"Generation {generation_id} not found")
        return 200, generation(record)

    def _key(self) -> dict[str, Any]:
        used = float(_sum(self._kitchen, lambda record: record.cost))
        usage = dict.fromkeys(("usage", "usage_daily", "usage_weekly", "usage_monthly"), used)
        return {
            "data": {
                "label": "simulated",
                "limit": None,
                "limit_remaining": None,
                "limit_reset": None,
                **usage,
                "byok_usage": 0,
                "is_free_tier": False,
            }
        }

    def _models(self) -> dict[str, Any]:
        return {
            "data": [
                {
                    "id": name,
                    "object": "model",
                    "name": f"{name} (simulated)",
                    "context_length": 200_000,
                    "pricing": unit,
                }
                for name in _MODELS
                if (unit := prices.unit_prices("openrouter", name)) is not None
            ]
        }

    def _follow(self, body: bytes) -> tuple[int, Any]:
        try:
            script = Script.from_json(json.loads(body))
        except (ValueError, TypeError, RecursionError) as fault:
            return _error(400, str(fault))
        self._kitchen.follow(script)
        return 200, script.to_json()

    async def _requests(self, request: Request) -> tuple[int, Any]:
        """`after=N` leaves out the first N; `ended=N` waits until N have ended, `within` seconds at most."""
        try:
            after, ended = int(request.query.get("after", "0")), int(request.query.get("ended", "0"))
            within = min(float(request.query.get("within", "5")), _LONGEST_WAIT)
        except ValueError:
            return _error(400, "after and ended are whole numbers, within is a number of seconds")
        journal = self._kitchen.journal
        await journal.until(lambda: journal.ended >= ended, within)
        bodies = request.query.get("bodies") != "0"
        return 200, {"requests": [record.to_json(bodies=bodies) for record in journal if record.number >= after]}

    def _clock(self, body: bytes) -> tuple[int, Any]:
        try:
            seconds = float(json.loads(body)["advance"])
        except (ValueError, TypeError, KeyError):
            return _error(400, "the body is {'advance': SECONDS}")
        self._advance(seconds)
        return 200, {"advanced": seconds}


def _error(status: int, message: str) -> tuple[int, Any]:
    return status, {"error": {"code": status, "message": message}}


def _sum(kitchen: Kitchen, money: Callable[[Record], Decimal | None]) -> Decimal:
    return sum((amount for record in kitchen.journal if (amount := money(record)) is not None), Decimal(0))
