"""Every setting, declared once: name, values, default, who may set it, and what it is for.

The user's documentation, the editors' descriptions and the readers are all made from `SETTINGS`. Not here: what a
declaration says (`forms.py`), reading values (`values.py`), the sources (`load.py`), and what an editor may change
(`trust.py`). Where providers are reached is not a setting in this sense (`endpoints.py`).
"""

from __future__ import annotations

from cachewise.settings.forms import Setting

SETTINGS: tuple[Setting, ...] = (
    Setting(
        key="model",
        kind="model",
        default="openrouter:anthropic/claude-haiku-4.5",
        description="The model that explains and answers: `openrouter:VENDOR/MODEL`, `anthropic:MODEL`, "
        "`openai:MODEL`, `local:NAME` (a server named in the user file) or `offline`.",
        variables=("CACHEWISE_MODEL",),
    ),
    Setting(
        key="completion.model",
        kind="model",
        default=None,
        description="The model that completes. Unset, it is the same as `model`: a prompt cache belongs to one model, "
        "so two models pay for the shared context twice.",
        variables=("CACHEWISE_COMPLETION_MODEL",),
    ),
    Setting(
        key="completion.enabled",
        kind="bool",
        default=True,
        trust="tighten",
        scope="resource",
        description="Whether completions are offered while you type.",
    ),
    Setting(
        key="completion.disabledLanguages",
        kind="globs",
        default=(),
        trust="add",
        scope="resource",
        description="Languages for which nothing is suggested, as the editor names them, such as `markdown`; `*` in a "
        "name stands for anything.",
    ),
    Setting(
        key="completion.debounceMs",
        kind="int",
        default=75,
        minimum=0,
        maximum=5000,
        scope="resource",
        description="The most milliseconds without a keystroke before a provider is asked; fewer where somebody types "
        "fast, and none of what the editor has waited itself. Behind a deletion it is half a second at least. What is "
        "already known is shown at once.",
    ),
    Setting(
        key="completion.maxTokens",
        kind="int",
        default=256,
        minimum=1,
        maximum=8192,
        scope="resource",
        description="The most output tokens that one completion may use.",
    ),
    Setting(
        key="completion.multiline",
        kind="choice",
        default="auto",
        choices=("auto", "never", "always"),
        scope="resource",
        description="Whether completions may span lines. `auto` decides by the text around the cursor.",
    ),
    Setting(
        key="completion.offline",
        kind="choice",
        default="auto",
        choices=("auto", "on", "off"),
        scope="resource",
        description="The built-in completer, which knows only the words and lines of the workspace and costs nothing. "
        "`auto` shows what it is sure of until the model has answered, and all that it has where there is no key; "
        "`on` shows whatever it has first, and also where the provider failed; `off` nothing.",
    ),
    Setting(
        key="context.maxTokens",
        kind="int",
        default=24000,
        minimum=256,
        maximum=2_000_000,
        scope="resource",
        description="The size of the shared context (open files and what they import), in tokens. A larger one knows "
        "more and costs more to write to the provider's cache. Where reading costs more than a tenth of the plain "
        "price, as much is sent as costs the same to read.",
    ),
    Setting(
        key="context.exclude",
        kind="globs",
        default=(),
        trust="add",
        scope="resource",
        description="Patterns, written as in a .gitignore, of files that never become context. They come on top of "
        ".gitignore and the built-in list of secret files; they can't take anything back in.",
    ),
    Setting(
        key="promptCache.ttl",
        kind="choice",
        default="auto",
        choices=("auto", "5m", "1h", "off"),
        description="How long the provider keeps the shared context. Longer costs more to write. `auto` takes what "
        "suits the model; `off` sends no marks.",
    ),
    Setting(
        key="answers.enabled",
        kind="bool",
        default=True,
        trust="tighten",
        description="Whether explanations and answers are kept on this machine and given again for the same question.",
    ),
    Setting(
        key="answers.ttlHours",
        kind="int",
        default=168,
        minimum=1,
        maximum=87600,
        description="Hours until a kept answer is forgotten.",
    ),
    Setting(
        key="hover",
        kind="choice",
        default="cached",
        choices=("cached", "always", "off"),
        description="What hovering shows: `cached` only explanations that are already kept, `always` also asks the "
        "provider, `off` nothing.",
    ),
    Setting(
        key="codeLens",
        kind="bool",
        default=False,
        description="Whether a line over each definition tells the first sentence of its explanation, where one is "
        "kept, or else offers to explain it. It never asks a provider by itself.",
    ),
    Setting(
        key="budget.perDayUsd",
        kind="decimal",
        default=None,
        minimum=0,
        maximum=1_000_000,
        trust="tighten",
        description="US dollars that may be spent in a day, by all your editors together. Before a request is sent, "
        "the most that it may cost is set aside; one that does not fit is refused. From 80 % on the status warns. "
        "A model without a list price can't be held to a budget and is refused too. Unset, there is no limit; 0 allows "
        "no spending.",
    ),
    Setting(
        key="budget.perRequestUsd",
        kind="decimal",
        default=None,
        minimum=0,
        maximum=1_000_000,
        trust="tighten",
        description="US dollars that one request may cost, as predicted before it is sent. Unset, there is no limit.",
    ),
    Setting(
        key="limits.concurrent",
        kind="int",
        default=32,
        minimum=1,
        maximum=1000,
        trust="user",
        scope="machine",
        description="How many requests to one provider may run at once. A completion that comes while you type is "
        "dropped where there is no room; whatever you ask for by hand waits for its turn. Servers that share a Redis "
        "and a key count together.",
    ),
    Setting(
        key="limits.requestsPerMinute",
        kind="int",
        default=0,
        minimum=0,
        maximum=100_000,
        trust="user",
        scope="machine",
        description="How many requests to one provider may leave in a minute, on the average; a sixth of them may go "
        "at once. 0 is no limit. Servers that share a Redis and a key count together.",
    ),
    Setting(
        key="ledger.retentionDays",
        kind="int",
        default=400,
        minimum=0,
        maximum=36500,
        trust="user",
        scope="machine",
        description="Days until the figures of a request are removed from the ledger. 0 keeps them for ever.",
    ),
    Setting(
        key="status",
        kind="choice",
        default="full",
        choices=("full", "compact", "off"),
        description="How much the editor's status line shows.",
    ),
    Setting(
        key="trace",
        kind="choice",
        default="off",
        choices=("off", "messages", "verbose"),
        description="What the log tells of each request: `messages` its name, size and duration, `verbose` also the "
        "cache's decisions. Never text, prompts or keys.",
    ),
    Setting(
        key="log",
        kind="choice",
        default="warning",
        choices=("error", "warning", "info", "debug"),
        trust="user",
        scope="machine",
        description="How much goes to standard error. Only `debug` may hold parts of messages; keys never.",
        variables=("CACHEWISE_LOG",),
    ),
    Setting(
        key="redis.url",
        kind="redisUrl",
        default=None,
        trust="user",
        scope="machine",
        description="A Redis server that shares kept answers: `redis://[USER:PASSWORD@]HOST[:PORT][/DB]`, or "
        "`rediss://` for TLS.",
        variables=("CACHEWISE_REDIS_URL", "LLM_CACHE_REDIS_URL"),
    ),
    Setting(
        key="redis.allowUnencrypted",
        kind="bool",
        default=False,
        trust="user",
        scope="machine",
        description="Whether a Redis server on another machine may be used without TLS (`redis://`).",
    ),
)

BY_KEY: dict[str, Setting] = {setting.key: setting for setting in SETTINGS}
