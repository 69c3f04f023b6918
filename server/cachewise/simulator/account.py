"""The prompt-cache account: what each request reads, writes and pays plainly, and what is cached afterwards.

An entry is a prefix of blocks (or of token steps) of one model at one upstream. Two moves per request: `open` looks up
and reckons, `commit` makes what was written readable, because a provider's entry can be read only once the response
that writes it has begun. An entry's time is counted from the start of the request that last used it.

Not here: which upstream a request goes to (`routing.py`), and money (`prices.py`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from cachewise.simulator.prompt import BadRequest, MarkTtl, Prompt, PromptBlock
from cachewise.simulator.rules import TTL_SECONDS, CacheRule, rule_for
from cachewise.simulator.tokens import TokenTable, digest_of

_KEPT_ENTRIES = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """How the input tokens of one request are billed. The four figures add up to all of its input."""

    read: int = 0
    write: int = 0
    """Written for the short TTL (5 minutes; 30 at OpenAI)."""
    write_1h: int = 0
    plain: int = 0
    reports_writes: bool = False
    """Whether this model's usage tells writes at all."""

    @property
    def total(self) -> int:
        """All input tokens."""
        return self.read + self.write + self.write_1h + self.plain

    @property
    def written(self) -> int:
        """All written tokens, whatever their TTL."""
        return self.write + self.write_1h


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A charge, and the entries that `commit` will make readable."""

    charge: Charge
    started: float
    rule: CacheRule
    entries: tuple[tuple[bytes, MarkTtl], ...]


@dataclass(slots=True)
class _Entry:
    expires: float
    ttl: MarkTtl


class Account:
    """All caches of all simulated upstreams. `clock` gives seconds; only differences matter."""

    def __init__(self, clock: Callable[[], float], tokens: TokenTable | None = None) -> None:
        self._clock = clock
        self._tokens = tokens or TokenTable()
        self._entries: dict[bytes, _Entry] = {}

    @property
    def live_entries(self) -> int:
        """How many entries could be read now."""
        now = self._clock()
        return sum(entry.expires > now for entry in self._entries.values())

    def open(self, prompt: Prompt, upstream: str) -> Receipt:
        """Reckon a request that starts now, and refresh what it reads.

        Raises:
            BadRequest: The marks are such as the provider refuses.
        """
        rule = rule_for(prompt.wire, prompt.model)
        now = self._clock()
        space = digest_of("\0".join((prompt.wire, upstream, prompt.model, prompt.cache_key or "")))
        if rule.style == "marks":
            return self._open_marked(prompt, rule, space, now)
        if rule.style == "automatic":
            return self._open_automatic(prompt, rule, space, now)
        plain = sum(self._tokens.count(block.text) for block in prompt.blocks)
        return Receipt(charge=Charge(plain=plain), started=now, rule=rule, entries=())

    def commit(self, receipt: Receipt) -> None:
        """Make what the request wrote readable; its time runs since the request started."""
        for key, ttl in receipt.entries:
            expires = receipt.started + TTL_SECONDS[ttl]
            known = self._entries.get(key)
            if known is None or known.expires < expires:
                self._entries[key] = _Entry(expires, ttl)
        if len(self._entries) > _KEPT_ENTRIES:
            self._prune()

    def _open_marked(self, prompt: Prompt, rule: CacheRule, space: bytes, now: float) -> Receipt:
        marks = _marks(prompt, rule)
        keys = list(_block_keys(prompt.blocks, space))
        sums = [0]
        for block in prompt.blocks:
            sums.append(sums[-1] + self._tokens.count(block.text))
        hit = -1
        for position in marks:
            reach = 0 if rule.look_back is None else max(0, position - rule.look_back + 1)
            found = next((i for i in range(position, reach - 1, -1) if self._touch(keys[i], now)), -1)
            hit = max(hit, found)
        fresh = [(i, ttl) for i, ttl in marks.items() if i > hit and sums[i + 1] >= rule.minimum]
        read = sums[hit + 1]
        last = max((sums[i + 1] for i, _ in fresh), default=read)
        last_1h = max((sums[i + 1] for i, ttl in fresh if ttl == "1h"), default=read)
        charge = Charge(
            read=read, write=last - last_1h, write_1h=last_1h - read, plain=sums[-1] - last, reports_writes=True
        )
        return Receipt(charge=charge, started=now, rule=rule, entries=tuple((keys[i], ttl) for i, ttl in fresh))

    def _open_automatic(self, prompt: Prompt, rule: CacheRule, space: bytes, now: float) -> Receipt:
        keys, total = self._step_keys(prompt.blocks, space, rule.step)
        first = -(-rule.minimum // rule.step) - 1
        hit = -1
        for i in range(first, len(keys)):
            if not self._touch(keys[i], now):
                break
            hit = i
        read = (hit + 1) * rule.step
        entries = tuple((key, rule.ttl) for key in keys[max(first, hit + 1) :])
        return Receipt(charge=Charge(read=read, plain=total - read), started=now, rule=rule, entries=entries)

    def _touch(self, key: bytes, now: float) -> bool:
        """Whether the entry is live; if so its time starts anew."""
        entry = self._entries.get(key)
        if entry is None or entry.expires <= now:
            return False
        entry.expires = max(entry.expires, now + TTL_SECONDS[entry.ttl])
        return True

    def _step_keys(self, blocks: tuple[PromptBlock, ...], space: bytes, step: int) -> tuple[list[bytes], int]:
        """One key for each whole step of tokens from the start, and the number of all tokens."""
        running = hashlib.blake2b(space, digest_size=16)
        keys: list[bytes] = []
        total = 0
        for block in blocks:
            running.update(_frame(block))
            ends = self._tokens.ends(block.text)
            start = taken = 0
            while taken < len(ends):
                more = min(step - total % step, len(ends) - taken)
                end = ends[taken + more - 1]
                running.update(block.text[start:end].encode("utf-8", "surrogatepass"))
                start, taken, total = end, taken + more, total + more
                if total % step == 0:
                    keys.append(running.copy().digest())
        return keys, total

    def _prune(self) -> None:
        """Drop what has expired, then the entries that would expire first."""
        now = self._clock()
        live = sorted(((e.expires, k) for k, e in self._entries.items() if e.expires > now), reverse=True)
        self._entries = {key: self._entries[key] for _, key in live[: _KEPT_ENTRIES // 2]}


def _marks(prompt: Prompt, rule: CacheRule) -> dict[int, MarkTtl]:
    """The marks that count, by block position."""
    marks = {i: block.mark for i, block in enumerate(prompt.blocks) if block.mark is not None}
    if rule.too_many_is_error:
        if len(marks) > rule.max_marks:
            raise BadRequest(
                f"A maximum of {rule.max_marks} blocks with cache_control may be provided. Found {len(marks)}."
            )
        ttls = list(marks.values())
        if "5m" in ttls and "1h" in ttls[ttls.index("5m") :]:
            raise BadRequest(
                "A ttl='1h' cache_control block must not come after a ttl='5m' cache_control block "
                "(blocks are processed in the order: tools, system, messages)."
            )
    if prompt.marks_last_message and prompt.blocks:
        last = len(prompt.blocks) - 1
        chosen = sorted(i for i in marks if i != last)[-(rule.max_marks - 1) :]
        return {i: marks[i] for i in chosen} | {last: marks.get(last, rule.ttl)}
    return {i: marks[i] for i in sorted(marks)[-rule.max_marks :]}


def _block_keys(blocks: tuple[PromptBlock, ...], space: bytes) -> Iterator[bytes]:
    """One key for each block: a digest of everything up to and including it."""
    running = space
    for block in blocks:
        running = hashlib.blake2b(running + _frame(block) + digest_of(block.text), digest_size=16).digest()
        yield running


def _frame(block: PromptBlock) -> bytes:
    return f"\0{block.role}{'+' if block.opens_message else ''}\0".encode()
