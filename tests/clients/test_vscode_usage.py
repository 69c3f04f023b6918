"""The usage view in the real VS Code: its sums are the simulator's bill, in charts and tables, and it exports them."""

from __future__ import annotations

import csv
import json
from decimal import Decimal

import pytest
from playwright.async_api import Frame

from clients.vscode_desk import Desk

pytestmark = [pytest.mark.vscode, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(240)]

INKED = """() => [...document.querySelectorAll('canvas')].map(canvas =>
  new Set(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data).size > 2)"""


async def opened(code: Desk) -> Frame:
    await code.window.command("cachewise: Show Usage")

    async def look() -> Frame | None:
        return await code.window.frame("canvas")

    frame = await code.window.until("the usage view", look)
    assert frame is not None
    return frame


async def test_shows_what_was_paid(code: Desk) -> None:
    await code.suggest()
    await code.paid()
    frame = await opened(code)
    await code.window.until("charts are drawn", lambda: frame.evaluate(INKED), lambda inked: inked == [True] * 3)
    await code.window.picture("usage")
    cards = await frame.inner_text("dl")
    assert code.bill in cards
    rows = await frame.eval_on_selector_all(
        "table", "tables => tables.map(table => table.innerText || table.textContent)"
    )
    assert len(rows) == 4
    assert "complete" in rows[1]
    assert not await frame.query_selector_all("table:not([aria-label])")
    for heading in await frame.query_selector_all("thead th"):
        assert await heading.get_attribute("scope") == "col"


@pytest.mark.parametrize("kind", ["csv", "json"])
async def test_export(code: Desk, kind: str) -> None:
    await code.suggest()
    await code.paid()
    frame = await opened(code)
    await frame.click(f"button[data-wish={kind}]")
    target = code.window.editor.workspace / f"cachewise-usage.{kind}"
    await code.window.page.wait_for_selector(".quick-input-widget input")
    await code.window.press("Enter")

    async def there() -> bool:
        return target.exists() and target.stat().st_size > 0

    await code.window.until("the file is written", there)
    bill = Decimal(code.simulator.account()["cost"])
    if kind == "json":
        paid = Decimal(str(json.loads(target.read_text())["session"]["costUsd"]))
    else:
        with target.open(newline="") as file:
            paid = sum((Decimal(row["costUsd"]) for row in csv.DictReader(file) if row["by"] == "feature"), Decimal(0))
    assert abs(paid - bill) < Decimal("0.000001")
