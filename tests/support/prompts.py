"""Reads prompts back: the frames in a text, and the current text of a document from the prompt alone."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from cachewise.context.differences import split_lines
from cachewise.model.plan import PromptPlan, Stability

_OPENING = re.compile(r'<(?P<kind>[a-z]+) (?P<id>[0-9a-f]{4,8})(?P<attributes>(?: \w+="[^"\n]*(?:\\"[^"\n]*)*")*)'
                      r"(?P<noeol> noeol)?>\n")  # fmt: skip
_ATTRIBUTE = re.compile(r'(\w+)="((?:[^"\\\n]|\\.)*)"')
_MARKER = re.compile(r"<\|cursor(?:-[0-9a-f]{4,8})?\|>")


@dataclass(frozen=True, slots=True)
class Frame:
    kind: str
    identity: str
    attributes: dict[str, str]
    data: str


def frames_of(text: str) -> tuple[list[Frame], str]:
    """The frames of a text, and what stands outside of them. Reads as a model is told to: up to the closing tag."""
    frames: list[Frame] = []
    outside: list[str] = []
    at = 0
    while (opening := _OPENING.search(text, at)) is not None:
        outside.append(text[at : opening.start()])
        closing = f"</{opening['kind']} {opening['id']}>\n"
        end = re.compile(f"^{re.escape(closing)}", re.MULTILINE).search(text, opening.end())
        assert end is not None, f"{opening.group()!r} is never closed"
        data = text[opening.end() : end.start()]
        if opening["noeol"]:
            assert data.endswith("\n")
            data = data[:-1]
        attributes = {key: json.loads(f'"{value}"') for key, value in _ATTRIBUTE.findall(opening["attributes"])}
        frames.append(Frame(opening["kind"], opening["id"], attributes, data))
        at = end.end()
    outside.append(text[at:])
    return frames, "".join(outside)


def rebuild(plan: PromptPlan, name: str) -> str | None:
    """The current text of a document, from nothing but the prompt; None where the prompt holds no copy of it.

    Of a document that only a part was frozen of, it is the current text of that part.
    """
    copies = [f for block in plan.prefix for f in frames_of(block.text)[0] if f.kind == "file"]
    copies = [f for f in copies if f.attributes["name"] == name]
    if not copies:
        return None
    assert len(copies) == 1, f"{name} stands twice in the prefix"
    told = split_lines(copies[0].data)
    first, last = _numbers(copies[0].attributes.get("lines") or f"1-{len(told)}")
    assert len(told) == last - first
    for block in plan.prefix:
        for edit in frames_of(block.text)[0]:
            if edit.kind == "edit" and edit.attributes["file"] == name:
                assert block.stability is Stability.JOURNAL
                start, end = _place(edit)
                assert first <= start <= end <= first + len(told), "an edit lies outside of what was told"
                told[start - first : end - first] = split_lines(edit.data)
    edits: list[tuple[int, int, int, str]] = []
    for block in plan.blocks:
        if block.stability is Stability.TAIL:
            edits += [_edit(f, block.text) for f in frames_of(block.text)[0] if _is_edit(f, name)]
    parts: list[str] = []
    at = first
    for start, end, _, text in sorted(edits):
        assert start >= at or start < first, "two changes replace the same line"
        parts += [*told[max(at - first, 0) : max(start - first, 0)], text]
        at = max(at, end)
    return "".join([*parts, *told[max(at - first, 0) :]])


def _is_edit(frame: Frame, name: str) -> bool:
    replaces = "replaces" in frame.attributes or "after" in frame.attributes
    return frame.kind in ("change", "cursor") and replaces and frame.attributes["file"] == name


def _edit(frame: Frame, text: str) -> tuple[int, int, int, str]:
    """Lines of the copy (from 0, half open), the place in the current text, and what stands there now."""
    start, end = _place(frame)
    attributes = frame.attributes
    now = _numbers(attributes.get("now") or attributes.get("replaces") or "0-0")[0]
    data = frame.data
    if frame.kind == "cursor":
        told = _MARKER.search(frames_of(text)[1])
        assert told is not None, "the task does not say what stands for the cursor"
        assert data.count(told.group()) == 1
        data = data.replace(told.group(), "")
    return start, end, now, data


def _place(frame: Frame) -> tuple[int, int]:
    if "after" in frame.attributes:
        return int(frame.attributes["after"]), int(frame.attributes["after"])
    return _numbers(frame.attributes["replaces"])


def _numbers(text: str) -> tuple[int, int]:
    first, _, last = text.partition("-")
    return int(first) - 1, int(last)
