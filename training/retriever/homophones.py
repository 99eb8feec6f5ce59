"""Near-homophones: keys that differ from what was said in a known way, in one place."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from pypinyin.pinyin_dict import pinyin_dict

from models.recall.pinyin import read
from models.recall.syllables import Syllable

Key = tuple[Syllable, ...]
KINDS = ("tone", "initial", "final", "syllable", "longer", "half")
"""tone, initial, final: of one syllable. syllable: a whole other one. longer: one more at an end.
half: the last half, or the first, is another word's."""

_CLOSE_INITIALS = (
    "zh z",
    "ch c",
    "sh s",
    "n l r",
    "b p",
    "d t",
    "g k",
    "j q",
    "f h",
    "zh ch",
    "m n",
)
_CLOSE_FINALS = (
    *("an ang", "en eng", "in ing", "ian iang", "uan uang", "uen ong", "o uo", "e er", "ai ei"),
    *("ou ao", "ie ve", "i v", "ia iao", "uei ei", "ian ie", "iou ou", "an ai"),
)
_CLOSE = 0.5  # of the changes are to what people and recognisers confuse


@dataclass(frozen=True, slots=True)
class Change:
    """key: what nobody said. kind: one of KINDS. wrong: which of its syllables were not said."""

    key: Key
    kind: str
    wrong: frozenset[int]


def changed(key: Key, kind: str, other: Key, chance: random.Random) -> Change | None:
    """`key` made wrong in the way of `kind`; None where it cannot be, or not for certain.

    other: another word, which `longer` and `half` take from.
    """
    if kind == "half":
        return _half(key, other, chance)
    if kind == "longer":
        more = chance.choice(other)
        at_end = chance.random() < 0.5
        longer = (*key, more) if at_end else (more, *key)
        return Change(longer, kind, frozenset({len(key) if at_end else 0}))
    at = chance.randrange(len(key))
    syllable = _one(key, at, kind, other, chance)
    if syllable is None or syllable == key[at]:
        return None
    return Change((*key[:at], syllable, *key[at + 1 :]), kind, frozenset({at}))


def _half(key: Key, other: Key, chance: random.Random) -> Change:
    middle = len(key) // 2
    if chance.random() < 0.5:
        taken = other[-(len(key) - middle) :]
        return Change(
            (*key[:middle], *taken), "half", frozenset(range(middle, middle + len(taken)))
        )
    taken = other[: max(1, middle)]
    return Change((*taken, *key[middle:]), "half", frozenset(range(len(taken))))


def _one(key: Key, at: int, kind: str, other: Key, chance: random.Random) -> Syllable | None:
    syllable = key[at]
    if kind == "tone":
        return _other_tone(key, at, chance)
    if kind == "syllable":
        return chance.choice(other)
    name = getattr(syllable, kind)
    groups = _CLOSE_INITIALS if kind == "initial" else _CLOSE_FINALS
    close = [one for group in groups if name in group.split() for one in group.split()]
    if not close or chance.random() > _CLOSE:
        close = [getattr(one, kind) for one in chance.sample(_all(), 4)]
    new = chance.choice([one for one in close if one != name] or [name])
    found = syllable._replace(**{kind: new})
    # Latin words have syllables that Mandarin has not
    return found if syllable.tone == 0 or (found.initial, found.final) in _sounds() else None


def _other_tone(key: Key, at: int, chance: random.Random) -> Syllable | None:
    """Not 2 for 3 before a third tone, where both are said the same; no neutral ones."""
    syllable = key[at]
    if syllable.tone not in (1, 2, 3, 4):
        return None
    tone = chance.choice([tone for tone in (1, 2, 3, 4) if tone != syllable.tone])
    sandhi = {tone, syllable.tone} == {2, 3}
    if sandhi and (at + 1 == len(key) or key[at + 1].tone == 3):
        return None
    return syllable._replace(tone=tone)


@cache
def _all() -> tuple[Syllable, ...]:
    """The syllables of Mandarin, their tones as in the dictionary."""
    characters = "".join(map(chr, sorted(code for code in pinyin_dict if 0x4E00 <= code <= 0x9FA5)))
    found = {Syllable(*parts) for character in characters for parts in read(character)}
    return tuple(sorted(one for one in found if one.final and one.tone))


@cache
def _sounds() -> frozenset[tuple[str, str]]:
    return frozenset((one.initial, one.final) for one in _all())


def heard_in(key: Key, said: Sequence[Key]) -> bool:
    """Whether `key` is spoken in one of the clauses `said`. Tones do not count where either side
    has none."""
    return any(
        all(_same(a, b) for a, b in zip(key, clause[start:], strict=False))
        for clause in said
        for start in range(len(clause) - len(key) + 1)
    )


def _same(one: Syllable, other: Syllable) -> bool:
    if one[:2] != other[:2]:
        return False
    return one.tone == other.tone or 0 in (one.tone, other.tone)
