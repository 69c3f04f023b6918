"""What `cached_agent_run` raises of its own.

    CacheError                 of this module, as a group
    +- ConfigurationError      the Redis address can't be read
    +- RateLimitError          the provider kept refusing for longer than `max_wait`
    +- ConnectionError         the provider could not be reached in `max_retries` attempts

Not here: what the agent raises, which goes through as it is. A cache that does not work raises nothing.
"""

from __future__ import annotations


class CacheError(Exception):
    """Any of the faults below."""


class ConfigurationError(CacheError):
    """The address of the cache can't be read."""


class RateLimitError(CacheError):
    """The provider asked for a longer pause than `max_wait` allows. Its own exception is the cause.

    Args:
        sentence: For people.
        retry_after: Seconds that the provider asked for last, if it did.
    """

    def __init__(self, sentence: str, *, retry_after: float | None) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after


class ConnectionError(CacheError):  # the name that people come with
    """The provider could not be reached. The last failure is the cause."""
