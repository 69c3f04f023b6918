"""Measures the built-in completer: `python bench/offline.py [--files 30] [--positions 40] [--seed 11]`.

It indexes a corpus, keeps some files out, and completes at random places in them. A suggestion is right if the rest of
the line begins with it, to its last character. `--least 3` hides suggestions of fewer than three characters, as the
prototype did; the default is what the server does. `--fill MB` measures memory and speed of a large index instead.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.figures import Spread
from bench.offline_cases import REPORTING, TUNING, Case, Corpus, cases, corpus, folder, stdlib

from cachewise.offline.complete import LEAST, Guess, complete
from cachewise.offline.index import Index
from cachewise.offline.indexer import Indexer


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one case."""

    case: Case
    guess: Guess | None
    seconds: float
    cpu: float
    """Seconds of processor time: what an idle machine would need."""

    @property
    def right(self) -> bool:
        """Whether all that was shown was right."""
        return self.guess is not None and self.case.truth.startswith(self.guess.text)


def outcomes(made: Corpus, *, seed: int, positions: int, least: int) -> list[Outcome]:
    """Complete all cases."""
    out = []
    for case in cases(made, seed=seed, positions=positions):
        began, cpu = time.perf_counter(), time.thread_time()
        guess = complete(made.index, case.before, case.after, case.language, least=least)
        out.append(Outcome(case, guess, time.perf_counter() - began, time.thread_time() - cpu))
    return out


def row(name: str, found: Sequence[Outcome]) -> str:
    """One line of the table."""
    shown = [outcome for outcome in found if outcome.guess]
    right = [outcome for outcome in shown if outcome.right]
    saved = sum(len(outcome.guess.text) for outcome in right if outcome.guess)
    typed = sum(len(outcome.case.truth) for outcome in found)
    share = len(found) and 100 * len(shown) / len(found)
    correct = len(shown) and 100 * len(right) / len(shown)
    return f"{name:24} {len(found):6} {share:8.1f} {correct:10.1f} {typed and 100 * saved / typed:8.1f}"


def calibration_error(found: Sequence[Outcome], bins: int = 5) -> float:
    """The mean distance between the confidence said and the share that was right, over bins of equal size."""
    shown = sorted((outcome.guess.confidence, outcome.right) for outcome in found if outcome.guess)
    distance = 0.0
    for at in range(bins):
        part = shown[at * len(shown) // bins : (at + 1) * len(shown) // bins]
        distance += abs(sum(confidence for confidence, _ in part) - sum(right for _, right in part))
    return distance / max(1, len(shown))


def fill(megabytes: float, roots: Sequence[Path]) -> None:
    """Index so much text, and say what it took."""
    endings = (".py", ".js", ".ts", ".go", ".rs", ".c", ".h", ".cc", ".cpp", ".hpp", ".md", ".lua")
    paths = [path for root in roots for path in folder(root, endings)]
    before = _resident()
    index = Index(int(megabytes * 1e6))
    indexer = Indexer(index, ((str(path), path) for path in paths), most_bytes=int(megabytes * 1e6))
    longest, began, cpu = 0.0, time.perf_counter(), time.thread_time()
    more = True
    while more:
        step = time.thread_time()
        more = indexer.work(0.0)
        longest = max(longest, time.thread_time() - step)
    held = f"estimate {index.memory_bytes / 1e6:.0f} MB, resident {_resident() - before:.0f} MB more"
    print(
        f"{indexer.bytes / 1e6:.0f} MB of text in {indexer.files} files of {len(paths)}; "
        f"{time.perf_counter() - began:.0f} s, {time.thread_time() - cpu:.0f} s of processor time, longest step "
        f"{1000 * longest:.0f} ms; {held}"
    )
    tail = list(cases(Corpus.around(index, paths[:: max(1, len(paths) // 30)]), seed=1, positions=10))
    spent = []
    for case in tail:
        cpu = time.thread_time()
        complete(index, case.before, case.after, case.language)
        spent.append(time.thread_time() - cpu)
    spread = Spread.of(spent, 1000.0)
    print(f"completing in it: processor time p50 {spread.median:.1f} p95 {spread.at(0.95):.1f} ms")


def main() -> None:
    """Measure what was asked for and print it."""
    parser = argparse.ArgumentParser(prog="python bench/offline.py", description=__doc__)
    parser.add_argument("--files", type=int, default=30)
    parser.add_argument("--positions", type=int, default=40)
    parser.add_argument("--seed", type=int, nargs="*", default=[11])
    parser.add_argument("--least", type=int, default=LEAST)
    parser.add_argument("--half", choices=("tuning", "reporting", "both"), default="reporting")
    parser.add_argument("--folder", type=Path, nargs="*", default=[], help="other corpora than the standard library")
    parser.add_argument("--ending", nargs="*", default=[".py"])
    parser.add_argument("--fill", type=float, metavar="MB", help="index so much text of the folders, and stop")
    options = parser.parse_args()
    if options.fill:
        fill(options.fill, options.folder)
        return
    sources: list[tuple[str, Callable[[], list[Path]]]] = [
        (root.name, partial(folder, root, options.ending)) for root in options.folder
    ] or [("standard library", stdlib)]
    half = {"tuning": TUNING, "reporting": REPORTING, "both": None}[options.half]
    print(f"{'':24} {'places':>6} {'shown %':>8} {'correct %':>10} {'saved %':>8}")
    everything: list[Outcome] = []
    for name, files in sources:
        for seed in options.seed:
            made = corpus(files(), seed=seed, held=options.files, half=half)
            found = outcomes(made, seed=seed, positions=options.positions, least=options.least)
            print(row(f"{name[:14]}, seed {seed}", found), _cost(made, found))
            everything += found
    kinds: dict[str, Callable[[Case], bool]] = {
        "all": lambda case: True,
        "  novel lines": lambda case: case.novel,
        "  repeated lines": lambda case: not case.novel,
        "  at line start": lambda case: case.at_start,
    }
    for kind, wanted in kinds.items():
        print(row(kind, [outcome for outcome in everything if wanted(outcome.case)]))
    for least in (0.7, 0.8, 0.9):
        sure = [replace(outcome, guess=_sure(outcome.guess, least)) for outcome in everything]
        print(row(f"  confidence {least}", sure))
    print(f"calibration error {100 * calibration_error(everything):.1f} points")


def _sure(guess: Guess | None, least: float) -> Guess | None:
    return guess if guess is not None and guess.confidence >= least else None


def _cost(made: Corpus, found: Sequence[Outcome]) -> str:
    spread = Spread.of([outcome.seconds for outcome in found], 1000.0)
    cpu = Spread.of([outcome.cpu for outcome in found], 1000.0)
    return (
        f"  p50 {spread.median:.1f} p95 {spread.at(0.95):.1f} ms (processor {cpu.median:.1f} {cpu.at(0.95):.1f}); "
        f"{made.text_bytes / 1e6:.1f} MB indexed in {made.seconds:.1f} s, {made.index.memory_bytes / 1e6:.1f} MB"
    )


def _resident() -> float:
    """Megabytes; the most so far where the present figure cannot be read."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return int(status.partition("VmRSS:")[2].split()[0]) * 1.024e-3


if __name__ == "__main__":
    main()
