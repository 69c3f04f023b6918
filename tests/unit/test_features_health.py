"""Health: the worst of what is wrong, until it is over."""

from __future__ import annotations

import pytest

from cachewise.faults import Fault, ForbiddenHost, NoKey, ProviderFault, ProviderFaultKind
from cachewise.features.health import Health, Level


def watched() -> tuple[Health, list[tuple[Level, str]]]:
    health = Health()
    seen: list[tuple[Level, str]] = []
    health.changed = lambda: seen.append(health.worst)
    return health, seen


def test_nothing_is_wrong_at_first() -> None:
    assert Health().worst == ("ok", "")


def test_the_worst_is_shown_and_the_next_one_after_it() -> None:
    health, seen = watched()
    health.set("settings", "warning", "A setting is odd.")
    health.set("provider", "error", "No credit.")
    assert health.worst == ("error", "No credit.")
    assert health.condition == "provider"
    health.clear("provider")
    assert health.condition == "settings"
    assert health.worst == ("warning", "A setting is odd.")
    health.clear("settings")
    assert health.condition is None
    assert seen[-1] == ("ok", "")
    assert len(seen) == 4


def test_only_changes_are_told() -> None:
    health, seen = watched()
    health.set("a", "warning", "One.")
    health.set("a", "warning", "One.")
    health.clear("b")
    assert len(seen) == 1
    health.set("a", "warning", "Two.")
    assert seen[-1] == ("warning", "Two.")


KINDS: dict[ProviderFaultKind, Level] = {
    "auth": "error",
    "payment": "error",
    "notFound": "error",
    "rateLimit": "warning",
    "server": "warning",
    "overloaded": "warning",
    "connection": "warning",
    "timeout": "warning",
    "protocol": "warning",
    "rejected": "warning",
    "contextWindow": "warning",
}


@pytest.mark.parametrize(("kind", "level"), KINDS.items(), ids=KINDS)
def test_a_failure_is_as_loud_as_it_is_lasting(kind: ProviderFaultKind, level: Level) -> None:
    health, _ = watched()
    health.failed(ProviderFault("It failed.", kind=kind))
    assert health.worst == (level, "It failed.")
    assert health.condition == ("offline" if kind == "connection" else "provider")
    health.succeeded()
    assert health.worst == ("ok", "")


@pytest.mark.parametrize(
    ("fault", "level"), [(NoKey("Set a key."), "warning"), (ForbiddenHost("Not there."), "error")], ids=["key", "host"]
)
def test_other_failures(fault: Fault, level: Level) -> None:
    health, _ = watched()
    health.failed(fault)
    assert health.worst == (level, fault.sentence)


def test_success_does_not_hide_what_it_did_not_mend() -> None:
    health, _ = watched()
    health.set("settings", "warning", "A setting is odd.")
    health.failed(ProviderFault("It failed.", kind="server"))
    health.succeeded()
    assert health.worst == ("warning", "A setting is odd.")
