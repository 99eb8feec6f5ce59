"""Chinese characters as pinyin: initial, final and tone.

pypinyin's tables by a longest match of ours: its own segmenter takes 0.15 ms a term, which is too
long for a glossary of 100,000.
"""

from __future__ import annotations

from functools import cache

from pypinyin.contrib.tone_convert import to_finals, to_initials, to_tone3
from pypinyin.phrases_dict import phrases_dict
from pypinyin.pinyin_dict import pinyin_dict

Parts = tuple[str, str, int]
"""Initial, final and tone (1 to 5) of a syllable."""

_LONGEST_PHRASE = 6  # longer ones are proverbs, whose parts read the same
_UNKNOWN: Parts = ("", "", 0)


def read(characters: str) -> list[Parts]:
    """A syllable for each of `characters`, those with several readings by their neighbours.

    A character that pypinyin does not know is a syllable without sound.
    """
    found: list[Parts] = []
    at = 0
    while at < len(characters):
        for length in range(min(_LONGEST_PHRASE, len(characters) - at), 1, -1):
            phrase = characters[at : at + length]
            if phrase in phrases_dict:
                found += [_parts(readings[0]) for readings in phrases_dict[phrase]]
                at += length
                break
        else:
            found.append(_single(characters[at]))
            at += 1
    return found


@cache  # at most as many as there are characters
def _single(character: str) -> Parts:
    readings = pinyin_dict.get(ord(character))
    return _parts(readings.split(",")[0]) if readings else _UNKNOWN


@cache  # about 1,500 syllables
def _parts(syllable: str) -> Parts:
    tone = to_tone3(syllable, neutral_tone_with_five=True)[-1:]
    initial = to_initials(syllable, strict=True)
    return initial, to_finals(syllable, strict=True), int(tone) if tone.isdecimal() else 5
