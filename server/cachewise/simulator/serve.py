"""Answering one completion request from its body to its bill, on any wire and by the script.

The bill: input as the account reckons it plus the tokens that were sent. A request that ends before its first token
costs nothing, and so does one that ends with an error.
Not here: the wires' formats, and the other endpoints (`control.py`).
"""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Mapping
from typing import Any

from cachewise.simulator import prices
from cachewise.simulator.account import Account, Charge, Receipt
from cachewise.simulator.answers import answer_to
from cachewise.simulator.http import ClientGone, Exchange
from cachewise.simulator.prompt import BadRequest, Prompt
from cachewise.simulator.records import Journal, Record, without_secrets
from cachewise.simulator.routing import Router
from cachewise.simulator.script import Fault, Script
from cachewise.simulator.tokens import split_tokens
from cachewise.simulator.wire import Finish, Reply, Wire

_ID_PREFIX = {"openrouter": "gen", "openai": "chatcmpl", "anthropic": "msg", "infill": "fim"}
_GARBAGE = b'data: {"id": "simulated", "choices": [{"delta": {"conte\n\n'
_GARBAGE_EVENT = b"event: content_block_delta\n"
"""Before the garbage where clients look at data only behind the name of an event that they know."""
_NO_FAULT = Fault()
_FREE = Charge()


