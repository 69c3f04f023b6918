"""`cachewise stats`: what was used, what it cost and what caching saved; as tables, JSON, CSV or a picture."""

from __future__ import annotations

import csv
import json
import os
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, TextIO

from cachewise.cli.tables import Cell, Section, paint_for, render
from cachewise.faults import Fault
from cachewise.ledger.journal import FILE_NAME
from cachewise.ledger.readout import money
from cachewise.ledger.report import COLUMNS, Report, read_entries, read_report
from cachewise.ledger.totals import Tally
from cachewise.model.usage import Totals
from cachewise.settings.places import find_places

_HEAD = ("requests", "input", "cached", "output", "cost", "saved", "stored answers")
_MOST_ROWS = 12
"""Of one section; the rest is one line, since a table that scrolls away is not read."""
_PATIENCE = 1.0
"""Seconds after which a command says what it is doing."""
_EMPTY = (
    "Nothing is in the ledger yet: it begins with the first request that cachewise sends for your editor.\n"
    "`cachewise demo` shows what it looks like, with no key.\n"
)


def stats(*, days: int = 7, as_json: bool = False, csv_file: Path | None = None, plot: Path | None = None) -> int:
    """Print the sums of the last days; write the entries or a picture where a file is named.

    Raises:
        Fault: the ledger can't be read, or the picture's file has another ending than .png or .svg.
    """
    ledger = find_places(os.environ).state / FILE_NAME
    if plot is not None and plot.suffix.lower() not in (".png", ".svg"):
        raise Fault(f"A picture is a .png or .svg file, so {plot.name!r} can't be written.")
    with _patience("reading the ledger ..."):
        report = read_report(ledger, days)
    if csv_file is not None:
        with _patience("writing the entries ..."):
            count = _write_csv(csv_file, ledger, days)
        if str(csv_file) == "-":
            return 0
        sys.stderr.write(f"{count} entries are in {csv_file}.\n")
    if plot is not None:
        _draw(plot, report)
    sys.stdout.write(json.dumps(report_json(report), indent=2, ensure_ascii=False) + "\n" if as_json else text(report))
    sys.stdout.flush()
    return 0


def text(report: Report, stream: TextIO = sys.stdout) -> str:
    """The tables."""
    if not report.ever:
        return _EMPTY
    paint = paint_for(stream)
    span = f"{len(report.days)} days" if len(report.days) > 1 else "today"
    sums = [("today", _cells(report.today))]
    if len(report.days) > 1:
        sums.append((span, _cells(report.whole.totals)))
    sections = [Section("", sums), Section(f"by feature, {span}", _rows(report.by_name["feature"]))]
    sections.append(Section(f"by model, {span}", _rows(report.by_name["model"])))
    if report.by_name["workspace"]:
        sections.append(Section(f"by workspace, {span}", _rows(plain_names(report.by_name["workspace"]))))
    if len(report.by_name["route"]) > 1:
        sections.append(Section(f"by route, {span}", _rows(report.by_name["route"])))
    if len(report.days) > 1:
        used = [day for day in report.days if day in report.by_day]
        sections.append(
            Section("by day", [(day, _cells(report.by_day[day].totals)) for day in reversed(used[-_MOST_ROWS:])])
        )
    table = render(_HEAD, [section for section in sections if section.rows], paint)
    return table + "\n" + _notes(report)


def _notes(report: Report) -> str:
    whole = report.whole.totals
    lines = []
    if whole.saved or whole.answers_saved:
        gain = f"Caching saved {money(whole.saved)}" if whole.saved >= 0 else f"Caching cost {money(-whole.saved)} more"
        gain += " against the plain input price"
        lines.append(gain + (f", stored answers {money(whole.answers_saved)}." if whole.answers_saved else "."))
    if whole.shown:
        lines.append(_acceptance(report.by_name["feature"].get("complete", Tally()).totals))
    if not whole.cost_is_complete:
        lines.append("+? There are requests whose cost is not known; they are not in the sums of money.")
    return "".join(f"\n{line}" for line in lines) + ("\n" if lines else "")


def _acceptance(totals: Totals) -> str:
    line = f"{totals.accepted:,} of {totals.shown:,} suggestions were accepted ({totals.accepted / totals.shown:.0%})"
    line += f", {totals.typed:,} typed out by hand, {totals.rejected:,} passed over."
    if totals.accepted_characters:
        each = totals.cost / totals.accepted_characters
        line += f" The {totals.accepted_characters:,} accepted characters cost {money(each * 1000)} for each thousand."
    return line


