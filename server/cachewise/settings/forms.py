"""The two forms of settings: one as it is declared, and all of them in force.

Not here: which settings there are (`schema.py`), and how values come into force (`load.py`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from cachewise.model.names import ModelName
from cachewise.settings.secrets import Secret

Kind = Literal["bool", "int", "decimal", "choice", "model", "globs", "redisUrl"]
Scope = Literal["machine", "window", "resource"]
"""Where VS Code lets the setting be written: by the user only, per window, or per folder."""
Trust = Literal["editor", "tighten", "add", "user"]
"""What an editor's value may do. It can't be told apart from a value that a repository brought along.

`editor`: replaces the user's own. `tighten`: only lowers or switches off. `add`: only adds to the user's own list.
`user`: nothing; the setting belongs to the user file and the environment.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One declared setting."""

    key: str
    """Dotted camelCase, below the section `cachewise`."""
    kind: Kind
    default: bool | int | str | tuple[str, ...] | None
    """In the form of the user file. None means unset."""
    description: str
    trust: Trust = "editor"
    scope: Scope = "window"
    choices: tuple[str, ...] = ()
    minimum: int | None = None
    maximum: int | None = None
    variables: tuple[str, ...] = ()
    """Environment variables that set it; the first that is set wins."""

    @property
    def field(self) -> str:
        """Its name in `Settings`: `promptCache.ttl` is `prompt_cache_ttl`."""
        return re.sub(r"(?<=[a-z])[A-Z]", lambda capital: "_" + capital[0].lower(), self.key.replace(".", "_"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings in force. Immutable: a change of configuration makes a new one."""

    model: ModelName
    completion_model: ModelName
    """Same as `model` unless it was set."""
    completion_enabled: bool
    completion_disabled_languages: tuple[str, ...]
    completion_debounce_ms: int
    completion_max_tokens: int
    completion_multiline: Literal["auto", "never", "always"]
    completion_offline: Literal["auto", "on", "off"]
    context_max_tokens: int
    context_exclude: tuple[str, ...]
    prompt_cache_ttl: Literal["auto", "5m", "1h", "off"]
    answers_enabled: bool
    answers_ttl_hours: int
    hover: Literal["cached", "always", "off"]
    code_lens: bool
    budget_per_day_usd: Decimal | None
    """None where there is no limit; 0 forbids all spending."""
    budget_per_request_usd: Decimal | None
    limits_concurrent: int
    limits_requests_per_minute: int
    """0 where there is no limit."""
    ledger_retention_days: int
    """0 for ever."""
    status: Literal["full", "compact", "off"]
    trace: Literal["off", "messages", "verbose"]
    log: Literal["error", "warning", "info", "debug"]
    redis_url: Secret | None
    """May hold a password, so it is bound to the server's origin (`redis://host:port`) like a key."""
    redis_allow_unencrypted: bool
