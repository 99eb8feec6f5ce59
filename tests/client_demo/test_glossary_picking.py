"""Picking glossaries for a session: what is offered, what is sent, what the server answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.client_demo.keeper import ENTRIES, Keeper, Room, keeper
from tests.client_demo.scripted import Script
from tests.client_demo.visit import Visit
from tests.fakes import FakeBackend

if TYPE_CHECKING:
    from playwright.sync_api import WebSocket

pytestmark = pytest.mark.browser

Open = Callable[..., Visit]
KEY = "a-long-secret"


def starts(page: Visit) -> list[dict[str, Any]]:
    """The `session.start` messages that the page sends from now on."""
    found: list[dict[str, Any]] = []

    def sent(frame: str | bytes) -> None:
        if isinstance(frame, str) and "session.start" in frame:
            found.append(json.loads(frame))

    def opened(socket: WebSocket) -> None:
        socket.on("framesent", sent)

    page.page.on("websocket", opened)
    return found


def unfold(page: Visit) -> Visit:
    """Open the list of glossaries in the setup."""
    page.page.click("#glossaries-box summary")
    page.page.wait_for_selector("#glossaries input, #glossaries-said:not(:empty)")
    return page


def row(page: Visit, name: str) -> str:
    """What the list says of a glossary."""
    return page.page.locator(f"#glossaries label:has(input[value='{name}'])").inner_text()


def pick(page: Visit, *names: str) -> None:
    for name in names:
        page.page.check(f"#glossaries input[value='{name}']")


def test_the_list_says_what_suits_and_why_not(shelf: Keeper, visit: Open) -> None:
    shelf.make("names", *ENTRIES)
    shelf.make("back", source="en-GB", target="zh-Hans")
    shelf.make("french", source="fr", target="de")
    shelf.make("half", source="fr", target="en")
    page = unfold(visit(shelf.address).ready())
    assert "Chinese → English · 3 entries" in row(page, "names")
    assert "turned round" in row(page, "back")
    assert "French → German · 0 entries · not for Chinese → English" in row(page, "french")
    box = "#glossaries input[value='{}']"
    assert page.page.is_disabled(box.format("french"))
    assert page.page.is_disabled(box.format("half"))
    assert page.page.is_enabled(box.format("back"))
    page.page.check("[name=direction][value=auto-en]", force=True)
    assert page.page.is_enabled(box.format("half")), "whoever speaks, English is read"
    assert page.page.is_disabled(box.format("french"))


def test_picks_are_sent_in_their_order_and_remembered(
    shelf: Keeper, visit: Open, backend: FakeBackend
) -> None:
    shelf.make("a", *ENTRIES)
    shelf.make("b b", *ENTRIES[:1])
    shelf.make("c", source="en", target="fr")
    page = unfold(visit(shelf.address).ready())
    sent = starts(page)
    pick(page, "b b", "a")
    assert page.page.inner_text("#glossaries-count") == "2"
    page.page.reload()
    page.ready()
    page.page.wait_for_selector("#glossaries input[value='a']:checked")
    assert page.page.locator("#glossaries .badge:visible").all_inner_texts() == ["2", "1"]
    page.start().chunks(1)
    page.page.click("#start")
    page.state("idle")
    assert sent[-1]["glossaries"] == ["b b", "a"]
    assert backend.specs[-1].glossaries is not None
    assert page.page.is_hidden("#notice") or "glossary" not in page.page.inner_text("#notice")
    page.page.click("#setup-toggle")
    page.page.uncheck("#glossaries input[value='b b']")
    page.page.uncheck("#glossaries input[value='a']")
    page.start().state("live")
    assert "glossaries" not in sent[-1]


def test_a_pick_that_does_not_suit_waits_for_its_direction(shelf: Keeper, visit: Open) -> None:
    shelf.make("french", source="fr", target="en")
    page = unfold(visit(shelf.address).ready())
    sent = starts(page)
    page.page.check("[name=direction][value=auto-en]", force=True)
    pick(page, "french")
    page.page.check("[name=direction][value=zh-en]", force=True)
    assert not page.page.is_checked("#glossaries input[value='french']")
    assert page.page.is_hidden("#glossaries-count")
    page.start().state("live")
    assert "glossaries" not in sent[0]
    page.page.click("#start")
    page.state("idle")
    page.page.evaluate("document.body.classList.add('setup-open')")
    page.page.check("[name=direction][value=auto-en]", force=True)
    assert page.page.is_checked("#glossaries input[value='french']")


def test_glossaries_that_are_gone_are_told_together(shelf: Keeper, visit: Open) -> None:
    shelf.make("old")
    shelf.make("older")
    page = unfold(visit(shelf.address).ready())
    pick(page, "old", "older")
    shelf.ask("DELETE", "/old")
    shelf.ask("DELETE", "/older")
    page.start().state("live")
    page.page.wait_for_selector("#notice:has-text(\"'old'\"):has-text(\"'older'\")")
    page.page.click("#setup-toggle")
    page.page.wait_for_selector("#glossaries label:has-text('no longer on this server') >> nth=1")


def test_a_glossary_deleted_while_it_is_used_is_told(shelf: Keeper, visit: Open) -> None:
    shelf.make("names", *ENTRIES)
    page = unfold(visit(shelf.address).ready())
    pick(page, "names")
    page.start().chunks(1)
    shelf.ask("DELETE", "/names")
    page.page.wait_for_selector("#notice:has-text('names'):has-text('deleted')")
    page.state("live")


def test_a_glossary_that_cannot_be_used_is_told(scripted: str, script: Script, visit: Open) -> None:
    message = "the glossary 'names' cannot be read now; it is used as soon as it can be"
    fault = {"type": "error", "code": "glossary_unusable", "message": message, "fatal": False}
    script.says = [(100, fault)]
    page = visit(scripted).start()
    page.page.wait_for_selector("#notice:has-text(\"The glossary 'names' cannot be read now\")")
    page.state("live")


def test_a_server_without_glossaries_says_so_and_works(scripted: str, visit: Open) -> None:
    page = visit(scripted, allowed=["404"]).ready()
    sent = starts(page)
    page.page.evaluate(
        "localStorage.setItem('tongchuan.settings.v1', '{\"glossaries\": [\"names\", 7]}')"
    )
    page.page.reload()
    page.page.wait_for_selector("#glossaries-said:has-text('keeps no glossaries')")
    room = Room(page)
    assert "keeps no glossaries" in room.page.inner_text("#glossary-state")
    assert room.page.is_disabled("#glossary-create")
    assert room.page.is_disabled("#glossary-add")
    room.page.keyboard.press("Escape")
    page.start().state("live")
    assert "glossaries" not in sent[0]


def test_a_database_that_is_away_is_told_and_comes_back(shelf: Keeper, visit: Open) -> None:
    shelf.make("names", *ENTRIES)
    away = shelf.database.with_name("away.db")
    shelf.database.rename(away)
    page = unfold(visit(shelf.address, allowed=["503"]).ready())
    assert "cannot be had just now" in page.page.inner_text("#glossaries-said")
    assert page.page.is_enabled("#start")
    assert page.page.locator("#terms-box").is_visible()
    away.rename(shelf.database)
    page.page.click("#glossaries-again")
    page.page.wait_for_selector("#glossaries input[value='names']")
    assert page.page.is_hidden("#glossaries-said")


def test_the_key_goes_along(backend: FakeBackend, tmp_path: Path, visit: Open) -> None:
    with keeper(backend, tmp_path / "g.db", api_key=KEY) as kept:
        kept.http.headers["Authorization"] = f"Bearer {KEY}"
        kept.make("names", *ENTRIES)
        page = visit(kept.address, allowed=["401"]).ready()
        unfold(page)
        assert "need its key" in page.page.inner_text("#glossaries-said")
        page.page.fill("#key", KEY)
        page.page.press("#key", "Tab")
        page.page.wait_for_selector("#glossaries input[value='names']")
        room = Room(page)
        assert room.rows("1–3") == ["马奎尔", "同传", "GPU"]
        page.leave()
