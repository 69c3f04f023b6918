"""How long the provider should keep the prefix, chosen by the gaps between requests, and what is still there.

A longer life costs more to write (`write_1h` instead of `write`) and pays where people come back after the short one
has run out but before the long one has. Whether they will, nobody knows: `Gaps` has the rule and its bound. Not here:
which marks carry it (`marks.py`), and clocks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cachewise.context.rent import Ratios
from cachewise.model.names import TTL_SECONDS, CacheTraits, Ttl

TtlSetting = Literal["auto", "5m", "1h", "off"]
_FORGET = 0.95
"""What a gap weighs when the next long one has come: about twenty of them are remembered."""
_AT_MOST = 1.3
"""What `auto` may cost, as a multiple of what the short life would have cost."""
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Warmth:
    """What the provider's cache should still hold when a request is made, and how long it should keep the next."""

    ttl: TtlSetting
    cold: bool
    """Nothing is left."""
    working_cold: bool
    """What was kept for the short time is gone: the files that are being edited, and the journal."""


class Gaps:
    """The gaps between the requests of one workspace folder to one model. Time is in seconds of any steady clock.

    The rule of `auto` is rent-or-buy with a limit on what may be lost. A gap that only the long life outlasts costs
    `write` with the short one and `read` with the long one: the difference is the rent of the short life. A gap that
    neither outlasts costs `write` or `write_1h`: the difference is the price of the long life. When the prefix has to
    be written anyway, the long life is chosen if the rent of the gaps seen, older ones weighing less, is more than the
    price of those seen, and if writing it now keeps the sum of all that was paid at long gaps within 1.3 times what the
    short life would have cost.

    Bound: at every moment, whatever the gaps, what was paid at long gaps is at most 1.3 times what the short life
    would have cost at them (for a stable part that stays as large): where `write` or `read` is paid that follows from
    the sum before, where `write_1h` is paid it was looked at. With Claude's prices that lets the long life be bought
    at the first return within the hour, which is where the worst case is best: nobody who decides without knowing what
    comes can promise less than 1.55 times what was best in hindsight for one visit, and buying there keeps that. Every
    return that the long life outlasts earns room for more.
    """

    def __init__(self) -> None:
        self._last: float | None = None
        self._written: Ttl = "5m"
        self._between = 0.0
        """Gaps that only the long life outlasts, older ones weighing less."""
        self._beyond = 0.0
        """Gaps that neither outlasts, and the first request."""
        self._paid = 0.0
        """At all long gaps so far, for each token of the stable part, in plain tokens."""
        self._short = 0.0
        """What the short life would have cost at them."""

    def request(self, now: float, setting: TtlSetting, traits: CacheTraits, ratios: Ratios) -> Warmth:
        """Count a request that is made now."""
        short, long = traits.ttl_seconds, TTL_SECONDS["1h"]
        gap = None if self._last is None else max(now - self._last, 0.0)
        self._last = now
        if gap is None or gap >= short:
            self._between *= _FORGET
            self._beyond *= _FORGET
            if gap is not None and gap < long:
                self._between += 1
            else:
                self._beyond += 1
        cold = gap is None or gap >= (long if self._written == "1h" else short)
        working_cold = cold or (gap is not None and gap >= short)
        if cold:
            # A prefix that can be read is not written again, so its life can only change when it is gone.
            self._written = self._chosen(setting, traits, ratios)
        if working_cold:
            written = ratios.write_1h if self._written == "1h" else ratios.write
            self._paid += written if cold else ratios.read
            self._short += ratios.write
        ttl: TtlSetting = "off" if setting == "off" else self._written
        return Warmth(ttl=ttl, cold=cold, working_cold=working_cold)

    def gone_cold(self, now: float, traits: CacheTraits) -> bool:
        """Whether nothing is left of what the last request wrote; False where there was none."""
        life = TTL_SECONDS["1h"] if self._written == "1h" else traits.ttl_seconds
        return self._last is not None and now - self._last >= life

    def _chosen(self, setting: TtlSetting, traits: CacheTraits, ratios: Ratios) -> Ttl:
        """The life that would have cost less over the gaps seen, as far as the limit allows it."""
        if "1h" not in traits.ttls or setting in ("5m", "off"):
            return "5m"
        if setting == "1h":
            return "1h"
        rent = self._between * (ratios.write - ratios.read)
        pays = rent > self._beyond * (ratios.write_1h - ratios.write)
        within = self._paid + ratios.write_1h <= _AT_MOST * (self._short + ratios.write) + _ROUNDING
        return "1h" if pays and within else "5m"
