"""Fits the built-in completer's confidence: `python bench/offline_fit.py`, writes `offline/trained.py`.

It needs numpy and some minutes. Only files of the tuning half are completed, so that `bench/offline.py` reports on text
that nothing was fitted to. Not here: the shape of the network's input (`offline/confidence.py`).
"""

from __future__ import annotations

import argparse
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
from bench.offline_cases import TUNING, Case, cases, corpus, folder, stdlib

from cachewise.offline import trained
from cachewise.offline.complete import EXTEND, LEAST, SHOW, cut, offers
from cachewise.offline.confidence import signs
from cachewise.offline.evidence import END, Candidate, candidates
from cachewise.offline.index import Index
from cachewise.offline.scene import current_line, scene

TARGET = Path(trained.__file__)
HIDDEN = 8
EPOCHS = 30
_STEPS = 20
Rows = list[tuple[tuple[float, ...], bool, bool]]


def rows_of(index: Index, case: Case) -> Rows:
    """Walk along the true rest of the line, and say of each candidate on the way whether it was right."""
    rows: Rows = []
    start = scene(index, case.before, case.after, case.language, "")
    context, unfinished, rest = start.context, start.unfinished, case.truth
    for step in range(_STEPS):
        line = tuple(index.papers.text(ord(word)).strip() for word in current_line(context))
        right: Candidate | None = None
        for candidate in candidates(index, start, context, unfinished):
            exact = _exact(candidate, rest)
            begins = not rest.strip() if candidate.number == END else rest.startswith(candidate.piece)
            rows.append((signs(candidate, unfinished, line, step), exact, begins))
            if exact:
                right = candidate
        if right is None or right.number == END:
            break
        rest = rest[len(right.piece) :]
        context += chr(right.number)
        unfinished = ""
    return rows


def _exact(candidate: Candidate, rest: str) -> bool:
    if candidate.number == END:
        return not rest.strip()
    if not rest.startswith(candidate.piece):
        return False
    behind = rest[len(candidate.piece) :][:1]
    return not ((candidate.word[-1:].isalnum() or candidate.word[-1:] == "_") and (behind.isalnum() or behind == "_"))


def network(rows: Rows) -> list[Any]:
    """Weights that make the rows probable."""
    values = np.array([row[0] for row in rows])
    right = np.array([row[1:] for row in rows], dtype=float)
    chance = np.random.default_rng(0)
    width = values.shape[1]
    inward, outward = chance.normal(0, 0.3, (width, HIDDEN)), chance.normal(0, 0.3, (HIDDEN, 2))
    weights = [inward, np.zeros(HIDDEN), outward, np.zeros(2)]
    drift, force = [np.zeros_like(part) for part in weights], [np.zeros_like(part) for part in weights]
    order, turn = np.arange(len(rows)), 0
    for epoch in range(EPOCHS):
        chance.shuffle(order)
        for begin in range(0, len(order), 256):
            some = order[begin : begin + 256]
            inner = np.tanh(values[some] @ weights[0] + weights[1])
            error = (1 / (1 + np.exp(-(inner @ weights[2] + weights[3]))) - right[some]) / len(some)
            back = (error @ weights[2].T) * (1 - inner * inner)
            slopes = [values[some].T @ back, back.sum(0), inner.T @ error, error.sum(0)]
            turn += 1
            for at, slope in enumerate(slopes):
                drift[at] = 0.9 * drift[at] + 0.1 * slope
                force[at] = 0.999 * force[at] + 0.001 * slope * slope
                step = drift[at] / (1 - 0.9**turn) / (np.sqrt(force[at] / (1 - 0.999**turn)) + 1e-8)
                weights[at] = weights[at] - 0.004 * (1 - epoch / EPOCHS) * step
    return weights


