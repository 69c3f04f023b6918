from __future__ import annotations

import pytest

from cachewise.context.system import SYSTEM
from cachewise.simulator.prompt import Prompt, PromptBlock
from cachewise.simulator.records import Record
from support.prefixes import check_prefixes

A, B, OTHER = (f'<file 0000000{n} name="{name}.py">\n</file 0000000{n}>\n' for n, name in enumerate("abz"))
EDIT = '<edit 12345678 file="a.py" replaces="1-1">\nx\n</edit 12345678>\n'
TAIL = "Task: complete."
NAMED = "INFO cachewise.features.prompts: The prefix moved: file a.py: the cache was cold anyway."


def record(number: int, *texts: str, session: str | None = "folder", model: str = "m", system: str = SYSTEM) -> Record:
    blocks = tuple(
        PromptBlock(role="user" if place else "system", text=text, opens_message=place < 2)
        for place, text in enumerate((system, *texts, TAIL))
    )
    prompt = Prompt(wire="openrouter", model=model, blocks=blocks, stream=True, max_tokens=1, session_id=session)
    return Record(number=number, wire="openrouter", path="/", headers={}, raw_body=b"", received_at=0.0, prompt=prompt)


@pytest.mark.parametrize(
    ("records", "log", "holds"),
    [
        pytest.param([record(0, A), record(1, A, B), record(2, A, B, EDIT)], "", True, id="extended"),
        pytest.param([record(0, A, B), record(1, A)], "", True, id="arrived in another order"),
        pytest.param([record(0, A), record(1, B, A)], "", False, id="something came in before"),
        pytest.param([record(0, A, B), record(1, OTHER, B)], "", False, id="something changed"),
        pytest.param([record(0, A, B), record(1, OTHER, B)], NAMED, True, id="changed, and a reason is named"),
        pytest.param([record(0, A), record(1, B), record(2, A)], NAMED, False, id="two moves, one reason"),
        pytest.param([record(0, A), record(1, B, session="other")], "", True, id="another folder"),
        pytest.param([record(0, A), record(1, B, model="n")], "", True, id="another model"),
        pytest.param([record(0, A), record(1, B, system="ping")], "", True, id="no prompt of this kind"),
        pytest.param([record(0, A), record(1, B, session=None)], "", True, id="a wire that names no folder"),
    ],
)
def test_a_prefix_moves_for_a_named_reason_or_not_at_all(records: list[Record], log: str, holds: bool) -> None:
    if holds:
        check_prefixes(records, log)
    else:
        with pytest.raises(AssertionError, match="the prefix moved"):
            check_prefixes(records, log)
