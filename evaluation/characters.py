"""Error rates of recognised text against references, after a stated normalisation.

`cer` (Chinese): NFKC, simplified script, lower case, numerals as digits, letters and digits only;
edits over reference characters. `wer` (English): the same, over words; an apostrophe joins.
`plain=True` leaves numerals as they were written.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from models.listening.script import simplified

_DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_UNITS = {"十": 10, "百": 100, "千": 1000}
_LARGE = {"万": 10**4, "亿": 10**8}
_NUMERAL = re.compile(r"[零〇一二两三四五六七八九十百千万亿]+|[0-9]+(?:\.[0-9]+)?[百千万亿]+")
_GROUPED = re.compile(r"(?<=[0-9]),(?=[0-9]{3}(?![0-9]))")
_PERCENT = re.compile(r"([0-9.]+)\s*%")


@dataclass(frozen=True, slots=True)
class ErrorRate:
    """Edits and the reference length they are counted against; adds up over recordings."""

    edits: int
    length: int

    def __add__(self, other: ErrorRate) -> ErrorRate:
        return ErrorRate(self.edits + other.edits, self.length + other.length)

    @property
    def rate(self) -> float | None:
        """Edits a unit of reference; None when there is no reference."""
        return self.edits / self.length if self.length else None


def error_rate(reference: str, heard: str, language: str, *, plain: bool = False) -> ErrorRate:
    """CER where `language` is "zh", WER where it is "en"."""
    expected = units(reference, language, plain=plain)
    return ErrorRate(edit_distance(expected, units(heard, language, plain=plain)), len(expected))


def units(text: str, language: str, *, plain: bool = False) -> list[str]:
    """What is compared: characters of Chinese, words of English."""
    text = unicodedata.normalize("NFKC", text).lower()
    if language != "zh":
        text = text.replace("’", "'")
        return re.findall(r"[^\W_]+(?:'[^\W_]+)*", text if plain else _GROUPED.sub("", text))
    text = simplified(text)
    return [char for char in (text if plain else digits(text)) if char.isalnum()]


def digits(text: str) -> str:
    """Numerals of Chinese text as digits: 两万七千 and 2.7万 are 27000, 一九四五 is 1945,
    15% and 百分之十五 are 百分之15. Units that stand alone (百, 万) stay."""
    text = _GROUPED.sub("", text)
    text = _PERCENT.sub(r"百分之\1", text)
    return _NUMERAL.sub(lambda match: _value(match[0]), text)


def _value(numeral: str) -> str:
    scaled = re.fullmatch(r"([0-9.]+)([百千万亿]+)", numeral)
    if scaled:
        factor = 1
        for unit in scaled[2]:
            factor *= {**_UNITS, **_LARGE}[unit]
        return f"{round(float(scaled[1]) * factor, 3):.10g}" if factor < 10**9 else numeral
    if not any(char in _DIGITS for char in numeral) and numeral != "十":
        return numeral
    if not any(char in _UNITS or char in _LARGE for char in numeral):
        return "".join(str(_DIGITS[char]) for char in numeral)
    total = section = digit = 0
    for char in numeral:
        if char in _DIGITS:
            digit = _DIGITS[char]
        elif char in _UNITS:
            section += (digit or 1) * _UNITS[char]
            digit = 0
        elif char == "万":  # of the section only; 亿 of all before it
            total += (section + digit or 1) * _LARGE[char]
            section = digit = 0
        else:
            total = (total + section + digit or 1) * _LARGE[char]
            section = digit = 0
    return str(total + section + digit)


def edit_distance(left: Sequence[Hashable], right: Sequence[Hashable]) -> int:
    """Levenshtein distance, bit-parallel (Myers 1999, with Hyyrö's 2003 vertical deltas)."""
    if not left:
        return len(right)
    where: dict[Hashable, int] = {}
    for index, unit in enumerate(left):
        where[unit] = where.get(unit, 0) | 1 << index
    full = (1 << len(left)) - 1
    last = 1 << (len(left) - 1)
    plus, minus, score = full, 0, len(left)
    for unit in right:
        equal = where.get(unit, 0)
        vertical = equal | minus
        horizontal = (((equal & plus) + plus) ^ plus) | equal
        up = minus | ~(horizontal | plus) & full
        down = plus & horizontal
        score += bool(up & last) - bool(down & last)
        up = (up << 1 | 1) & full
        down = down << 1 & full
        plus = down | ~(vertical | up) & full
        minus = up & vertical
    return score