def monotone(pairs: Sequence[tuple[float, bool]], knots: int = 10) -> tuple[list[float], list[float]]:
    """The share that was right over the product of probabilities; neighbours are pooled until it never falls."""
    ordered = sorted(pairs)
    blocks: list[list[float]] = []
    for at in range(knots):
        part = ordered[at * len(ordered) // knots : (at + 1) * len(ordered) // knots]
        blocks.append([sum(p for p, _ in part), float(sum(r for _, r in part)), float(len(part))])
        while len(blocks) > 1 and blocks[-2][1] / blocks[-2][2] >= blocks[-1][1] / blocks[-1][2]:
            last = blocks.pop()
            blocks[-1] = [mine + other for mine, other in zip(blocks[-1], last, strict=True)]
    return [block[0] / block[2] for block in blocks], [block[1] / block[2] for block in blocks]


def write(weights: Sequence[Any], calibration: tuple[Sequence[float], Sequence[float]]) -> None:
    """Write the module of constants."""
    parts = [
        '"""What `python bench/offline_fit.py` learnt, for `confidence.py`. Not to be edited by hand."""\n',
        "from __future__ import annotations\n",
        "# fmt: off",
        "Row = tuple[float, ...]",
        f"HIDDEN: tuple[tuple[Row, ...], Row] = ({_table(weights[0].T)}, {_line(weights[1])})",
        '"""Weights of the hidden units, and what is added to each."""',
        f"OUTPUT: tuple[tuple[Row, ...], Row] = ({_table(weights[2].T)}, {_line(weights[3])})",
        '"""The same of the two answers."""',
        f"CALIBRATION: tuple[Row, Row] = ({_line(calibration[0])}, {_line(calibration[1])})",
        '"""Products of probabilities, and what share was right."""\n',
    ]
    TARGET.write_text("\n".join(parts))


def _line(values: Sequence[float]) -> str:
    numbers = " ".join(f"{value:.3f}," for value in values)
    return "(\n" + textwrap.indent(textwrap.fill(numbers, 112), "    ") + "\n)"


def _table(rows: Sequence[Sequence[float]]) -> str:
    return "(\n" + ",\n".join(map(_line, rows)) + ",\n)"


def main() -> None:
    """Collect, fit, calibrate, write."""
    parser = argparse.ArgumentParser(prog="python bench/offline_fit.py", description=__doc__)
    parser.add_argument("--folder", type=Path, nargs="*", default=[], help="corpora beside the standard library")
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--keep", action="store_true", help="keep the network; only calibrate anew")
    options = parser.parse_args()
    plans = [(stdlib(), 100 + seed, 40, 50) for seed in range(options.seeds)]
    plans += [(folder(root), 100, 20, 40) for root in options.folder]
    weights = _present() if options.keep else network(_rows(plans))
    pairs: list[tuple[float, bool]] = []
    _use(weights)
    for files, seed, held, positions in (*plans[:3], *plans[options.seeds :]):
        made = corpus(files, seed=seed + 50, held=held, half=TUNING)
        for case in cases(made, seed=seed + 50, positions=positions):
            best = cut(offers(made.index, scene(made.index, case.before, case.after, case.language, "")), LEAST)
            if best is not None:
                pairs.append((best.product, case.truth.startswith(best.text)))
    write(weights, monotone(pairs))
    print(f"{len(pairs)} suggestions at {SHOW} and {EXTEND}, {100 * sum(r for _, r in pairs) / len(pairs):.1f} % right")


def _rows(plans: Sequence[tuple[list[Path], int, int, int]]) -> Rows:
    rows: Rows = []
    for files, seed, held, positions in plans:
        made = corpus(files, seed=seed, held=held, half=TUNING)
        for case in cases(made, seed=seed, positions=positions):
            rows += rows_of(made.index, case)
        print(f"{len(rows)} rows", flush=True)
    return rows


def _present() -> list[Any]:
    return [np.array(part) for part in (np.array(trained.HIDDEN[0]).T, trained.HIDDEN[1])] + [
        np.array(part) for part in (np.array(trained.OUTPUT[0]).T, trained.OUTPUT[1])
    ]


def _use(weights: Sequence[Any]) -> None:
    """Let the completer of this process use the new weights."""
    hidden = (tuple(map(tuple, weights[0].T.tolist())), tuple(weights[1].tolist()))
    output = (tuple(map(tuple, weights[2].T.tolist())), tuple(weights[3].tolist()))
    trained.HIDDEN, trained.OUTPUT = hidden, output


if __name__ == "__main__":
    main()
