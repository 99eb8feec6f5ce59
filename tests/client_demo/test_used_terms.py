"""Terms that a chunk names: marked in both languages, listed, exported."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.client_demo.scripted import Script, chunk_events, scripted_app, served
from tests.client_demo.visit import Visit

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

Open = Callable[..., Visit]

HOSTILE = "<img src=x onerror=\"globalThis.broken='term'\">"
TALK: list[tuple[str, str, dict[str, str]]] = [
    (
        "马奎尔在同传箱里。",
        "Maguire sits in the simultaneous interpretation booth.",
        {"马奎尔": "Maguire", "同传": "simultaneous interpretation"},
    ),
    (f"请带{HOSTILE}伞，", f"Bring {HOSTILE} a parasol,", {"伞": "umbrella", HOSTILE: HOSTILE}),
    ("马亏尔走了。", "Maguire left.", {"马奎尔": "Maguire"}),
]


@pytest.fixture
def talk(script: Script) -> Script:
    """A script that says all of `TALK`, each chunk with its terms."""
    for number, (source, translation, terms) in enumerate(TALK, start=1):
        events = chunk_events(number, source, translation, (number - 1) * 200, number * 200)
        events[-1][1]["terms"] = [{"source": s, "target": t} for s, t in terms.items()]
        script.says += events
    return script


@pytest.fixture(scope="module")
def module(browser: Browser) -> Iterator[Visit]:
    """One page for all: the module keeps nothing."""
    with served(scripted_app(Script())) as address:
        visit = Visit.begin(browser, address, {})
        yield visit
        visit.leave()


@pytest.mark.parametrize(
    ("text", "words", "found"),
    [
        ("Maguire said so", ["Maguire"], ["Maguire"]),
        ("said AI, not aim", ["AI"], ["AI"]),
        ("maguire's umbrellas", ["Maguire", "umbrella"], ["maguire's", "umbrellas"]),
        ("用GPU加速", ["GPU"], ["GPU"]),
        ("GPUs and GPUx", ["GPU"], ["GPUs"]),
        ("大模型的模型", ["模型", "大模型"], ["大模型", "模型"]),
        ("a large  language\nmodel", ["large language model"], ["large  language\nmodel"]),
        ("C++ (and a.b*) in C", ["C++", "a.b*", "("], ["C++", "(", "a.b*"]),
        ("nothing", ["", " ", "else"], []),
        ("Zürich, über", ["ber", "Zürich"], ["Zürich"]),
        ("😀 and 😀", ["😀"], ["😀", "😀"]),
    ],
)
def test_words_are_found_whole(
    module: Visit, text: str, words: list[str], found: list[str]
) -> None:
    terms = [{"source": "x", "target": word} for word in words]
    pieces: list[dict[str, Any]] = module.module(
        "captions/used.js", "m.pieces(text, terms, 'target')", text=text, terms=terms
    )
    assert "".join(piece["text"] for piece in pieces) == text
    assert [piece["text"] for piece in pieces if piece["term"] >= 0] == found


def test_terms_that_are_none_mark_nothing(module: Visit) -> None:
    terms = [None, {}, {"target": 7}, {"source": "a"}]
    pieces = module.module("captions/used.js", "m.pieces('a 7', terms, 'target')", terms=terms)
    assert pieces == [{"text": "a 7", "term": -1}]


@pytest.mark.usefixtures("talk")
def test_terms_are_marked_in_both_languages(scripted: str, visit: Open) -> None:
    page = visit(scripted).start()
    texts = page.chunks(3)
    assert texts == [translation for _, translation, _ in TALK]
    marks = page.page.locator("#captions .target mark")
    assert marks.all_inner_texts() == ["Maguire", "simultaneous interpretation", HOSTILE, "Maguire"]
    assert marks.first.get_attribute("title") == "Term: 马奎尔 → Maguire"
    heard = page.page.locator("#captions .source mark")
    assert heard.all_inner_texts() == ["马奎尔", "同传", HOSTILE, "伞"]
    assert page.page.locator("#captions img").count() == 0
    assert page.page.evaluate("globalThis.broken") is None
    assert page.revisions() == [], "marking changes no text"
    marks.nth(1).hover()
    lit = page.page.locator("mark.lit")
    assert lit.all_inner_texts() == ["simultaneous interpretation", "同传"]


@pytest.mark.usefixtures("talk")
def test_terms_are_listed_for_those_who_cannot_point(scripted: str, visit: Open) -> None:
    page = visit(scripted).ready()
    assert page.page.is_disabled("#used-open")
    page.start().chunks(3)
    page.page.click("#used-open")
    lines = page.page.locator("#used-list li").all_inner_texts()
    assert [" ".join(line.split()) for line in lines] == [
        "马奎尔 → Maguire 2 times",
        "同传 → simultaneous interpretation",
        "伞 → umbrella rendered otherwise",
        f"{HOSTILE} → {HOSTILE}",
    ]
    assert page.page.evaluate("document.activeElement.id") == "used-list"
    page.page.keyboard.press("Escape")
    assert page.page.is_hidden("#used")
    assert page.page.evaluate("document.activeElement.id") == "used-open"
    page.page.click("#start")
    page.state("idle")
    page.page.click("#clear")
    assert page.page.is_disabled("#used-open")


@pytest.mark.usefixtures("talk")
def test_exports_hold_the_terms(scripted: str, visit: Open) -> None:
    page = visit(scripted).start()
    page.chunks(3)
    page.page.click("#start")
    page.state("idle")
    chunks = json.loads(page.download("json", "both"))["chunks"]
    assert [chunk.get("terms") for chunk in chunks] == [
        [{"source": s, "target": t} for s, t in terms.items()] for _, _, terms in TALK
    ]
    text = page.download("txt", "both")
    assert TALK[0][1] in text
    assert "mark" not in text
