"""The page in a real browser: it fits a phone, and asks for nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.evaluation.test_html import HOSTILE, page

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", [360, 900, 1440])
def test_the_page_fits_and_is_alone(browser: Browser, tmp_path: Path, width: int) -> None:
    path = tmp_path / "report.html"
    path.write_text(page(" ".join(HOSTILE[:5]) + "x" * 200), encoding="utf-8")
    context = browser.new_context(viewport={"width": width, "height": 800})
    tab = context.new_page()
    told: list[str] = []
    tab.on("console", lambda message: told.append(message.text))
    tab.on("pageerror", lambda error: told.append(str(error)))
    tab.on("request", lambda request: told.append(request.url))
    tab.goto(path.as_uri())
    assert told == [path.as_uri()]
    assert tab.evaluate("document.documentElement.scrollWidth") == width
    assert tab.evaluate("document.scripts.length") == 0
    context.close()
