"""Reading comfort: keys, large captions, themes, narrow screens, names and contrast."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.client_demo.looks import CONTRAST, OVERFLOW, UNNAMED
from tests.client_demo.scripted import Script, chunk_events
from tests.client_demo.visit import Visit

pytestmark = pytest.mark.browser

Open = Callable[..., Visit]

IDLE_TEXTS = [".welcome h1", ".welcome p", ".legend dd", ".card span", ".hint", ".pill", "#start"]
LIVE_TEXTS = [
    ".chunk:not(.growing)",
    ".chunk.growing",
    ".preview",
    ".heard",
    ".para .source",
    ".stamp",
    "#start",
    "#lag-now",
]


@pytest.fixture
def talk(script: Script) -> Script:
    """Two complete chunks and a growing one with its preview."""
    script.says = [
        *chunk_events(1, "今天我们谈谈天气。", "Today we talk about the weather.", 0, 200),
        *chunk_events(2, "明天会下雨。", "Tomorrow it will rain.", 200, 400),
        (500, {"type": "transcript.partial", "text": "最后", "start_ms": 400, "end_ms": 500}),
        (500, {"type": "translation.delta", "chunk": 3, "delta": "And"}),
        (500, {"type": "translation.preview", "text": "And finally"}),
    ]
    return script


def growing(page: Visit) -> Visit:
    """Until the talk is on the page."""
    page.start().page.wait_for_selector(".chunk.growing")
    page.page.wait_for_selector(".preview:has-text('finally')")
    page.page.wait_for_timeout(1000)  # colours of the last chunk fade; nothing depends on how long
    return page


@pytest.mark.usefixtures("talk")
def test_the_keyboard_does_everything(scripted: str, visit: Open) -> None:
    page = visit(scripted).ready()
    keys = page.page.keyboard
    keys.press("Space")
    page.state("live")
    page.chunks(2)
    keys.press("s")
    assert page.page.locator("#captions .source").first.is_hidden()
    keys.press("s")
    assert page.page.locator("#captions .source").first.is_visible()
    keys.press("l")
    page.page.wait_for_selector("#large[open]")
    assert "Tomorrow it will rain." in page.page.inner_text("#large-target")
    keys.press("Escape")
    page.page.wait_for_selector("#large", state="hidden")
    keys.press("?")
    page.page.wait_for_selector("#help[open]")
    keys.press("Escape")
    page.page.wait_for_selector("#help", state="hidden")
    page.page.evaluate("document.activeElement.blur()")
    keys.press("Enter")
    page.state("idle")


def test_keys_rest_while_a_field_has_them(scripted: str, script: Script, visit: Open) -> None:
    page = visit(scripted).ready()
    page.page.click("#context-box summary")
    page.page.click("#context")
    page.page.keyboard.type("a tall ship sails?")
    assert page.page.input_value("#context") == "a tall ship sails?"
    assert not page.page.locator("dialog[open]").count()
    assert not script.starts


@pytest.mark.usefixtures("talk")
def test_large_captions_follow_and_leave(scripted: str, visit: Open) -> None:
    page = visit(scripted).start()
    page.chunks(1)
    page.page.click("#large-open")
    page.page.wait_for_selector("#large-target .preview:has-text('finally')")
    size = "e => parseFloat(getComputedStyle(e.querySelector('p')).fontSize)"
    before = page.page.eval_on_selector("#large-target", size)
    assert before >= 60
    page.page.keyboard.press("+")
    assert page.page.eval_on_selector("#large-target", size) > before
    page.page.keyboard.press("l")
    page.page.wait_for_selector("#large", state="hidden")


@pytest.mark.usefixtures("talk")
def test_light_and_dark(scripted: str, visit: Open) -> None:
    theme = "document.documentElement.dataset.theme"
    page = visit(scripted, color_scheme="dark").ready()
    assert page.page.evaluate(theme) == "dark"
    page.page.click("#theme")
    assert page.page.evaluate(theme) == "light"
    page.page.reload()
    assert page.page.evaluate(theme) == "light", "the choice is remembered"
    page.page.click("#theme")
    page.page.click("#theme")
    assert page.page.evaluate(theme) == "dark", "back to the system's"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.usefixtures("talk")
def test_text_stands_out(scripted: str, visit: Open, scheme: str) -> None:
    page = visit(scripted, color_scheme=scheme).ready()
    page.page.check("[name=kind][value=tab]", force=True)
    ratios = page.page.evaluate(CONTRAST, IDLE_TEXTS)
    page.page.check("[name=kind][value=microphone]", force=True)
    growing(page)
    ratios |= page.page.evaluate(CONTRAST, [text for text in LIVE_TEXTS if text != "#start"])
    assert {text for text, ratio in ratios.items() if ratio is None} == set()
    weak = {text: ratio for text, ratio in ratios.items() if ratio < 4.5}
    assert weak == {}


@pytest.mark.usefixtures("talk")
def test_everything_has_a_name(scripted: str, visit: Open) -> None:
    page = visit(scripted).ready()
    page.page.click("#terms-box summary")
    page.page.click("#term-add")
    page.page.click("#term-paste")
    page.page.click("#context-box summary")
    assert page.page.evaluate(UNNAMED) == []
    growing(page)
    page.page.click("#save-open")
    assert page.page.evaluate(UNNAMED) == []
    page.page.keyboard.press("Escape")
    page.page.click("#large-open")
    assert page.page.evaluate(UNNAMED) == []


@pytest.mark.usefixtures("talk")
def test_a_screen_reader_hears_committed_text_once(scripted: str, visit: Open) -> None:
    page = growing(visit(scripted))
    spoken = page.page.locator("#spoken")
    assert spoken.get_attribute("aria-live") == "polite"
    lines = spoken.locator("p").all_inner_texts()
    assert lines == ["Today we talk about the weather.", "Tomorrow it will rain."]
    inside = page.page.evaluate("!!document.querySelector('#captions').closest('[aria-live]')")
    assert not inside, "growing text and previews are not announced"


@pytest.mark.parametrize("width", [360, 768, 1280])
@pytest.mark.usefixtures("talk")
def test_nothing_is_wider_than_the_screen(scripted: str, visit: Open, width: int) -> None:
    page = visit(scripted, viewport={"width": width, "height": 720}).ready()
    page.page.click("#terms-box summary")
    page.page.click("#term-add")
    assert page.page.evaluate(OVERFLOW) == []
    growing(page)
    page.page.click("#save-open")
    assert page.page.evaluate(OVERFLOW) == []
    assert page.page.locator("#start").is_visible()


@pytest.mark.usefixtures("talk")
def test_copying_and_clearing(scripted: str, visit: Open) -> None:
    page = visit(scripted)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=scripted)
    page.start().chunks(2)
    page.page.click("#copy")
    page.page.wait_for_selector("#notice:has-text('Copied')")
    copied = page.page.evaluate("navigator.clipboard.readText()")
    assert "Today we talk about the weather. Tomorrow it will rain." in copied
    page.page.click("#start")
    page.state("idle")
    page.page.click("#clear")
    assert page.captions() == []
    assert page.page.locator("#welcome").is_visible()
