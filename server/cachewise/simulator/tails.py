"""Taking the last block of a prompt apart: what is wanted, and of which code?

Data in a prompt stands in frames, `<kind ID name="value">` to `</kind ID>`, each tag on a line of its own; what stands
outside of them is the instruction, with `Task: NAME (LANGUAGE)` in it. Prompts of another shape are read as well as
can be: one with a cursor in it wants a completion, any other an explanation.
Not here: making the answer (`continuation.py`, `explanation.py`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cachewise.simulator.prompt import Prompt

_TAG = re.compile(
    r"^<(?P<tag>(?P<kind>[a-z][\w-]{0,40})(?: [0-9a-f]{4,8})?)"
    r'(?P<rest>(?: [\w-]+(?:="(?:[^"\\<>\n]|\\.)*")?)*)>\n',
    re.M,
)
_ATTRIBUTE = re.compile(r'([\w-]{1,40})=("(?:[^"\\\n]|\\.)*")')
_TASK = re.compile(r"^Task: (?P<name>\w+)(?: \((?P<language>[^()\n]{1,40})\))?", re.M)
_MARKER = re.compile(r"<\|cursor(?:-[0-9a-f]{4,8})?\|>")
_WANTS_WORDS = re.compile(r"^\W{0,8}(explain|answer|question)\b", re.I | re.M)
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.M | re.S)
_IN_COPY = re.compile(r"\b(selection|definition)\b[^\n]{0,40} in lines (\d+)-(\d+) of the copy above")
_KINDS = ("selection", "enclosing", "cursor", "code", "window", "file")
"""Frames that may hold what an explanation is about, the likeliest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Some data of the prompt."""

    kind: str
    data: str
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """A completion is wanted between `before` and `after`, which are the window around the cursor."""

    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Words about `code` are wanted."""

    task: str
    """`explain`, `ask`, `document` or `hover`."""
    code: str
    language: str
    """As the prompt gives it; empty where it does not."""
    question: str
    """Empty where none was asked."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """The request only warms the provider's cache."""


def read_tail(prompt: Prompt) -> Completion | Explanation | Nothing:
    """What the last block of a prompt asks for."""
    tail = prompt.tail.replace("\r\n", "\n")
    frames, outside = take_apart(tail)
    task = _TASK.search(outside)
    if task is not None and task["name"] == "none":
        return Nothing()
    if task is not None and task["name"] == "complete":
        return _completion(tail, frames, outside)
    if task is None and _MARKER.search(tail) and not _WANTS_WORDS.search(outside):
        return _completion(tail, frames, outside)
    question = next((frame.data.strip() for frame in frames if frame.kind == "question"), "")
    code, language = _code(frames, outside, tail, prompt.context)
    return Explanation(
        task=task["name"] if task else "explain",
        code=_MARKER.sub("", code),
        language=task["language"] or "" if task else language,
        question=question or _question_in(outside),
    )


def take_apart(text: str) -> tuple[list[Frame], str]:
    """The outermost frames of a text in order, and the text without them."""
    found: list[Frame] = []
    outside: list[str] = []
    at = looked = 0
    while (tag := _TAG.search(text, looked)) is not None:
        close = f"</{tag['tag']}>"
        end = text.find(f"\n{close}", tag.end() - 1) + 1
        if end <= 0:
            looked = tag.end()
            continue
        data = text[tag.end() : end]
        if tag["rest"].endswith(" noeol"):
            data = data[:-1]
        attributes = {name: str(json.loads(value)) for name, value in _ATTRIBUTE.findall(tag["rest"])}
        found.append(Frame(kind=tag["kind"], data=data, attributes=attributes))
        outside.append(text[at : tag.start()])
        at = looked = end + len(close)
    return found, "".join((*outside, text[at:]))


def _completion(tail: str, frames: Sequence[Frame], outside: str) -> Completion:
    named = _MARKER.search(outside) or _MARKER.search(tail)
    marker = named[0] if named else ""
    window = next((frame.data for frame in frames if marker and marker in frame.data), tail)
    before, _, after = window.partition(marker) if marker else (window, "", "")
    return Completion(before=before, after=after)


def _code(frames: Sequence[Frame], outside: str, tail: str, context: Sequence[str]) -> tuple[str, str]:
    """The code that words are wanted about, and its language if the prompt tells it here."""
    for kind in _KINDS:
        parts = [frame for frame in frames if frame.kind == kind and frame.data.strip()]
        for what, first, last in _IN_COPY.findall(outside):
            if what == {"selection": "selection", "enclosing": "definition"}.get(kind):
                name = next((f.attributes["file"] for f in frames if "file" in f.attributes), "")
                copy = _lines_of_copy(context, name, int(first), int(last))
                if copy:
                    return copy, ""
        if parts:
            return "".join(frame.data for frame in parts), parts[0].attributes.get("language", "")
    fence = _FENCE.search(tail)
    if fence is not None:
        return fence[2], fence[1]
    longest = max((f for f in frames if f.data.strip()), key=lambda frame: len(frame.data), default=None)
    if longest is not None:
        return longest.data, longest.attributes.get("language", "")
    files = [frame for text in context for frame in take_apart(text)[0] if frame.kind == "file"]
    return (files[-1].data if files else context[-1] if context else tail), ""


def _lines_of_copy(context: Sequence[str], name: str, first: int, last: int) -> str:
    """Lines `first` to `last` of a file in the context; the latest copy that holds them, or empty."""
    for text in reversed(context):
        for frame in reversed(take_apart(text)[0]):
            lines = frame.data.splitlines(keepends=True)
            start, _, end = frame.attributes.get("lines", f"1-{len(lines)}").partition("-")
            named = frame.kind == "file" and frame.attributes.get("name") == name
            if named and start.isdigit() and end.isdigit() and int(start) <= first <= last <= int(end):
                return "".join(lines[first - int(start) : last - int(start) + 1])
    return ""


def _question_in(outside: str) -> str:
    """A line that asks something, in a prompt that has no frame for questions."""
    found = re.search(r"^\W{0,4}question:[ \t]*(\S[^\n]{0,500})$", outside, re.I | re.M)
    return found[1].strip() if found else ""
