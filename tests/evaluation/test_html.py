"""The page holds what the tables hold, needs nothing else, and shows hostile texts as texts."""

from __future__ import annotations

import io
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from evaluation import report
from evaluation.bootstrap import Interval, Paired
from evaluation.comparison import Difference, Point
from evaluation.html import PageError, render
from evaluation.passages import PassageError
from evaluation.report import Target
from evaluation.subject import Detail, Subject
from tests.evaluation.rows import row
from tests.evaluation.sessions import delta, log, partial, preview, recording
from tongchuan.events import ChunkFinal, ErrorEvent, Term

VOID = {"meta", "link", "br", "img", "input", "hr"}
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</title></style></svg></main><iframe src=//evil.example>",
    "' onload='alert(1)",
    "javascript:alert(1)",
    "$title ${body} %s {}",
    "]]><!-- --!>",
    "\x00\ud800\u202eabc",
)


class Page(HTMLParser):
    """Its elements in order, checked for balance; all attributes; all text by element."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.shape: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.texts: list[str] = []
        self.cells: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.shape.append(f"{tag} {' '.join(name for name, _ in attrs)}")
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)
        if tag in ("td", "th"):
            self.cells.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)
        if self.open[-1:] in (["td"], ["th"]):
            self.cells[-1] += data

    def values(self, name: str) -> list[str]:
        """Of every attribute of that name."""
        return [value for key, value in self.attributes if key == name]


def detail(text: str = "text", speed: float = 1.0) -> Detail:
    """A session with `text` wherever there is text."""
    talk = recording((0.0, 3.0, f"甲{text}", f"A {text}"), (3.5, 4.0, "嗯", ""))
    first = replace(talk.segments[0], terms=(Term(f"甲{text}", f"A {text}"), Term("乙", "Qy")))
    talk = replace(talk, segments=(first, talk.segments[1]))
    seen = log(
        (1.0, partial(text, 900)),
        (1.5, preview(text)),
        (3.0, delta(1, f"A {text}")),
        (3.2, ChunkFinal(1, 0, 1, text, f"A {text}", 0, 3000, 200)),
        (4.0, ErrorEvent(1, 0, f"failed {text}", text)),
        (9.0, ChunkFinal(1, 0, 2, text, f"甲 {text}", 8000, 9000, 1000)),
        speed=speed,
    )
    return Detail(talk, seen, [f"A {text}"])


def page(text: str = "text", **given: Any) -> str:
    rows = [row(f"zh-made {text}"), row()]
    arguments: dict[str, Any] = {
        "title": f"Run {text}",
        "made": {"arguments": {"only": text, "url": None}, "python": "3.11"},
        "rows": rows,
        "targets": report.targets(rows[-1], 1),
        "details": [detail(text), detail(text)],
    }
    arguments |= given
    title, made = arguments.pop("title"), arguments.pop("made")
    return render(title, made, [Subject("semantic", **arguments)])


def test_the_numbers_are_those_of_the_printed_tables() -> None:
    rows = [row("zh-made"), row()]
    targets = [*report.targets(rows[-1], 1), Target("never measured", None, 1)]
    seen = Page(page(rows=rows, targets=targets))
    printed = io.StringIO()
    report.show(rows, targets, "made", Console(file=printed, width=200))
    wanted: list[str] = []
    for line in printed.getvalue().splitlines():
        if line.startswith("│"):
            wanted += [cell.strip() for cell in line.strip("│").split("│")]
    shown = [cell.strip() for cell in seen.cells]
    start = shown.index("audio, s")
    body = [cell for cell in shown[start:] if cell not in ("", "zh-made", "all")]
    assert sorted(cell for cell in body if cell not in ("what", "reach", "here")) == sorted(
        cell for cell in wanted if cell
    )


def test_the_page_needs_nothing_from_elsewhere() -> None:
    text = page()
    seen = Page(text)
    names = {shape.split()[0] for shape in seen.shape}
    assert names.isdisjoint({"script", "link", "img", "iframe", "object", "embed", "base", "form"})
    assert {name for name, _ in seen.attributes}.isdisjoint({"src", "srcset", "xlink:href"})
    assert all(value.startswith("#") for value in seen.values("href"))
    assert "url(" not in text
    assert "@import" not in text
    assert "prefers-color-scheme: dark" in text


def test_every_link_leads_to_a_place_of_its_own() -> None:
    seen = Page(page())
    places = seen.values("id")
    assert len(places) == len(set(places))
    assert {value.removeprefix("#") for value in seen.values("href")} <= set(places)
    assert {"figures", "reach", "cost", "lag", "worst", "r1", "r2", "r1-1", "r1-2"} <= set(places)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_are_shown_and_do_nothing(text: str) -> None:
    made = page(text)
    made.encode("utf-8")
    seen = Page(made)
    allowed = {shape.split()[0] for shape in Page(page()).shape}
    assert {shape.split()[0] for shape in seen.shape} == allowed
    assert all(value.startswith("#") for value in seen.values("href"))
    assert not any(name.startswith("on") for name, _ in seen.attributes)
    shown = text.replace("\x00", "\ufffd").replace("\ud800", "\ufffd")
    assert f"Run {shown}" in seen.texts
    assert f"failed {shown}: {shown}" in seen.texts


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=30))
def test_no_text_changes_the_shape_of_the_page(text: str) -> None:
    """But for the marks of terms, which come and go with the words."""

    def shape(made: str) -> list[str]:
        return [element for element in Page(made).shape if not element.startswith("mark ")]

    def harmless(number: int) -> Detail:
        return detail(f"x{text}" if number else "x")

    plain, odd = (page(details=[harmless(number)]) for number in (0, 1))
    faults = [len(Page(made).values("points")) for made in (plain, odd)]
    if faults[0] == faults[1]:  # a text may loop, or have Chinese in it
        assert shape(plain) == shape(odd)


def test_faults_and_terms_are_there() -> None:
    texts = Page(page(details=[detail()])).texts
    assert "Faults: 3" in texts
    assert {"source language", "error", "invented"} <= set(texts)
    assert "✓ 甲text → A text" in texts
    assert "✗ 乙 → Qy" in texts


def test_the_worst_segment_leads_to_its_place() -> None:
    good, bad = detail(), replace(detail(), outputs=["nothing like it"])
    made = page(details=[good, bad])
    listed = made[made.index('<ol class="worst">') :]
    assert listed.index('href="#r2-1"') < listed.index('href="#r1-1"')
    assert "zh-made (2), 0:00" in Page(made).texts


def test_hurried_sessions_have_no_lag() -> None:
    seen = Page(page(details=[detail(speed=2)]))
    assert "lag" not in seen.values("id")
    assert "Lag over time" not in seen.texts
    assert "Time line" in seen.texts


def test_a_page_of_figures_only() -> None:
    rows = [replace(row(), cost=None)]
    seen = Page(page(rows=rows, details=[], targets=[]))
    assert seen.values("id") == ["figures"]


def test_a_recording_shows_its_own_figures() -> None:
    made = page(rows=[row("zh-made"), row()], details=[detail()])
    own = made[made.index('<section id="r1">') :]
    assert '<dl class="tiles"><div><dt>BLEU</dt><dd>12.35</dd></div>' in own


def several() -> Page:
    """Two systems, compared."""
    points = [Point("semantic", "semantic", 12.5, 2.0, 2.5), Point("pause", "pause", 9.0, 3.0, 3.5)]
    worse = Difference("pause", Paired(-3.5, 0.001, Interval(-5.0, -3.5, -2.0)), None, None)
    subjects = [Subject(name, [row("zh-made"), row()], [], [detail()]) for name in NAMES]
    return Page(render("Both", {}, subjects, points, [worse]))


NAMES = ("semantic", "pause")


def test_several_systems_are_compared_before_each_has_its_own() -> None:
    seen = several()
    places = seen.values("id")
    assert len(places) == len(set(places))
    assert {value.removeprefix("#") for value in seen.values("href")} <= set(places)
    assert [place for place in places if place.startswith("s") and "-" not in place] == [
        "systems",
        "s1",
        "s2",
    ]
    assert {"frontier", "figures", "cost", "s1-figures", "s2-r1", "s2-r1-1"} <= set(places)
    first, second = seen.cells.index("semantic"), seen.cells.index("pause")
    assert seen.cells[first:second][-3:] == ["-", "-", "yes"]
    rest = seen.cells[second + 1 : second + second - first]
    assert rest[-3:] == ["-3.50 (-5.00, -2.00; p 0.001)", "-", "no"]
    assert sum(shape.startswith("details") for shape in seen.shape) > 4


def test_what_cannot_be_rendered_is_said() -> None:
    with pytest.raises(PageError, match="rows is empty"):
        page(rows=[])
    with pytest.raises(PassageError, match="zh-made"):
        page(details=[replace(detail(), outputs=[])])
