"""The end of a prompt, different for each request: what changed since the files were frozen, and the task.

Everything that comes from a document, an editor or a person stands in a frame, also file names. Not here: the rules
that hold for every request (`system.py`) and the search for what changed (`differences.py`, `changes.py`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from cachewise.context.changes import Tracked
from cachewise.context.differences import Region
from cachewise.context.frames import frame, unused_id, visible
from cachewise.context.window import Window, line_at, window_around

CURSOR = "<|cursor|>"
_SELECTION_LIMIT = 6_000
_SELECTION_SHOWN_WHOLE = 1_500
_SELECTION_EDGE = 400
_ENCLOSING_LIMIT = 2_000
_DIAGNOSTICS_LIMIT = 2_000
_PROBLEMS_LIMIT = 600
_QUESTION_LIMIT = 8_000
_LANGUAGE = re.compile(r"[\w+#.-]{1,40}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletionTail:
    """Ask for the text to insert at the cursor."""

    before: int = 700
    """Characters before the cursor that the window may hold; it begins at a line start."""
    after: int = 300
    single_line: bool = False
    problems: tuple[str, ...] = ()
    """What the editor says is wrong near the cursor."""


@dataclass(frozen=True, slots=True)
class InfillTail:
    """The same, of a model that is shown the text around the cursor and no words (`infill.py`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TailSpec:
    """Ask for words about the selection, or about the place of the cursor where nothing is selected.

    `warm` asks for nothing: such a request is sent to have the prefix written to the provider's cache.
    """

    kind: Literal["explain", "ask", "document", "hover", "warm"] = "explain"
    question: str | None = None
    diagnostics: tuple[str, ...] = ()
    """Messages of the editor's diagnostics that the request is about."""
    enclosing: tuple[int, int] | None = None
    """Offsets of the definition around the selection. With nothing selected, it is what is explained."""


AnyTail = CompletionTail | InfillTail | TailSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """The document that a tail is about, as it is now, and its frozen copy in the prefix if there is one."""

    name: str
    language: str
    text: str
    start: int
    end: int
    tracked: Tracked | None
    span: tuple[int, int]
    """The told lines that the prefix holds (from 0, half open)."""
    edited: bool = False
    """Whether the journal tells edits of the copy."""
    line: int | None = None
    """The line of `end`, where it is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A rendered tail."""

    text: str
    regions: tuple[Region, ...]
    """The changed lines of the document that it does not show itself."""
    window: tuple[int, int] | None = None
    """The lines around the cursor, which are likely to change again (from 0, half open)."""
    cursor: int | None = None
    """Where in the text the cursor stands; None where that does not matter."""


def tail_of(spec: CompletionTail | TailSpec, view: View) -> Rendered:
    """Render the tail of a request in words."""
    if isinstance(spec, CompletionTail):
        return _completion(spec, view)
    if spec.kind == "warm":
        regions = view.tracked.regions if view.tracked else ()
        return Rendered(text="Task: none. Answer with the single word ready.\n", regions=regions)
    return _explanation(spec, view)


def changes_text(name: str, tracked: Tracked, span: tuple[int, int], regions: Sequence[Region]) -> str:
    """Frames with the current text of the changed lines that belong to the part of the copy in the prefix."""
    frames = []
    for region in regions:
        if region.old_end < span[0] or region.old_start > span[1]:
            continue
        place = {"file": name, **_replaced(region.old_start, region.old_end)}
        if region.new_start == region.new_end:
            frames.append(frame("change", "", {**place, "deleted": "yes"}))
        else:
            place |= _now(place, region.new_start, region.new_end)
            frames.append(frame("change", "".join(tracked.lines[region.new_start : region.new_end]), place))
    return "".join(frames)


def _completion(spec: CompletionTail, view: View) -> Rendered:
    window = window_around(view.text, view.end, spec.before, spec.after, view.line)
    shown, marker, regions = _cursor_frame(view, window)
    lines = (window.first_line, window.last_line)
    one_line = " One line at most, without a line end." if spec.single_line else ""
    problems = "\n".join(visible(problem) for problem in spec.problems)[:_PROBLEMS_LIMIT]
    told = "The editor reports these problems there:\n" + frame("diagnostics", problems, {}) if problems else ""
    text = (  # short, since a tail is paid in full each time; the system text says more
        f"Task: complete{_in_language(view.language)} at {marker}. Return only the text to insert: no code fence, no "
        f"prose, no repetition.{one_line}\n{told}{shown}"
    )
    return Rendered(text=text, regions=regions, window=lines)


def _cursor_frame(view: View, window: Window) -> tuple[str, str, tuple[Region, ...]]:
    """The frame with the window, the marker that stands for the cursor in it, and the changed lines left over."""
    before, after = view.text[window.start : view.end], view.text[view.end : window.end]
    marker = CURSOR
    if "<|cursor" in before + after:
        marker = f"<|cursor-{unused_id('cursor', before + after)}|>"
    place = {"file": view.name}
    regions = view.tracked.regions if view.tracked else ()
    if view.tracked is not None and window.whole_lines:
        (old_start, old_end), regions = view.tracked.around(window.first_line, window.last_line)
        place |= _replaced(old_start, old_end)
    place |= _now(place, window.first_line, window.last_line)
    return frame("cursor", f"{before}{marker}{after}", place), marker, regions


def _explanation(spec: TailSpec, view: View) -> Rendered:
    regions = view.tracked.regions if view.tracked else ()
    lines: tuple[int, int] | None = None
    start, end = (view.start, view.end) if view.start < view.end or not spec.enclosing else spec.enclosing
    parts = []
    if start < end:
        parts.append(f"Task: {spec.kind}{_in_language(view.language)}. It is about the selection below.\n")
        parts.append(_selection(view, start, end))
    else:
        window = window_around(view.text, view.end, 500, 500, view.line)
        shown, marker, regions = _cursor_frame(view, window)
        lines = (window.first_line, window.last_line)
        parts.append(f"Task: {spec.kind}{_in_language(view.language)}. It is about the code at {marker} below.\n")
        parts.append(shown)
    if spec.enclosing is not None and spec.enclosing != (start, end):
        parts.append(_enclosing(view, *spec.enclosing))
    if spec.diagnostics:
        messages = "\n".join(visible(message) for message in spec.diagnostics)[:_DIAGNOSTICS_LIMIT]
        parts.append("The editor reports these problems there:\n" + frame("diagnostics", messages, {}))
    if spec.question:
        question = visible(spec.question[:_QUESTION_LIMIT])
        parts.append("Answer the question that the user wrote:\n" + frame("question", question, {}))
    parts.append(
        "Return only the documentation text.\n"
        if spec.kind == "document"
        else "Answer in concise Markdown, without images and HTML.\n"
    )
    return Rendered(text="".join(parts), regions=regions, window=lines)


def _selection(view: View, start: int, end: int) -> str:
    first, last = line_at(view.text, start), line_at(view.text, max(start, end - 1)) + 1
    text = view.text[start:end]
    place = {"file": view.name, "now": _numbers(first, last)}
    if len(text) <= _SELECTION_SHOWN_WHOLE:
        return frame("selection", text, place)
    copy = _place_in_copy(view, first, last)
    if copy is not None:
        head, foot = _edges(text, _SELECTION_EDGE, _SELECTION_EDGE)
        between = f"(The rest of the selection stands unchanged in lines {_numbers(*copy)} of {_told(view)} above.)\n"
    elif len(text) > _SELECTION_LIMIT:
        head, foot = _edges(text, _SELECTION_LIMIT * 2 // 3, _SELECTION_LIMIT // 3)
        between = f"(Here {len(text) - len(head) - len(foot):,} characters of the selection are left out.)\n"
    else:
        return frame("selection", text, place)
    return frame("selection", head, {**place, "part": "start"}) + between + frame("selection", foot, {"part": "end"})


def _enclosing(view: View, start: int, end: int) -> str:
    first, last = line_at(view.text, start), line_at(view.text, max(start, end - 1)) + 1
    copy = _place_in_copy(view, first, last)
    if copy is not None:
        return f"It stands in the definition in lines {_numbers(*copy)} of {_told(view)} above.\n"
    text = view.text[start:end]
    if len(text) <= _ENCLOSING_LIMIT:
        return frame("enclosing", text, {"file": view.name, "now": _numbers(first, last)})
    if view.tracked is not None:
        return f"It stands in the definition in lines {_numbers(first, last)} of the file as it is now.\n"
    head, foot = _edges(text, _ENCLOSING_LIMIT // 2, _ENCLOSING_LIMIT // 2)
    left_out = f"(Here {len(text) - len(head) - len(foot):,} characters of the definition are left out.)\n"
    place = {"file": view.name, "now": _numbers(first, last)}
    return frame("enclosing", head, {**place, "part": "start"}) + left_out + frame("enclosing", foot, {"part": "end"})


def _told(view: View) -> str:
    return "the copy, as edited," if view.edited else "the copy"


def _place_in_copy(view: View, first: int, last: int) -> tuple[int, int] | None:
    copy = view.tracked.old_range(first, last) if view.tracked else None
    return copy if copy is not None and view.span[0] <= copy[0] and copy[1] <= view.span[1] else None


def _edges(text: str, head: int, foot: int) -> tuple[str, str]:
    """The start and the end of a text, cut at line ends where one is near, never overlapping."""
    cut = text.rfind("\n", head // 2, head) + 1 or head
    back = len(text) - foot
    line = text.find("\n", back, len(text) - foot // 2) + 1
    return text[:cut], text[max(cut, line or back) :]


def _replaced(start: int, end: int) -> dict[str, str]:
    return {"replaces": _numbers(start, end)} if start < end else {"after": str(start)}


def _now(place: Mapping[str, str], start: int, end: int) -> dict[str, str]:
    """Where the text stands now, left out where it is the same as where it stood."""
    now = _numbers(start, end)
    return {} if place.get("replaces") == now else {"now": now}


def _numbers(start: int, end: int) -> str:
    """Lines `start` to `end` (from 0, half open) as people count them: `3-7`."""
    return f"{start + 1}-{end}"


def _in_language(language: str) -> str:
    return f" ({language})" if _LANGUAGE.fullmatch(language) else ""
