"""`cachewise demo`, run as somebody who has just installed it: no key, no settings, no network."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from support.command import run

README = Path(__file__).resolve().parents[2] / "README.md"
LIKE = 0.2
"""How far the demo's figures may be from the README's: they move with the sources that it explains."""


def dollars(cell: str) -> float:
    sign, amount = re.fullmatch(r"(-?)\$(\d+\.\d+)", cell.strip()).groups()  # type: ignore[union-attr]
    return float(sign + amount)


def count(cell: str) -> int:
    return int(cell.replace(",", ""))


def rows_of(table: str) -> list[list[str]]:
    lines = [line for line in table.strip().split("\n") if not line.startswith("---")]
    return [re.split(r" {2,}", line.strip()) for line in lines]


def check_readme(printed: list[list[str]]) -> None:
    """The README's table is like the one that the demo has printed."""
    found = re.search(r"<!-- demo-table -->\n```text\n(.*?)\n```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    shown = rows_of(found[1])
    assert shown[0] == printed[0]
    assert [row[0] for row in shown[1:-1]] == [row[0] for row in printed[1:-1]]
    assert len(shown[-1]) == len(printed[-1])
    for old, new in zip(shown[-1][1:], printed[-1][1:], strict=True):
        figures = [count(cell) if "$" not in cell else dollars(cell) for cell in (old, new)]
        assert figures[0] == pytest.approx(figures[1], rel=LIKE), "run `make docs`: the README's table is out of date"


async def test_the_demo_shows_the_main_job_and_the_readme_what_it_prints(tmp_path: Path) -> None:
    status, out, err = await run("demo", home=tmp_path)
    assert (status, err) == (0, "")
    assert "nothing leaves the machine" in out
    headings = [line for line in out.split("\n") if line.startswith(("Explain ", "Complete ", "Ask about "))]
    readouts = [line.strip() for line in out.split("\n") if re.match(r"  (explain|complete|ask) · ", line)]
    rows = rows_of(out.partition("What it cost\n")[2])
    head, *requests, last = rows
    assert head == ["request", "input", "read", "written", "output", "cost", "without caching", "saved"]
    assert len(headings) == len(readouts) == len(requests) >= 6
    assert {row[0] for row in requests} == {"explain", "complete", "ask"}
    for readout, row in zip(readouts, requests, strict=True):
        assert readout.startswith(row[0])
        assert "$" in readout
        assert "~" not in readout
    assert last[0].startswith(f"{len(requests)} requests, ")
    for column in range(1, 5):
        assert count(last[column]) == sum(count(row[column]) for row in requests)
    cost, without, saved = (dollars(cell) for cell in last[5:])
    assert abs(cost - sum(dollars(row[5]) for row in requests)) < 1e-4
    assert abs(without - cost - saved) < 1e-4
    assert saved > cost, "caching more than halves the bill of the demo"
    for row in requests[2:]:
        assert count(row[2]) >= 0.85 * count(row[1])
    assert out.count("Simulated answer") == sum(row[0] != "complete" for row in requests)
    assert re.search(r"\[.+\]|\[.*\n", out), "no suggestion is shown"
    check_readme(rows)
    left = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert left == [], "the demo leaves files behind"


async def test_the_demo_takes_files_of_the_user(tmp_path: Path) -> None:
    source = tmp_path / "mine" / "shop.go"
    source.parent.mkdir()
    source.write_text(
        "package shop\n\n" + "\n".join(f"func Price{n}() int {{\n\treturn {n} + 1234567\n}}\n" for n in range(40))
    )
    status, out, err = await run("demo", source, home=tmp_path)
    assert (status, err) == (0, "")
    assert "Explain shop.go" in out
    assert "Price0" in out
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["shop.go"]


async def test_a_file_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    status, out, err = await run("demo", "nothing.py", home=tmp_path)
    assert (status, out) == (1, "")
    assert err == "cachewise: 'nothing.py' is no file.\n"
