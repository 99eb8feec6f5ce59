"""Where a name stands in a text, by its text or by its sound.

For the few names that a session has met: a recogniser writes 马奎尔 and 马亏尔 for one name, but
as many characters. Glossaries of any size have `models.recall`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from models.recall.features import vector
from models.recall.syllables import Syllable, spoken
from models.recall.units import Unit, units

_FAR = 0.07  # mean distance of syllables that may be the same name …
_SAME = 0.01  # … and of two, which only the tones keep apart from everyday words


@dataclass(frozen=True, slots=True)
class Part:
    """A unit of a text, and how it sounds if it is a Chinese character."""

    unit: Unit
    sound: Syllable | None


@dataclass(frozen=True, slots=True)
class Place:
    """Parts `start` to `stop` (exclusive) of a text. distance: of its sound from the name's, mean
    of the syllables; 0 is the same."""

    start: int
    stop: int
    distance: float


def parts(text: str) -> tuple[Part, ...]:
    """`text` to look names up in, or a name to look up."""
    read = units(text)
    sounds: list[Syllable | None] = [None] * len(read)
    for sound, origin in spoken(read):
        if read[origin].chinese:
            sounds[origin] = sound
    return tuple(Part(unit, sound) for unit, sound in zip(read, sounds, strict=True))


def places(name: Sequence[Part], text: Sequence[Part]) -> Iterator[Place]:
    """Where `name` may stand in `text`, in order; they may overlap.

    Words have to be the same, and so have a name's capitals: stones are not Stones. Characters may
    be others that sound alike: nearly the same, tones too, in names of two, and in longer ones
    about as near as two readings of one recogniser. A single one has to be the same.
    """
    for start in range(len(text) - len(name) + 1 if name else 0):
        distance = _distance(name, text[start : start + len(name)])
        if distance is not None:
            yield Place(start, start + len(name), distance)


def _distance(name: Sequence[Part], stretch: Sequence[Part]) -> float | None:
    limit = _FAR if len(name) > 2 else _SAME if len(name) > 1 else 0.0
    total = 0.0
    for own, other in zip(name, stretch, strict=True):
        if own.unit.written == other.unit.written:
            if own.unit.raw[0].isupper() and not other.unit.raw[0].isupper():
                return None
            continue
        if own.sound is None or other.sound is None:
            return None
        total += _apart(own.sound, other.sound)
        if total > limit * len(name):
            return None
    return total / len(name)


@lru_cache(maxsize=65_536)
def _apart(one: Syllable, other: Syllable) -> float:
    difference = vector(one) - vector(other)
    return float(difference @ difference)
