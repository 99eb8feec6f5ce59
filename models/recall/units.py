"""Text as the units that terms are compared by: a Chinese character, a word, a number."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from models.listening.script import simplified

_UNIT = re.compile(r"[A-Za-zÀ-ÖØ-öø-ÿĀ-ſ]+|\d+|[㐀-䶿一-鿿]|[。！？!?\n]")
_LEAST_PLURAL = 4  # letters: `is` and `bus` are none


class Unit(NamedTuple):
    """raw: simplified and half-width. written: to compare by; "" ends a sentence. at: its first
    character in the text."""

    raw: str
    written: str
    at: int

    @property
    def chinese(self) -> bool:
        """Whether it is a Chinese character."""
        return "㐀" <= self.raw[0] <= "鿿"


def composed(text: str) -> str:
    """`text` in NFC, character for character what `units` counts in."""
    return unicodedata.normalize("NFC", text)


def _plain(text: str) -> str:
    """Simplified script, letters and digits in half width, as many characters as before."""
    return simplified("".join(map(_narrow, text)))


def _narrow(char: str) -> str:
    narrow = unicodedata.normalize("NFKC", char)
    return narrow if len(narrow) == 1 and narrow.isalnum() else char


def units(text: str) -> tuple[Unit, ...]:
    """The units of `composed(text)`. Script, width, case and an English plural's s do not count in
    `written`.

    Whole words are units, which keeps `ID` out of `idea`. Sentence ends are units of their own,
    which no term spans.
    """
    found = _UNIT.finditer(_plain(composed(text)))
    return tuple(Unit(unit[0], _written(unit[0]), unit.start()) for unit in found)


def _written(raw: str) -> str:
    if raw in "。！？!?\n":
        return ""
    folded = raw.casefold()
    plural = len(folded) >= _LEAST_PLURAL and folded.endswith("s") and not folded.endswith("ss")
    return folded[:-1] if plural else folded
