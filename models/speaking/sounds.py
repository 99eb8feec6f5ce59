"""Words as units to compare: as written, and as they sound.

A unit is one Chinese character, one run of Latin letters or one run of digits. Comparing whole
units keeps `ID` out of `idea`; punctuation and space between units do not count.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from pypinyin import Style, lazy_pinyin

from models.listening.script import simplified

Units = tuple[str, ...]

BREAK = "\n"
"""The unit for the end of a sentence, which no term spans."""

_UNIT = re.compile(r"[a-zà-öø-ÿāēīōū]+|\d+|[㐀-䶿一-鿿]|[。！？!?\n]")
_DIGITS = "零一二三四五六七八九"
_LONGEST_NUMBER = 2  # digits read as one number; longer ones are read digit by digit


def units(text: str) -> Units:
    """`text` as written: simplified script, half-width, lower case, plurals' s off."""
    plain = simplified(unicodedata.normalize("NFKC", text).casefold())
    return tuple(_written(unit) for unit in _UNIT.findall(plain))


def sounds(written: Units) -> tuple[list[str], list[int]]:
    """`written` as it sounds: syllables, and for each the index of the unit it comes from.

    Pinyin with the tone as a digit, and with what recognisers and accents confuse made equal:
    zh/z, ch/c, sh/s, n/l, and -ng/-n after a, e, i. Latin words stand for themselves; numbers are
    read out in Chinese.
    """
    spoken: list[str] = []
    origins: list[int] = []
    for at, unit in enumerate(written):
        read = _read_number(unit) if unit.isdecimal() else [unit]
        spoken += read
        origins += [at] * len(read)
    syllables: list[str] = []
    for run in _chinese_runs(spoken):
        # a run at a time, because characters with several readings need their neighbours
        syllables += _pinyin(run) if _chinese(run[0]) else run
    assert len(syllables) == len(origins)
    return syllables, origins


def toneless(syllables: Iterable[str]) -> Units:
    """What `sounds` returned, without the tones."""
    return tuple(syllable.rstrip("12345") for syllable in syllables)


def _written(unit: str) -> str:
    if unit in "。！？!?":
        return BREAK
    plural = len(unit) > 3 and unit.endswith("s") and not unit.endswith("ss")
    return unit[:-1] if plural else unit


def _chinese(unit: str) -> bool:
    return "㐀" <= unit[0] <= "鿿"


def _chinese_runs(spoken: list[str]) -> list[list[str]]:
    """`spoken` cut where Chinese meets something else."""
    runs: list[list[str]] = []
    for unit in spoken:
        if runs and _chinese(runs[-1][0]) == _chinese(unit):
            runs[-1].append(unit)
        else:
            runs.append([unit])
    return runs


def _read_number(digits: str) -> list[str]:
    """Its Chinese reading: 28 is 二十八, 2024 is 二零二四."""
    read = [_DIGITS[int(digit)] for digit in digits]
    if len(read) != _LONGEST_NUMBER or digits[0] == "0":
        return read
    tens = ["十"] if digits[0] == "1" else [read[0], "十"]
    return tens if digits[1] == "0" else [*tens, read[1]]


def _pinyin(characters: list[str]) -> list[str]:
    """A folded syllable for each; rare characters without a known reading stay."""
    syllables = lazy_pinyin(
        "".join(characters),
        style=Style.TONE3,
        errors=list,  # type: ignore[arg-type]  # its stub leaves out that a list may be returned
    )
    return [_folded(syllable) for syllable in syllables]


def _folded(syllable: str) -> str:
    """One syllable with confusable parts made equal; the tone stays."""
    tone = syllable[-1] if syllable[-1].isdecimal() else ""
    syllable = syllable.removesuffix(tone)
    if syllable[:2] in ("zh", "ch", "sh"):
        syllable = syllable[0] + syllable[2:]
    if syllable[0] == "n" and len(syllable) > 1:
        syllable = "l" + syllable[1:]
    if syllable.endswith(("ang", "eng", "ing")):
        syllable = syllable[:-1]
    return syllable + tone
