"""The dialog about glossaries: create, fill, search, page, change, delete; others at work too."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.client_demo.keeper import ENTRIES, REFUSALS, Keeper, Room
from tests.client_demo.visit import Visit

pytestmark = pytest.mark.browser

Open = Callable[..., Visit]

HOSTILE = {
    "source": "<img src=x onerror=\"globalThis.broken='source'\">",
    "target": "</span><script>globalThis.broken='target'</script>",
    "note": "<iframe srcdoc='<script>parent.broken=1</script>'></iframe>",
    "domain": "\"><svg onload=globalThis.broken='domain'>",
    "spoken": ["javascript:alert(1)", "&lt;b&gt;"],
}


@pytest.fixture
def room(shelf: Keeper, visit: Open) -> Callable[[], Room]:
    """The open dialog, whatever the server keeps by then."""
    return lambda: Room(visit(shelf.address, allowed=REFUSALS).ready())


def test_a_glossary_is_created_filled_and_deleted(shelf: Keeper, room: Callable[[], Room]) -> None:
    desk = room()
    desk.page.wait_for_selector("#glossary-state:has-text('none yet')")
    desk.page.click("#glossary-create")
    assert desk.page.input_value("#glossary-new [name=source_language]") == "zh"
    desk.page.fill("#glossary-new [name=name]", "a/b")
    assert "may not have '/'" in desk.refused("new")
    desk.page.fill("#glossary-new [name=name]", "names")
    desk.page.click("#glossary-new [type=submit]")
    desk.said("“names” was created")
    desk.page.click("#glossary-add")
    desk.write(source="马奎尔", target="Maguire", note="the footballer", domain="sports")
    desk.write(spoken="马亏尔\n\n 麦奎尔 \n").save()
    assert desk.rows("1–1 of 1 entry") == ["马奎尔"]
    assert shelf.entries("names") == ENTRIES[:1]
    listed = "#glossary-choice option:has-text('names · Chinese → English · 1 entry')"
    desk.page.wait_for_selector(listed, state="attached")
    desk.page.click("#glossary-delete")
    desk.page.click("#glossary-confirm .cancel")
    assert shelf.names() == ["names"]
    desk.page.click("#glossary-delete")
    desk.page.keyboard.press("Escape")
    assert shelf.names() == ["names"]
    desk.page.click("#glossary-delete")
    desk.page.click("#glossary-confirm .yes")
    desk.said("“names” was deleted")
    assert shelf.names() == []
    desk.page.wait_for_selector("#glossary-add:disabled")


def test_a_name_that_is_taken_is_told(shelf: Keeper, room: Callable[[], Room]) -> None:
    shelf.make("names")
    desk = room()
    desk.page.click("#glossary-create")
    desk.page.fill("#glossary-new [name=name]", "names")
    assert "there already" in desk.refused("new")
    desk.page.fill("#glossary-new [name=target_language]", "english please")
    assert "no language tag" in desk.refused("new")
    field = desk.page.locator("#glossary-new [name=target_language]")
    assert field.get_attribute("aria-invalid") == "true"


def test_entries_are_changed_and_deleted(shelf: Keeper, room: Callable[[], Room]) -> None:
    shelf.make("names", *ENTRIES)
    desk = room()
    desk.rows("1–3")
    desk.act("edit", "马奎尔")
    assert desk.page.input_value("#glossary-entry [name=spoken]") == "马亏尔\n麦奎尔"
    desk.write(target="McGuire", spoken="").save()
    desk.said("Changed: 马奎尔 → McGuire")
    desk.page.wait_for_selector("#glossary-list .entry:has-text('McGuire')")
    kept = shelf.entries("names")[0]
    assert kept == {**ENTRIES[0], "target": "McGuire", "spoken": []}
    focused = "document.activeElement.closest('.entry')?.textContent"
    desk.page.wait_for_function(f"{focused}?.includes('McGuire')")
    desk.act("remove", "同传")
    desk.page.click("#glossary-confirm .yes")
    assert desk.rows("1–2") == ["马奎尔", "GPU"]
    assert shelf.sources("names") == ["马奎尔", "GPU"]


def test_what_an_entry_cannot_be_is_told_by_its_field(
    shelf: Keeper, room: Callable[[], Room]
) -> None:
    shelf.make("names", *ENTRIES)
    desk = room()
    desk.rows("1–3")
    desk.page.click("#glossary-add")
    desk.write(source="新")
    assert desk.refused() == "Target is empty."
    focused = desk.page.evaluate("document.activeElement.name")
    assert focused == "target"
    assert desk.page.input_value("#glossary-entry [name=source]") == "新"
    desk.write(source="同传", target="something else")
    assert "contradicts '同传'" in desk.refused().lower()
    desk.write(target="simultaneous interpretation")
    assert "says that already" in desk.refused()
    desk.write(source="长" * 501)
    assert "501" in desk.refused()
    desk.page.click("#glossary-entry .cancel")
    assert shelf.sources("names") == ["马奎尔", "同传", "GPU"]


def test_many_entries_come_in_pages_and_are_searched(
    shelf: Keeper, room: Callable[[], Room]
) -> None:
    shelf.make("many", *({"source": f"词{n}", "target": f"Term {n:03}"} for n in range(1, 121)))
    desk = room()
    assert desk.rows("1–50 of 120 entries")[-1] == "词50"
    assert desk.page.is_disabled("#glossary-previous")
    desk.page.click("#glossary-next")
    desk.rows("51–100")
    desk.page.click("#glossary-next")
    assert desk.rows("101–120")[0] == "词101"
    assert desk.page.is_disabled("#glossary-next")
    desk.page.click("#glossary-previous")
    assert desk.rows("51–100")[0] == "词51"
    desk.search("term 10")
    assert desk.rows("1–10 of 10 found")[0] == "词100"
    desk.search("词7")
    assert len(desk.rows("1–11 of 11 found")) == 11
    desk.search("nobody")
    assert desk.rows("Nothing has these words") == []
    desk.search("")
    desk.rows("1–50 of 120 entries")


def test_the_last_entry_of_a_page_takes_its_page_along(
    shelf: Keeper, room: Callable[[], Room]
) -> None:
    shelf.make("many", *({"source": f"词{n}", "target": "t"} for n in range(1, 52)))
    desk = room()
    desk.rows("1–50 of 51")
    desk.page.click("#glossary-next")
    desk.rows("51–51")
    desk.act("remove", "词51")
    desk.page.click("#glossary-confirm .yes")
    assert len(desk.rows("1–50 of 50 entries")) == 50


def test_a_slow_answer_does_not_take_the_place_of_a_later_one(
    shelf: Keeper, room: Callable[[], Room]
) -> None:
    shelf.make("names", *ENTRIES)
    desk = room()
    desk.rows("1–3")
    held = []
    desk.page.route("**/entries?q=Mag*", lambda route: held.append(route))
    desk.search("Mag")
    desk.page.wait_for_selector("#glossary-list[aria-busy=true]")
    desk.search("GPU")
    assert desk.rows("1–1 of 1 found") == ["GPU"]
    held[0].continue_()
    desk.page.wait_for_function(
        "() => performance.getEntriesByType('resource').some(({ name, responseEnd }) =>"
        " name.includes('q=Mag') && responseEnd)"
    )
    assert desk.rows("1–1 of 1 found") == ["GPU"]


def test_somebody_else_changed_another_entry(shelf: Keeper, room: Callable[[], Room]) -> None:
    shelf.make("names", *ENTRIES)
    desk = room()
    desk.rows("1–3")
    desk.act("edit", "GPU")
    shelf.ask("POST", "/names/entries", json={"entries": [{"source": "新", "target": "new"}]})
    desk.write(target="a graphics card")
    assert "changed other entries" in desk.refused()
    assert desk.rows("1–4")[-1] == "新", "what they did is read"
    assert desk.page.input_value("#glossary-entry [name=target]") == "a graphics card"
    desk.save()
    assert shelf.entries("names")[2]["target"] == "a graphics card"
    assert shelf.sources("names")[-1] == "新"


def test_somebody_else_changed_or_deleted_the_same_entry(
    shelf: Keeper, room: Callable[[], Room]
) -> None:
    shelf.make("names", *ENTRIES)
    desk = room()
    desk.rows("1–3")
    desk.act("edit", "GPU")
    number = desk.page.get_attribute("#glossary-list [data-id] >> nth=-1", "data-id")
    path = f"/names/entries/{number}"
    theirs = {"source": "GPU", "target": "theirs"}
    shelf.ask("PUT", path, json=theirs, headers={"If-Match": "*"})
    desk.write(target="mine")
    assert "“GPU → theirs”" in desk.refused()
    shelf.ask("DELETE", path)
    assert "deleted this entry" in desk.refused()
    assert shelf.sources("names") == ["马奎尔", "同传"]
    desk.save()
    assert shelf.entries("names")[-1]["target"] == "mine"


def test_deleting_never_undoes_what_was_not_seen(shelf: Keeper, room: Callable[[], Room]) -> None:
    shelf.make("names", *ENTRIES)
    desk = room()
    desk.rows("1–3")
    more = {"entries": [{"source": "新", "target": "new"}]}
    shelf.ask("POST", "/names/entries", json=more)
    desk.act("remove", "GPU")
    desk.page.click("#glossary-confirm .yes")
    desk.said("Somebody else changed this glossary")
    assert desk.rows("1–4")[-1] == "新"
    shelf.ask("POST", "/names/entries", json={"entries": [{"source": "又", "target": "again"}]})
    desk.page.click("#glossary-delete")
    desk.page.click("#glossary-confirm .yes")
    desk.rows("1–5")
    assert shelf.names() == ["names"]
    desk.page.click("#glossary-delete")
    desk.page.click("#glossary-confirm .yes")
    desk.said("“names” was deleted")


def test_a_glossary_that_somebody_deleted_is_told(shelf: Keeper, room: Callable[[], Room]) -> None:
    shelf.make("names", *ENTRIES)
    shelf.make("others", *ENTRIES[:1])
    desk = room()
    desk.rows("1–3")
    shelf.ask("DELETE", "/names")
    desk.search("GPU")
    desk.said("no glossary named 'names'")
    assert desk.rows("1–1 of 1 entry") == ["马奎尔"]
    assert desk.page.input_value("#glossary-choice") == "others"


def test_hostile_entries_are_text(shelf: Keeper, room: Callable[[], Room]) -> None:
    shelf.make("names", HOSTILE)
    desk = room()
    assert desk.rows("1–1") == [HOSTILE["source"]]
    text = desk.page.inner_text("#glossary-list")
    assert all(str(HOSTILE[field]) in text for field in ("target", "note", "domain"))
    desk.act("edit", "onerror")
    assert desk.page.input_value("#glossary-entry [name=source]") == HOSTILE["source"]
    desk.write(note="changed").save()
    desk.said(str(HOSTILE["source"])[:20])
    desk.act("remove", "onerror")
    assert str(HOSTILE["source"]) in desk.page.inner_text("#glossary-confirm p")
    desk.page.click("#glossary-confirm .cancel")
    assert desk.page.locator("#glossary-dialog :is(img, script, iframe)").count() == 0
    assert desk.page.evaluate("globalThis.broken") is None
    assert shelf.entries("names") == [{**HOSTILE, "note": "changed"}]


def test_the_picker_follows_the_dialog(shelf: Keeper, room: Callable[[], Room]) -> None:
    shelf.make("names", *ENTRIES)
    desk = room()
    desk.rows("1–3")
    desk.page.click("#glossary-add")
    desk.write(source="新", target="new").save()
    desk.rows("1–4")
    desk.page.keyboard.press("Escape")
    desk.page.wait_for_selector("#glossary-dialog", state="hidden")
    assert desk.page.evaluate("document.activeElement.id") == "glossaries-open"
    desk.page.click("#glossaries-box summary")
    desk.page.wait_for_selector("#glossaries label:has-text('4 entries')")


def test_the_keyboard_is_enough(shelf: Keeper, room: Callable[[], Room]) -> None:
    shelf.make("names", *ENTRIES)
    desk = room()
    desk.rows("1–3")
    keys = desk.page.keyboard
    desk.page.focus("#glossary-query")
    keys.type("GPU s?l")  # keys of the page rest here
    assert desk.rows("Nothing") == []
    for _ in range(4):
        keys.press("Backspace")
    keys.press("Enter")
    desk.rows("1–1 of 1 found")
    keys.press("Tab")
    keys.press("Enter")
    desk.page.wait_for_selector("#glossary-entry[open]")
    keys.type("新")
    keys.press("Tab")
    keys.type("new")
    keys.press("Enter")
    desk.said("Added: 新 → new")
    assert desk.page.evaluate("document.activeElement.id") == "glossary-add"
    assert shelf.sources("names")[-1] == "新"
