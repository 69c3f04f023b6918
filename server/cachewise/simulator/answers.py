"""The answer to a prompt: text that reads sensibly, made from what the prompt holds and nothing else.

The same prompt always gets the same answer. Not here: cutting it into tokens and sending it (`serve.py`).
"""

from __future__ import annotations

from cachewise.simulator.continuation import continue_text
from cachewise.simulator.explanation import document_code, explain_code, hover_text
from cachewise.simulator.prompt import Prompt
from cachewise.simulator.tails import Completion, Nothing, read_tail


def answer_to(prompt: Prompt) -> str:
    """A completion where the prompt asks for one, else words about the code that say they are simulated."""
    if prompt.middle is not None:
        return continue_text(*prompt.middle, prompt.context)
    wanted = read_tail(prompt)
    if isinstance(wanted, Nothing):
        return "ready"
    if isinstance(wanted, Completion):
        return continue_text(wanted.before, wanted.after, prompt.context)
    if wanted.task == "document":
        return document_code(wanted.code, wanted.language)
    if wanted.task == "hover":
        return hover_text(wanted.code, wanted.language)
    return explain_code(wanted.code, wanted.language, wanted.question)