class Kitchen:
    """Everything that requests share: the script, the account, the router and the journal."""

    def __init__(self, script: Script, account: Account, router: Router, journal: Journal) -> None:
        self.account = account
        self.router = router
        self.journal = journal
        self.faults: deque[Fault] = deque()
        self.script = script
        self.follow(script)

    def follow(self, script: Script) -> None:
        """Answer by this script from now on; faults left over from the last one are dropped."""
        self.script = script
        self.faults = deque(script.faults)

    async def serve(self, wire: Wire, exchange: Exchange) -> None:
        """Answer one request."""
        request = exchange.request
        record = Record(
            number=self.journal.count,
            wire=wire.name,
            path=request.path,
            headers=without_secrets(request.headers),
            raw_body=request.body,
            received_at=time.monotonic(),
        )
        self.journal.add(record)
        script = self.script
        try:
            if script.api_key is not None and wire.key_of(request.headers) != script.api_key:
                raise BadRequest("No valid API key was given (simulated).", status=401)
            prompt = wire.parse(_json_object(request.body), request.headers)
            record.prompt, record.model, record.session_id = prompt, prompt.model, prompt.session_id
            record.stream = prompt.stream
            fault = self.faults.popleft() if self.faults else _NO_FAULT
            await self._answer(wire, exchange, record, prompt, script, fault)
        except BadRequest as refusal:
            record.outcome, record.status = "refused", refusal.status
            await exchange.respond(refusal.status, wire.error(refusal.status, refusal.message))
        except ClientGone:
            record.outcome, record.gone_at = "gone", exchange.gone_at
            raise
        finally:
            self._bill(record)

    async def _answer(
        self, wire: Wire, exchange: Exchange, record: Record, prompt: Prompt, script: Script, fault: Fault
    ) -> None:
        record.fault = None if fault.kind == "none" else fault.kind
        if await self._fails_at_once(wire, exchange, record, fault):
            return
        record.upstream = self.router.choose(prompt)
        receipt = self.account.open(prompt, record.upstream)
        record.charge = receipt.charge
        reply = _reply(wire, record, prompt, receipt.charge, script)
        record.generation_id, record.status = reply.id, 200
        if script.header_delay:
            await exchange.sleep(script.header_delay)
        if prompt.stream:
            await self._stream(wire, exchange, record, reply, receipt, script, fault)
        else:
            await exchange.sleep(script.first_token_delay + script.token_delay * len(reply.pieces))
            self.account.commit(receipt)
            record.headers_at = record.first_token_at = time.monotonic()
            await exchange.respond(200, wire.whole(reply), wire.headers(reply))
            record.output_tokens, record.text = len(reply.pieces), reply.text
            record.outcome, record.finish = "complete", reply.finish

    async def _fails_at_once(self, wire: Wire, exchange: Exchange, record: Record, fault: Fault) -> bool:
        """Carry out a fault that comes before any header; False if there is none."""
        match fault.kind:
            case "status":
                record.outcome, record.status = "fault", fault.status
                retry = {} if fault.retry_after is None else {"retry-after": f"{fault.retry_after:g}"}
                body = wire.error(fault.status, f"This is a scripted failure with status {fault.status} (simulated).")
                await exchange.respond(fault.status, body, retry)
            case "reset":
                record.outcome = "fault"
                exchange.reset()
            case "hang":
                await exchange.sleep(fault.seconds)
                record.outcome = "fault"
                exchange.reset()
            case "reroute":
                self.router.forget()
                return False
            case _:
                return False
        return True

    async def _stream(
        self,
        wire: Wire,
        exchange: Exchange,
        record: Record,
        reply: Reply,
        receipt: Receipt,
        script: Script,
        fault: Fault,
    ) -> None:
        await exchange.open_stream(wire.headers(reply))
        record.headers_at = time.monotonic()
        await exchange.send(wire.waiting(reply))
        await exchange.sleep(script.first_token_delay)
        if not receipt.rule.written_at_end:
            self.account.commit(receipt)
        await exchange.send(wire.opening(reply))
        breaks_at = fault.after_tokens if fault.kind not in ("none", "reroute") else None
        for piece in reply.pieces:
            if record.output_tokens == breaks_at and await self._breaks(wire, exchange, record, reply, fault):
                return
            if record.output_tokens:
                await exchange.sleep(script.token_delay)
            else:
                record.first_token_at = time.monotonic()
            await exchange.send(wire.delta(reply, piece))
            record.output_tokens += 1
            record.text += piece
            self.journal.changed()
        beyond = breaks_at is not None and breaks_at >= len(reply.pieces)
        if beyond and await self._breaks(wire, exchange, record, reply, fault):
            return
        await exchange.send(wire.closing(reply))
        self.account.commit(receipt)
        await exchange.close_stream()
        record.outcome, record.finish = "complete", reply.finish

    async def _breaks(self, wire: Wire, exchange: Exchange, record: Record, reply: Reply, fault: Fault) -> bool:
        """Carry out a fault in the middle of a stream; False if the stream goes on afterwards."""
        if fault.kind == "stall":
            await exchange.sleep(fault.seconds)
            return False
        record.outcome, record.finish = "fault", "error"
        match fault.kind:
            case "garbage":
                await exchange.send(_GARBAGE_EVENT + _GARBAGE if wire.name == "anthropic" else _GARBAGE)
            case "errorMidStream":
                await exchange.send(wire.error_event(reply, fault))
            case "resetMidStream":
                exchange.reset()
                return True
        await exchange.close_stream()
        return True

    def _bill(self, record: Record) -> None:
        record.ended_at = time.monotonic()
        if record.outcome == "open":
            record.outcome = "fault"
        if record.charge is not None and record.model is not None:
            record.owed = record.outcome in ("complete", "gone") and record.first_token_at is not None
            charge, output = (record.charge, record.output_tokens) if record.owed else (_FREE, 0)
            price = prices.price_of(record.wire, record.model, charge, output)
            if price is not None:
                record.cost, record.uncached_cost = price.total, price.uncached
        self.journal.ended += 1
        self.journal.changed()


def _reply(wire: Wire, record: Record, prompt: Prompt, charge: Charge, script: Script) -> Reply:
    text = script.answer if script.answer is not None else answer_to(prompt)
    stopped = min(((at, stop) for stop in prompt.stop if stop and (at := text.find(stop)) >= 0), default=None)
    finish: Finish = "stop"
    if stopped is not None:
        text = text[: stopped[0]]
    pieces = split_tokens(text)
    if prompt.max_tokens is not None and len(pieces) > prompt.max_tokens:
        pieces, finish, stopped = pieces[: prompt.max_tokens], "length", None
    created = int(time.time())
    return Reply(
        id=f"{_ID_PREFIX[wire.name]}{'_' if wire.name == 'anthropic' else '-'}{created}-simulated{record.number:06}",
        created=created,
        prompt=prompt,
        upstream=record.upstream or "",
        charge=charge,
        pieces=tuple(pieces),
        finish=finish,
        stop_sequence=stopped[1] if stopped else None,
        price=prices.price_of(wire.name, prompt.model, charge, len(pieces)),
        usage=script.usage,
    )


def _json_object(body: bytes) -> Mapping[str, Any]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise BadRequest("The request body is no JSON object.")
    return value
