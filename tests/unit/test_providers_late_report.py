from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from cachewise.model.events import UsageReport
from cachewise.model.names import ProviderName
from cachewise.model.usage import Tokens
from support.providers import CANARY, build, endpoint
from support.upstream import RESET, Script, Upstream, response

RECORD = {
    "id": "gen-1",
    "total_cost": 0.0042,
    "native_tokens_prompt": 12000,
    "native_tokens_cached": 10000,
    "native_tokens_completion": 7,
    "provider_name": "Anthropic",
    "cancelled": True,
}
FOUND: Script = [response(200, json.dumps({"data": RECORD}).encode())]
NOT_YET: Script = [response(404, b'{"error":{"code":404}}')]
REPORT = UsageReport(
    tokens=Tokens(input=12000, cache_read=10000, output=7), billed=Decimal("0.0042"), upstream="Anthropic"
)


def body(value: Any) -> Script:
    return [response(200, json.dumps(value).encode())]


@pytest.mark.parametrize(
    ("scripts", "report", "asked"),
    [
        pytest.param([FOUND], REPORT, 1, id="at once"),
        pytest.param([NOT_YET, NOT_YET, FOUND], REPORT, 3, id="after a while"),
        pytest.param([[RESET], [response(502)], FOUND], REPORT, 3, id="after breakdowns"),
        pytest.param([[response(200, b"{not json")], body([]), FOUND], REPORT, 3, id="after garbage"),
        pytest.param([NOT_YET], None, 3, id="never"),
        pytest.param([[response(401)], FOUND], None, 1, id="refused for good"),
        pytest.param([[response(302, headers={"location": "/x"})]], None, 3, id="redirected"),
        pytest.param([body({"data": {}})], UsageReport(tokens=Tokens()), 1, id="empty"),
    ],
)
async def test_late_report(scripts: list[Script], report: UsageReport | None, asked: int) -> None:
    async with Upstream(*scripts) as upstream:
        provider = build(endpoint("openrouter", upstream.url))
        assert await provider.late_report("gen 1&x=2") == report
        await provider.aclose()
        assert len(upstream.requests) == asked
        sent = upstream.requests[0]
        assert sent.method == "GET"
        assert sent.path in ("/api/v1/generation?id=gen+1%26x%3D2", "/api/v1/generation?id=gen%201%26x%3D2")
        assert sent.headers["authorization"] == f"Bearer {CANARY}"


@pytest.mark.parametrize("provider", ["anthropic", "openai", "local"])
async def test_nobody_else_has_late_reports(provider: ProviderName) -> None:
    async with Upstream(FOUND) as upstream:
        built = build(endpoint(provider, upstream.url))
        assert await built.late_report("gen-1") is None
        await built.aclose()
        assert upstream.connections == 0


async def test_a_key_of_another_host_is_not_sent_for_a_bill_either() -> None:
    async with Upstream(FOUND) as upstream:
        built = build(endpoint("openrouter", upstream.url, bound_to="https://elsewhere.example"))
        assert await built.late_report("gen-1") is None
        await built.aclose()
        assert upstream.connections == 0
