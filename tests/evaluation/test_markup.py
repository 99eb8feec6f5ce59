"""No text becomes markup, and markup stays it."""

from __future__ import annotations

import html
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from evaluation.markup import clock, escaped, joined, tag


class Seen(HTMLParser):
    """What a browser makes of it."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: dict[str, str | None] = {}
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= dict(attrs)

    def handle_data(self, data: str) -> None:
        self.text += data


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"])))
def test_any_text_is_read_back_as_text(text: str) -> None:
    seen = Seen()
    seen.feed(tag("p", text, title=text))
    seen.close()
    assert seen.tags == ["p"]
    assert seen.text == text
    assert seen.attributes == {"title": text}


def test_what_html_cannot_hold_is_replaced() -> None:
    assert escaped("a\x00\ud800\x1b\uffffb\n") == "a\ufffd\ufffd\ufffd\ufffdb\n"
    joined(["\udfff"]).encode("utf-8")


def test_markup_is_escaped_once() -> None:
    inner = tag("b", "1 < 2")
    assert inner == "<b>1 &lt; 2</b>"
    assert tag("p", inner, " & ", inner) == f"<p>{inner} &amp; {inner}</p>"
    assert joined([inner, "<"], "&") == f"{inner}&amp;&lt;"
    assert html.unescape(escaped(escaped("<"))) == "<"


def test_attributes() -> None:
    assert tag("i", class_="a", aria_label='"', x=1.0, y=2.346, z=None) == (
        '<i class="a" aria-label="&quot;" x="1" y="2.35"></i>'
    )
    assert clock(125.9) == "2:05"
