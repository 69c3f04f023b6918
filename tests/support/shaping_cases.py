"""Reads the golden cases of shaping; their format is told in tests/golden/shaping/README.md."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cachewise.shaping.stop import Multiline

FOLDER = Path(__file__).parents[1] / "golden" / "shaping"
CURSOR = "<^>"
EOLS = {"lf": "\n", "crlf": "\r\n", "cr": "\r"}
MODES: dict[str, Multiline] = {"auto": "auto", "never": "never", "always": "always"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    name: str
    language: str
    multiline: Multiline
    eol: str
    before: str
    after: str
    model: str
    accepted: str


def _text(lines: list[str], eol: str) -> str:
    return eol.join(lines).replace("␣", " ").replace("⇥", "\t")


def _case(language: str, name: str, lines: list[str]) -> Case:
    settings: dict[str, str] = {}
    texts: dict[str, list[str]] = {}
    current: list[str] | None = None
    for line in lines:
        if line.startswith("@@ "):
            current = texts.setdefault(line[3:], [])
        elif current is not None:
            current.append(line)
        elif line:
            key, _, value = line.partition(": ")
            settings[key] = value
    if set(texts) != {"document", "model", "accepted"} or set(settings) - {"multiline", "eol", "model-eol"}:
        raise ValueError(f"{language}.txt: the case {name!r} is not in the format")
    eol = EOLS[settings.get("eol", "lf")]
    before, cursor, after = _text(texts["document"], eol).partition(CURSOR)
    if not cursor:
        raise ValueError(f"{language}.txt: the case {name!r} has no cursor")
    return Case(
        name=f"{language}: {name}",
        language=language,
        multiline=MODES[settings.get("multiline", "auto")],
        eol=eol,
        before=before,
        after=after,
        model=_text(texts["model"], EOLS[settings.get("model-eol", "lf")]),
        accepted=_text(texts["accepted"], eol),
    )


def all_cases() -> list[Case]:
    cases: list[Case] = []
    for path in sorted(FOLDER.glob("*.txt")):
        for part in ("\n" + path.read_text(encoding="utf-8").removesuffix("\n")).split("\n@@@ ")[1:]:
            name, *lines = part.split("\n")
            cases.append(_case(path.stem, name, lines))
    return cases
