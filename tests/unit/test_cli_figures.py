"""Figures for a terminal are those of the JSON, and unknown ones are shown as unknown."""

from __future__ import annotations

from typing import Any

import pytest

from cachewise.cli.figures import readout_of, table
from cachewise.ledger.readout import readout
from cachewise.model.usage import UNKNOWN_COST, Tokens, Totals, Usage
from support.ledger import usage

COLUMNS = ["request", "input", "read", "written", "output", "cost", "without caching", "saved"]


def totals(*usages: Usage) -> dict[str, Any]:
    sums = Totals()
    for each in usages:
        sums.add(each)
    return sums.to_json()


def rows(text: str) -> list[list[str]]:
    """The cells of each line that is no rule."""
    return [
        [cell for cell in line.replace("without caching", "without-caching").split("  ") if cell.strip()]
        for line in text.split("\n")
        if set(line) != {"-"}
    ]


UNKNOWN = Usage(
    feature="complete",
    model="local:x",
    source="provider",
    tokens=Tokens(),
    cost=UNKNOWN_COST,
    first_token_ms=None,
    total_ms=10.0,
    outcome="failed",
)


def test_a_table_has_a_line_for_each_request_and_their_sum() -> None:
    one, two = usage(), usage(feature="ask", cost="0.01", saved="-0.002")
    text = table([one.to_json(), two.to_json()], totals(one, two))
    lines = text.split("\n")
    assert len({len(line) for line in lines}) == 1, "the columns are out of line"
    head, first, second, last = rows(text)
    assert [cell.strip().replace("-", " ") for cell in head] == COLUMNS
    assert [cell.strip() for cell in first] == [
        "explain", "12,300", "11,800", "0", "410", "$0.00210", "$0.00310", "$0.00100",
    ]  # fmt: skip
    assert [cell.strip() for cell in second][-3:] == ["$0.01000", "$0.00800", "-$0.00200"]
    assert last[0].startswith("2 requests, 96% cached")
    assert [cell.strip() for cell in last[1:]] == ["24,600", "23,600", "0", "820", "$0.01210", "$0.01110", "-$0.00100"]


def test_unknown_figures_are_marked() -> None:
    text = table([UNKNOWN.to_json()], totals(UNKNOWN))
    _, row, last = rows(text)
    assert [cell.strip() for cell in row] == ["complete", "?", "?", "?", "?", "?", "?", "?"]
    assert last[0].strip() == "1 request"
    assert last[-1].strip() == "$0.00000+?"


def test_no_requests() -> None:
    assert len(table([], totals()).split("\n")) == 4


@pytest.mark.parametrize("record", [usage(), usage(cost=None), UNKNOWN, usage(outcome="cancelled")], ids=range(4))
def test_the_readout_is_the_servers(record: Usage) -> None:
    assert readout_of(record.to_json()) == readout(record)
