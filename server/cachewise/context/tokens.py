"""How many tokens a text will cost, guessed from its size in bytes and corrected by what the provider reports.

Not here: tokenizers. They differ by model, are large, and come too late to be exact for hosted models anyway; an
estimate decides budgets and marks, and the provider's own count is what the user is shown.
"""

from __future__ import annotations

import math

_SMALLEST_SAMPLE = 200
"""Tokens. Below this a report says more about the provider's wrapping than about the text."""
_WEIGHT = 0.2
"""How much one report moves the ratio; five reports close about two thirds of a gap."""
_STEP = 0.05
"""The ratio in use follows the learnt one only when they are this far apart, so that budgets do not jitter."""
_FURTHEST = 2.5
"""The ratio stays within this factor of the first guess, whatever is reported."""


class TokenEstimator:
    """Estimates tokens of texts for one model.

    Nothing that was rendered ever depends on it byte by byte: it only decides what fits and what is worth a mark.

    Args:
        tokens_per_byte: The first guess for the model, from `CacheTraits.tokens_per_byte`.

    Raises:
        ValueError: if the guess is not a positive, finite number.
    """

    def __init__(self, tokens_per_byte: float) -> None:
        if not (math.isfinite(tokens_per_byte) and tokens_per_byte > 0):
            raise ValueError(f"{tokens_per_byte!r} is no number of tokens per byte")
        self._first = tokens_per_byte
        self._learnt = tokens_per_byte
        self._ratio = tokens_per_byte

    @property
    def ratio(self) -> float:
        """Tokens per UTF-8 byte in use now."""
        return self._ratio

    def tokens(self, text: str) -> int:
        """Estimated tokens of a text; 0 only for an empty one."""
        return self.of_bytes(byte_length(text))

    def of_bytes(self, length: int) -> int:
        """Estimated tokens of a text of so many UTF-8 bytes."""
        return math.ceil(length * self._ratio)

    def learn(self, estimated: int, reported: int) -> None:
        """Correct the ratio by one report of the provider.

        Args:
            estimated: What `PromptPlan.tokens` said of the prompt.
            reported: The input tokens that the provider counted for it, cached ones included.
        """
        if estimated < _SMALLEST_SAMPLE or reported <= 0:
            return
        seen = self._ratio * reported / estimated
        seen = min(max(seen, self._learnt / 2), self._learnt * 2)
        self._learnt *= (seen / self._learnt) ** _WEIGHT
        self._learnt = min(max(self._learnt, self._first / _FURTHEST), self._first * _FURTHEST)
        if abs(self._learnt / self._ratio - 1) > _STEP:
            self._ratio = self._learnt


def byte_length(text: str) -> int:
    """UTF-8 bytes of a text."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
