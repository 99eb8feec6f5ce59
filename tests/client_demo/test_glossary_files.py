"""Uploads into a glossary, with bad rows and without, and downloads from it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.client_demo.keeper import ENTRIES, REFUSALS, Keeper, Room
from tests.client_demo.visit import Visit

pytestmark = pytest.mark.browser

Open = Callable[..., Visit]

GOOD = "source,target\n天气,weather\n伞,umbrella\n"
BAD = "source,target\n天气,weather\n,nothing\n伞,umbrella\n同传,something else\n<b>,\n"
BAD_ROWS = [
    "Line 3: source is empty",
    "Line 5: contradicts '同传' = 'simultaneous interpretation', not 'something else'",
    "Line 6: target is empty",
]
KEPT = ["马奎尔", "同传", "GPU"]

_DROP = """
([text, name]) => {
  const data = new DataTransfer();
  data.items.add(new File([text], name));
  const dialog = document.querySelector("#glossary-dialog");
  for (const type of ["dragover", "drop"]) {
    dialog.dispatchEvent(
      new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer: data }));
  }
}
"""


@pytest.fixture
def desk(shelf: Keeper, visit: Open) -> Room:
    """The open dialog of a glossary of three entries."""
    shelf.make("names", *ENTRIES)
    room = Room(visit(shelf.address, allowed=[*REFUSALS, "415"]).ready())
    room.rows("1–3")
    return room


def test_a_good_file_is_added(shelf: Keeper, desk: Room) -> None:
    assert desk.upload("terms.csv", GOOD.encode()) == "2 added."
    assert desk.problems() == []
    assert shelf.sources("names") == [*KEPT, "天气", "伞"]
    desk.section("entries")
    assert desk.rows("1–5")[-1] == "伞"
    assert desk.upload("terms.csv", GOOD.encode()) == "0 added, 2 there already."


def test_bad_rows_keep_a_strict_file_out(shelf: Keeper, desk: Room) -> None:
    said = desk.upload("terms.csv", BAD.encode())
    assert said == "Nothing was kept: 3 rows cannot be used."
    assert desk.problems() == BAD_ROWS
    assert shelf.sources("names") == KEPT


def test_the_good_rows_of_a_lenient_file_are_kept(shelf: Keeper, desk: Room) -> None:
    said = desk.upload("terms.csv", BAD.encode(), mode="lenient")
    assert said == "2 added, 3 rows left out."
    assert desk.problems() == BAD_ROWS
    assert shelf.sources("names") == [*KEPT, "天气", "伞"]


def test_rows_may_win_over_what_is_there(shelf: Keeper, desk: Room) -> None:
    desk.section("upload")
    desk.page.check("#glossary-upload [name=conflicts]")
    said = desk.upload("terms.tsv", "同传\tsomething else\n".encode())
    assert said == "0 added, 1 replaced."
    assert shelf.entries("names")[1]["target"] == "something else"


def test_a_file_takes_the_place_of_all(shelf: Keeper, desk: Room) -> None:
    assert desk.upload("terms.txt", "伞 = umbrella\n".encode(), place="replace") == "1 added."
    assert shelf.sources("names") == ["伞"]


def test_replacing_what_somebody_else_changed_is_refused(shelf: Keeper, desk: Room) -> None:
    shelf.ask("POST", "/names/entries", json={"entries": [{"source": "新", "target": "new"}]})
    said = desk.upload("terms.csv", GOOD.encode(), place="replace")
    assert "Somebody else changed this glossary" in said
    assert shelf.sources("names") == [*KEPT, "新"]
    desk.section("entries")
    assert desk.rows("1–4")[-1] == "新", "it is read again"
    desk.section("upload")
    assert desk.send() == "2 added."
    assert shelf.sources("names") == ["天气", "伞"]


def test_many_bad_rows_are_counted(desk: Room) -> None:
    rows = "source,target\n" + "a,\n" * 1500
    said = desk.upload("terms.csv", rows.encode())
    assert said == "Nothing was kept: 1,500 rows cannot be used."
    shown = desk.problems()
    assert len(shown) == 1001
    assert shown[0] == "Line 2: target is empty"
    assert shown[-1] == "and 500 more"


def test_an_encoding_is_named(shelf: Keeper, desk: Room) -> None:
    said = desk.upload("terms.csv", GOOD.encode("gb18030"))
    assert "is not utf-8" in said
    assert desk.problems() == []
    desk.page.select_option("#glossary-upload [name=encoding]", "gb18030")
    assert desk.send() == "2 added."
    assert "天气" in shelf.sources("names")


def test_the_page_and_the_server_know_the_same_encodings_and_formats(
    shelf: Keeper, desk: Room
) -> None:
    encodings = desk.page.locator("#glossary-upload [name=encoding] option")
    for value in encodings.evaluate_all("options => options.map((option) => option.value)"):
        params = {"format": "csv", "encoding": value}
        shelf.ask("POST", "/names/import", params=params, content=b"")
    for name in ("csv", "tsv", "tbx", "txt"):
        desk.upload(f"some.{name.upper()}", b"")
        assert desk.page.input_value("#glossary-upload [name=format]") == name


def test_a_file_without_a_known_name_needs_a_format(shelf: Keeper, desk: Room) -> None:
    desk.section("upload")
    assert "Choose a file first" in desk.send()
    assert "choose it" in desk.upload("terms", "伞 = umbrella\n".encode())
    desk.page.select_option("#glossary-upload [name=format]", "txt")
    assert desk.send() == "1 added."
    assert "伞" in shelf.sources("names")


def test_a_file_is_dropped(shelf: Keeper, desk: Room) -> None:
    desk.page.evaluate(_DROP, [GOOD, "terms.csv"])
    assert desk.page.inner_text("#glossary-file-name").startswith("terms.csv")
    assert desk.send() == "2 added."
    assert "伞" in shelf.sources("names")
    kind = desk.page.evaluate("document.querySelector('[name=kind]:checked').value")
    assert kind == "microphone", "it was not taken for a recording"


def test_an_upload_is_stopped(shelf: Keeper, desk: Room) -> None:
    desk.page.route("**/import?*", lambda route: None)  # never answered
    desk.section("upload")
    desk.take("terms.csv", GOOD.encode())
    desk.page.click("#glossary-send")
    desk.page.click("#glossary-stop")
    desk.page.wait_for_selector("#glossary-report:has-text('Stopped')")
    assert desk.page.is_enabled("#glossary-send")
    assert shelf.sources("names") == KEPT


@pytest.mark.parametrize("name", ["csv", "tsv", "tbx", "txt"])
def test_downloads_can_be_uploaded_again(shelf: Keeper, desk: Room, name: str) -> None:
    desk.section("download")
    with desk.page.expect_download() as waiting:
        desk.page.click(f"#glossary-formats button:has-text('{name.upper()}')")
    assert waiting.value.suggested_filename == f"names.{name}"
    content = Path(waiting.value.path()).read_bytes()
    shelf.make("again")
    shelf.ask("POST", "/again/import", params={"format": name}, content=content)
    assert shelf.entries("again") == shelf.entries("names")
