"""A prompt plan as the messages of `pydantic_ai.direct`: what all providers' renderings have in common.

System blocks become instructions, user blocks become one user message with one part each, and marks become cache
points. The same blocks always give the same bytes. Not here: the settings of each provider.
"""

from __future__ import annotations

from dataclasses import dataclass

from pydantic_ai.messages import CachePoint, InstructionPart, ModelMessage, ModelRequest, UserContent, UserPromptPart
from pydantic_ai.models import ModelRequestParameters

from cachewise.model.events import ProviderRequest
from cachewise.model.names import Ttl


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A plan, ready for a pydantic-ai model."""

    messages: tuple[ModelMessage, ...]
    parameters: ModelRequestParameters
    system_mark: Ttl | None
    """The TTL of the last mark on a system block. It goes into the provider's own setting."""
    hour_marks: bool
    """Whether any mark asks for the one-hour TTL."""


def render(request: ProviderRequest) -> Rendered:
    """The request's plan. Marks are left out for models that don't take any.

    Blocks without visible text are left out, because Anthropic refuses them; a mark on one moves to the part before it.
    """
    plan = request.plan
    marks = plan.marks if request.traits.style in ("control", "breakpoint") else {}
    marked_system = max((i for i in marks if plan.blocks[i].role == "system"), default=-1)
    instructions: list[InstructionPart] = []
    content: list[UserContent] = []
    for index, block in enumerate(plan.blocks):
        visible = bool(block.text.strip())
        if block.role == "system":
            if visible:
                # The cache mark of instructions goes behind the last one that is not dynamic.
                behind = marked_system >= 0 and index > marked_system
                instructions.append(InstructionPart(content=encodable(block.text), dynamic=behind))
            continue
        if visible:
            content.append(encodable(block.text))
        if index in marks and content and isinstance(content[-1], str):
            content.append(CachePoint(ttl=marks[index]))
    return Rendered(
        messages=(ModelRequest(parts=[UserPromptPart(content=content)]),),
        parameters=ModelRequestParameters(instruction_parts=instructions),
        system_mark=marks.get(marked_system),
        hour_marks="1h" in marks.values(),
    )


def stop_sequences(request: ProviderRequest, *, blank: bool) -> list[str]:
    """At most four, as most providers take; without those of white space only, unless `blank` says they are taken."""
    return [text for text in request.stop if text and (blank or text.strip())][:4]


def encodable(text: str) -> str:
    """The text without lone surrogates, which an editor may send inside JSON and which no request can carry."""
    return text if text.isascii() else text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
