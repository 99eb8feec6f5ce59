"""HTML and SVG whose texts are escaped because there is no other way to put them in."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

# Control characters, halves of surrogate pairs and noncharacters: HTML can hold none of them.
_ODD = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")


class Markup(str):
    """Text that is markup already, and safe: made by `tag`, `escaped` and `joined` only."""

    __slots__ = ()


def escaped(text: str) -> Markup:
    """`text` as HTML shows it, in an element or a quoted attribute."""
    return text if isinstance(text, Markup) else Markup(html.escape(_ODD.sub("\ufffd", text)))


def joined(parts: Iterable[str], between: str = "") -> Markup:
    """`parts` one after another, escaped unless they are markup."""
    return Markup(escaped(between).join(escaped(part) for part in parts))


def tag(name: str, *content: str, **attributes: str | float | None) -> Markup:
    """An element. Strings in it are escaped unless they are markup.

    attributes: None leaves one out; an underscore stands for a hyphen, a last one (`class_`) for
    nothing; numbers have two places at most.
    """
    told = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escaped(_attribute(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Markup(f"<{name}{told}>{joined(content)}</{name}>")


def _attribute(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:.2f}".rstrip("0").rstrip(".")


def clock(seconds: float) -> str:
    """A position in a recording: `2:05`."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02d}"
