"""Explanations in Markdown, put together from the outline of the code. Their first line says that they are simulated.

Not here: reading the code (`outline.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

from cachewise.simulator.outline import Definition, outline

LABEL = "> **Simulated answer.** No model was asked: this was put together from the outline of the code."
_MAX_DEFINITIONS = 12
_MAX_NAMES = 6
_MAX_EXPRESSION = 60


def explain_code(code: str, language: str, question: str) -> str:
    """A few paragraphs on a piece of code. The same code and question give the same text."""
    definitions = outline(code, language)
    parts = [LABEL]
    if question:
        parts.append(f"You asked: *{' '.join(question.split())[:300]}* The code has this to say about it:")
    parts.append(_overview(definitions, code))
    for definition in definitions[:_MAX_DEFINITIONS]:
        if definition.kind != "code":
            heading = f"### `{definition.name}{_signature(definition)}`"
            parts.append(f"{heading}\n\n{_sentences(definition)}")
        else:
            parts.append(_sentences(definition))
    if len(definitions) > _MAX_DEFINITIONS:
        parts.append(f"{len(definitions) - _MAX_DEFINITIONS} more definitions follow.")
    return "\n\n".join(part for part in parts if part) + "\n"


def hover_text(code: str, language: str) -> str:
    """The first definition in a sentence or two."""
    first = outline(code, language)[0]
    name = f"`{first.name}{_signature(first)}`: " if first.name else ""
    return f"*Simulated.* {name}{_sentences(first)}"


def document_code(code: str, language: str) -> str:
    """A documentation comment for the first definition: a docstring for Python, a block comment for anything else."""
    first = outline(code, language)[0]
    name = f" of {first.name}" if first.name else ""
    text = f"Simulated documentation{name}. {_sentences(first)}".replace("`", "")
    if language in ("python", ""):
        return f'''"""{text.replace(chr(34), "'").replace(chr(92), "/")}"""'''
    return f"/** {text.replace('*/', '* /')} */"


def _overview(definitions: Sequence[Definition], code: str) -> str:
    lines = len(code.strip("\n").split("\n"))
    functions = sum(d.kind == "function" for d in definitions)
    classes = sum(d.kind == "class" for d in definitions)
    counted = [
        f"{number} {word}{'s' if number > 1 and word == 'function' else 'es' if number > 1 else ''}"
        for number, word in ((functions, "function"), (classes, "class"))
        if number
    ]
    if not counted:
        return f"This is a piece of {lines} line{'s' if lines > 1 else ''} that defines nothing by itself."
    subject = f"These {lines} lines define" if lines > 1 else "This line defines"
    return f"{subject} {' and '.join(counted)}."


def _signature(definition: Definition) -> str:
    return "" if definition.kind == "class" else f"({', '.join(definition.parameters)})"


def _sentences(definition: Definition) -> str:
    said: list[str] = []
    if definition.summary:
        said.append(definition.summary.rstrip(".") + ".")
    if definition.kind == "class":
        if definition.parameters:
            said.append(f"It holds {_names(definition.parameters)}.")
        return " ".join(said) or "A class; its methods follow."
    if definition.parameters:
        said.append(f"It takes {_names(definition.parameters)}.")
    if definition.calls:
        said.append(f"It calls {_names(definition.calls)}.")
    if definition.raises:
        said.append(f"It raises {_names(definition.raises)} where that fails.")
    if definition.returns:
        said.append(f"It returns {_names(definition.returns)}.")
    return " ".join(said) or "It neither calls, raises nor returns anything."


def _names(names: Sequence[str]) -> str:
    shown = [f"`{_short(name)}`" for name in names[:_MAX_NAMES]]
    if len(names) > _MAX_NAMES:
        shown.append(f"{len(names) - _MAX_NAMES} more")
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def _short(text: str) -> str:
    text = text.replace("`", "'")
    return text if len(text) <= _MAX_EXPRESSION else text[: _MAX_EXPRESSION - 1] + "…"
