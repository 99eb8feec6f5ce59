"""How text sounds, in one inventory for Chinese and Latin script.

Everything becomes Mandarin-like syllables, as in transliteration: `Stones` is s-, tong, s-, and so
is 斯通斯 but for the tones. That makes a name in either script comparable with what a recogniser
wrote in the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from models.recall import latin, pinyin
from models.recall.units import Unit

_DIGITS = "零一二三四五六七八九"
_LONGEST_NUMBER = 2  # digits read as one number; longer ones are read digit by digit
_MOST_IN_A_WORD = 24


class Syllable(NamedTuple):
    """initial, final: in pinyin ("" and "van" for yuan). tone: 1 to 5 (neutral), 0 unknown."""

    initial: str
    final: str
    tone: int = 0


class Spoken(NamedTuple):
    """A syllable, and the index of the unit that it comes from; None ends a sentence."""

    syllable: Syllable | None
    origin: int


def spoken(text: Sequence[Unit], *, spelt: bool = False) -> tuple[Spoken, ...]:
    """`text` as it is read out. Numbers are read in Chinese.

    spelt: acronyms (2 to 5 capitals) letter by letter, not as words.
    """
    read: list[Spoken] = []
    run: list[str] = []  # Chinese characters, read together: some have several readings
    origins: list[int] = []

    def close() -> None:
        read.extend(
            Spoken(Syllable(*syllable), origin)
            for syllable, origin in zip(pinyin.read("".join(run)), origins, strict=True)
        )
        run.clear()
        origins.clear()

    for at, unit in enumerate(text):
        if unit.chinese:
            run.append(unit.raw)
            origins.append(at)
        elif unit.raw.isdecimal():
            digits = _read_number(unit.raw)
            run.extend(digits)
            origins.extend([at] * len(digits))
        else:
            close()
            if not unit.written:
                read.append(Spoken(None, at))
                continue
            by_letter = len(unit.raw) == 1 or (spelt and acronym(unit.raw))
            sounds = latin.letters(unit.raw) if by_letter else latin.read(unit.raw)
            read.extend(Spoken(Syllable(*sound), at) for sound in sounds[:_MOST_IN_A_WORD])
    close()
    return tuple(read)


def acronym(raw: str) -> bool:
    """Whether a word may be read letter by letter."""
    return raw.isascii() and raw.rstrip("s").isupper() and 2 <= len(raw.rstrip("s")) <= 5


def _read_number(digits: str) -> str:
    """Its Chinese reading: 28 is 二十八, 2024 is 二零二四."""
    read = "".join(_DIGITS[int(digit)] for digit in digits)
    if len(read) != _LONGEST_NUMBER or digits[0] == "0":
        return read
    tens = "十" if digits[0] == "1" else read[0] + "十"
    return tens if digits[1] == "0" else tens + read[1]
