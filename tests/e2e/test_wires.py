"""The other providers through the server: Anthropic and OpenAI directly, and a server of the user's own."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from cachewise.simulator.script import Fault, Script
from support.server import KEY, desk, python_module

TEXT = python_module(120)
USER_FILE = """
[anthropic]
base_url = "{anthropic}"

[openai]
base_url = "{openai}"

[local.mine]
base_url = "{openai}"
model = "some/model"
"""


@dataclass(frozen=True)
class Case:
    model: str
    path: str
    cost: str
    """Where the cost of a request is from."""
    key_header: str | None


CASES = {
    "anthropic": Case("anthropic:claude-haiku-4-5", "/anthropic/v1/messages", "estimated", "x-api-key"),
    "openai": Case("openai:gpt-5.6-luna", "/v1/chat/completions", "estimated", "authorization"),
    "local": Case("local:mine", "/v1/chat/completions", "estimated", None),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
async def test_a_wire_streams_reads_its_cache_and_is_accounted_for(case: Case) -> None:
    keys = {"ANTHROPIC_API_KEY": KEY, "OPENAI_API_KEY": KEY, "OPENROUTER_API_KEY": None, "OPENROUTER_BASE_URL": None}
    async with desk(config=USER_FILE, env={**keys, "CACHEWISE_MODEL": case.model}) as d:
        uri = d.open("a.py", TEXT)
        first = await d.explain(uri, partialResultToken="p")
        second = await d.explain(uri, 9, 14)
        moment = await d.now()
        d.simulator.follow(Script(answer="first + second\n"))
        assert (await d.complete(uri, 6, 14))[0]["insertText"]
        third = await d.used(moment)
        await d.quiet()
        assert d.lsp.text_of("p") == first["text"] == d.records[0].text
        assert second["text"] == d.records[1].text
        for usage, record in zip((first["usage"], second["usage"], third), d.records, strict=True):
            charge = record.charge
            assert charge is not None
            assert record.path == case.path
            assert usage["model"] == case.model
            assert usage["inputTokens"] == charge.total
            assert usage["cacheReadTokens"] == charge.read
            assert usage["outputTokens"] == record.output_tokens
            if charge.reports_writes:
                assert usage["cacheWriteTokens"] == charge.written
            assert usage["costSource"] == case.cost
            if case.model.startswith("local:"):
                assert usage["costUsd"] == 0
            else:
                assert record.cost is not None
                assert abs(usage["costUsd"] - float(record.cost)) < 1e-9
        assert second["usage"]["cacheReadTokens"] >= 0.85 * second["usage"]["inputTokens"]
        assert third["cacheReadTokens"] >= 0.85 * third["inputTokens"]
        [sent] = {tuple(sorted(set(r.headers) & {"authorization", "x-api-key"})) for r in d.records}
        assert sent == (() if case.key_header is None else (case.key_header,))


async def test_a_cut_off_anthropic_stream_is_estimated_from_what_it_said() -> None:
    env = {"ANTHROPIC_API_KEY": KEY, "CACHEWISE_MODEL": CASES["anthropic"].model}
    async with desk(Script(faults=(Fault(kind="stall", after_tokens=30),)), config=USER_FILE, env=env) as d:
        uri = d.open("a.py", TEXT)
        request, _ = d.lsp.start_request("cachewise/explain", d.explain_params(uri, partialResultToken="p"))
        await d.until(lambda: bool(d.records) and d.records[0].output_tokens == 30)
        await d.lsp.wait_for("$/progress", lambda p: p["value"]["seq"] > 0)
        moment = await d.now()
        d.lsp.cancel(request)
        usage = await d.used(moment)
        charge = d.records[0].charge
        assert charge is not None
        assert usage["outcome"] == "cancelled"
        assert (usage["inputTokens"], usage["cacheWriteTokens"]) == (charge.total, charge.written)
        assert usage["costSource"] == "estimated"
        assert usage["costUsd"] > 0


async def test_a_local_server_that_is_not_in_the_user_file_is_no_model() -> None:
    async with desk(options={"model": "local:unknown"}) as d:
        status = await d.status(lambda s: s["health"] == "warning")
        assert "local server" in status["message"]
        assert status["model"].startswith("openrouter:")