def _rows(tallies: Mapping[str, Tally]) -> list[tuple[str, list[Cell]]]:
    """Dearest first; what is beyond the table's length as one line."""
    ranked = sorted(tallies.items(), key=lambda item: (-item[1].totals.cost, -item[1].totals.requests, item[0]))
    rows = [(name, _cells(tally.totals)) for name, tally in ranked[:_MOST_ROWS]]
    rest = ranked[_MOST_ROWS:]
    if rest:
        others = Tally()
        for _, tally in rest:
            others.join(tally)
        rows.append((f"{len(rest)} others", _cells(others.totals)))
    return rows


def plain_names(workspaces: Mapping[str, Tally]) -> dict[str, Tally]:
    """Without the digest, where a folder's name alone tells which it is."""
    heads = [name.rpartition(" ")[0] for name in workspaces]
    return {
        (head if heads.count(head) == 1 else name): tally
        for head, (name, tally) in zip(heads, workspaces.items(), strict=True)
    }


def _cells(totals: Totals) -> list[Cell]:
    ratio = totals.hit_ratio
    known = "" if totals.cost_is_complete else "+?"
    saved = totals.saved + totals.answers_saved
    return [
        Cell(f"{totals.requests:,}", "" if totals.requests else "dim"),
        _count(totals.input_tokens),
        Cell("-", "dim") if ratio is None else Cell(f"{ratio:.0%}", "good" if ratio >= 0.5 else ""),
        _count(totals.output_tokens),
        Cell(_money(totals.cost) + known, "bold" if totals.cost or known else "dim"),
        Cell(_money(saved), "good" if saved > 0 else "bad" if saved < 0 else "dim"),
        Cell(f"{totals.answers_hits:,}" if totals.answers_hits else "-", "" if totals.answers_hits else "dim"),
    ]


def _count(tokens: int) -> Cell:
    if tokens < 10_000:
        return Cell(f"{tokens:,}", "" if tokens else "dim")
    return Cell(f"{tokens / 1000:,.1f}k" if tokens < 999_950 else f"{tokens / 1_000_000:,.1f}M")


def _money(amount: Decimal) -> str:
    """With four digits throughout, so that a column of them can be compared; what is smaller is not hidden."""
    if not amount:
        return "$0"
    return money(amount) if abs(amount) < Decimal("0.0001") else f"{'-' if amount < 0 else ''}${abs(amount):,.4f}"


def report_json(report: Report) -> dict[str, Any]:
    """The report as JSON, in the protocol's `Totals`."""

    def named(kind: str) -> dict[str, Any]:
        return {name: tally.totals.to_json() for name, tally in sorted(report.by_name[kind].items())}

    return {
        "today": report.today.to_json(),
        "total": report.whole.totals.to_json(),
        "days": [{"date": day, **report.by_day.get(day, Tally()).totals.to_json()} for day in report.days],
        "byFeature": named("feature"),
        "completions": report.by_name["feature"].get("complete", Tally()).totals.completions_json(),
        "byModel": named("model"),
        "byWorkspace": named("workspace"),
        "byRoute": named("route"),
        "bySession": {name[:8]: totals for name, totals in named("session").items()},
    }


def _write_csv(file: Path, ledger: Path, days: int) -> int:
    """Write the entries and return their number. `-` is standard output."""
    count = 0
    with _written(file) as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(COLUMNS)
        for row in read_entries(ledger, days):
            writer.writerow([_harmless(value) for value in row])
            count += 1
    return count


@contextmanager
def _written(file: Path) -> Iterator[TextIO]:
    if str(file) == "-":
        yield sys.stdout
        sys.stdout.flush()
        return
    with file.open("w", encoding="utf-8", newline="") as out:
        yield out


def _harmless(value: object) -> object:
    """Spreadsheets run what begins like a formula, and a folder may be called that."""
    return (
        f"'{value}"
        if isinstance(value, str) and value.startswith(("=", "+", "@", "-", "\t")) and not _is_number(value)
        else value
    )


def _is_number(text: str) -> bool:
    return text.lstrip("-").replace(".", "", 1).isdigit()


def _draw(file: Path, report: Report) -> None:
    """Write the picture and say where it is."""
    if not report.ever:
        return
    from cachewise.cli.chart import chart
    from cachewise.cli.png import to_png
    from cachewise.cli.svg import to_svg

    drawing = chart(report)
    with _patience("drawing ..."):
        content = to_svg(drawing).encode() if file.suffix.lower() == ".svg" else to_png(drawing)
    file.write_bytes(content)
    sys.stderr.write(f"The picture is {file}.\n")


@contextmanager
def _patience(message: str) -> Iterator[None]:
    """Say what is going on, on stderr, if it takes longer than a second."""
    timer = threading.Timer(_PATIENCE, lambda: sys.stderr.write(message + "\n"))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
