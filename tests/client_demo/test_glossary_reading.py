"""The dialog about glossaries as it is read: names, contrast, narrow screens, no jumps."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.client_demo.keeper import ENTRIES, REFUSALS, Keeper, Room
from tests.client_demo.looks import CONTRAST, OVERFLOW, UNNAMED
from tests.client_demo.visit import Visit

pytestmark = pytest.mark.browser

Open = Callable[..., Visit]

LONG = {
    "source": "长" * 200,
    "target": "Donaudampfschifffahrtsgesellschaft" * 14,
    "note": "x" * 500,
    "domain": "y" * 100,
}
TEXTS = [
    "#glossary-title",
    "#glossary-choice",
    "#glossary-add",
    "#glossary-delete",
    ".entry-source",
    ".entry-target",
    ".entry small",
    "#glossary-range",
]
UPLOAD_TEXTS = ["#glossary-file-name", "#glossary-report", "#glossary-problems li", ".check"]
STEADY = ["#glossary-dialog", "#glossary-query", "#glossary-list", "#glossary-range"]

_PLACES = """
(selectors) => selectors.map((selector) => {
  const { x, y, width, height } = document.querySelector(selector).getBoundingClientRect();
  return [x, y, width, height].map(Math.round);
})
"""


def open_all(room: Room) -> list[str]:
    """Every state of the dialog in turn; each time what has no name or is too wide."""
    found = []

    def look() -> None:
        found.extend(room.page.evaluate(UNNAMED))
        found.extend(room.page.evaluate(OVERFLOW))

    room.rows("1–4")
    look()
    room.act("edit", "马奎尔")
    look()
    room.page.keyboard.press("Escape")
    room.act("remove", "长")
    look()
    room.page.keyboard.press("Escape")
    room.page.click("#glossary-create")
    look()
    room.page.keyboard.press("Escape")
    room.upload("a-name-" + "without-a-break" * 12 + ".csv", b"source,target\na,\n")
    look()
    room.section("download")
    look()
    return found


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_every_state_has_names_and_fits(shelf: Keeper, visit: Open, width: int) -> None:
    shelf.make("names", *ENTRIES, LONG)
    size = {"width": width, "height": 640}
    page = visit(shelf.address, viewport=size, allowed=REFUSALS).ready()
    assert open_all(Room(page)) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out(shelf: Keeper, visit: Open, scheme: str) -> None:
    shelf.make("names", *ENTRIES)
    shelf.make("french", source="fr", target="de")
    page = visit(shelf.address, color_scheme=scheme, allowed=REFUSALS).ready()
    page.page.click("#glossaries-box summary")
    page.page.wait_for_selector("#glossaries input")
    ratios = page.page.evaluate(CONTRAST, [".pick-name", ".pick:has(:disabled) small"])
    room = Room(page).choose("names")
    room.rows("1–3")
    ratios |= page.page.evaluate(CONTRAST, TEXTS)
    room.act("edit", "GPU")
    room.write(target="")
    room.refused()
    ratios |= page.page.evaluate(CONTRAST, [".form-said"])
    page.page.keyboard.press("Escape")
    room.upload("terms.csv", b"source,target\na,\n")
    ratios |= page.page.evaluate(CONTRAST, UPLOAD_TEXTS)
    assert {text for text, ratio in ratios.items() if ratio is None} == set()
    assert {text: ratio for text, ratio in ratios.items() if ratio < 4.5} == {}


def test_nothing_jumps_while_the_list_changes(shelf: Keeper, visit: Open) -> None:
    shelf.make("many", *({"source": f"词{n}", "target": "t"} for n in range(1, 61)))
    shelf.make("none")
    room = Room(visit(shelf.address).ready())
    room.rows("1–50 of 60")
    places = room.page.evaluate(_PLACES, STEADY)
    room.page.click("#glossary-next")
    room.rows("51–60")
    assert room.page.evaluate(_PLACES, STEADY) == places
    room.search("词7")
    room.rows("1–1 of 1 found")
    assert room.page.evaluate(_PLACES, STEADY) == places
    room.choose("none")
    room.rows("No entries yet")
    assert room.page.evaluate(_PLACES, STEADY) == places
