"""How alike a Latin name and a stretch of Chinese sound, by syllables of one inventory.

`De Bruyne` is read d-, b-, ruen and 德布劳内 de, bu, lao, nei: an alignment of the two with the
costs below says how well one stands for the other.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from pypinyin.contrib.tone_convert import to_finals, to_initials

from models.recall.latin import NEUTRAL
from models.recall.syllables import Syllable, spoken
from models.recall.units import units

Syllables = tuple[Syllable, ...]

_SIBILANTS = frozenset(("zh", "ch", "sh", "z", "c", "s", "j", "q", "x"))
_STOPS = tuple(map(frozenset, ("bp", "dt", "gk")))  # 德 for d and for t
_LIQUIDS = frozenset("lr")
_NEAR = {
    **dict.fromkeys(map(frozenset, (("l", "n"), ("g", "j"), ("k", "q"), ("h", "x"))), 0.2),
    **dict.fromkeys(map(frozenset, (("f", "h"), ("h", ""), ("f", ""), ("r", "n"))), 0.35),
}
_NUCLEI = {
    "a": "a ai an ang ia ian iang ua uai uan uang van",
    "e": "e ei en eng ie uei uen ve ê",
    "i": "i in ing v vn",
    "o": "o ong ou ao iao iong iou uo ueng",
    "u": "u",
}
_NUCLEUS = {final: vowel for vowel, finals in _NUCLEI.items() for final in finals.split()}
_CLOSE = tuple(map(frozenset, ("ae", "ao", "ei", "ou", "eo")))
_LONGEST_PINYIN = 30  # letters
_PINYIN = re.compile(
    "(?:[zcs]h|[bpmfdtnlgkhjqxrzcsyw])?(?:"
    "iang|iong|uang|ang|eng|ing|ong|ian|iao|uai|uan|ai|an|ao|ei|en|er|ia|ie|in|iu|ou"
    "|ua|ue|ui|un|uo|a|e|i|o|u|v)(?![aeiouv])"
)


@dataclass(frozen=True, slots=True)
class Fit:
    """Where a name is said: syllables `start` to `stop` (exclusive). score: 1 is the same sound."""

    start: int
    stop: int
    score: float


@lru_cache(maxsize=1024)
def readings(name: str) -> tuple[Syllables, ...]:
    """How a Latin `name` may be said: by the rules of spelling, and as pinyin where it is that."""
    letters = re.sub(r"[\s'’-]", "", name.lower())
    said = _PINYIN.findall(letters) if len(letters) <= _LONGEST_PINYIN else []
    found = [tuple(sound for sound, _ in spoken(units(name)) if sound is not None)]
    if said and "".join(said) == letters:
        parts = ((to_initials(one, strict=True), to_finals(one, strict=True)) for one in said)
        found.append(tuple(Syllable(*part) for part in parts))
    return tuple(found)


def fit(name: Sequence[Syllable], text: Sequence[Syllable | None]) -> Fit | None:
    """The stretch of `text` (None: a break) that sounds most like `name`; the first of equals.

    Takes time len(name) * len(text).
    """
    best: Fit | None = None
    columns = _first(name, 0)
    for at, syllable in enumerate(text):
        if syllable is None:
            columns = _first(name, at + 1)
            continue
        columns = _next(name, columns, syllable, at + 1)
        start, cost = columns.starts[-1], columns.costs[-1]
        score = 1 - cost / max(len(name), at + 1 - start, 1)
        if name and start <= at and (best is None or score > best.score):
            best = Fit(start, at + 1, score)
    return best


def likeness(name: Sequence[Syllable], stretch: Sequence[Syllable]) -> float:
    """The score of `name` for the whole of `stretch`; at most 1, below 0 for strangers."""
    columns = _first(name, 0)
    for syllable in stretch:
        columns = _next(name, columns, syllable, None)
    return 1 - columns.costs[-1] / max(len(name), len(stretch), 1)


@dataclass(frozen=True, slots=True)
class _Columns:
    """costs[i], starts[i]: of the best alignment of name[:i] that ends at this syllable, and where
    it begins. before: the same one syllable earlier; None at a break."""

    costs: list[float]
    starts: list[int]
    syllable: Syllable | None = None
    before: _Columns | None = None


def _first(name: Sequence[Syllable], start: int) -> _Columns:
    costs = [0.0]
    for syllable in name:
        costs.append(costs[-1] + _left_out(syllable, said=False))
    return _Columns(costs, [start] * len(costs))


def _next(
    name: Sequence[Syllable], last: _Columns, syllable: Syllable, free: int | None
) -> _Columns:
    """After one more syllable of the text. free: where a stretch may begin for nothing; None:
    only at the text's beginning."""
    extra = _left_out(syllable, said=True)
    costs = [last.costs[0] + extra if free is None else 0.0]
    starts = [last.starts[0] if free is None else free]
    earlier = last.before
    for row, own in enumerate(name):
        cost, start = last.costs[row] + _exchange(own, syllable), last.starts[row]
        if last.costs[row + 1] + extra < cost:
            cost, start = last.costs[row + 1] + extra, last.starts[row + 1]
        if costs[row] + _left_out(own, said=False) < cost:
            cost, start = costs[row] + _left_out(own, said=False), starts[row]
        if earlier is not None and last.syllable is not None:
            two = earlier.costs[row] + _split(own, last.syllable, syllable)
            if two < cost:
                cost, start = two, earlier.starts[row]
        costs.append(cost)
        starts.append(start)
    last = _Columns(last.costs, last.starts, last.syllable)  # no longer history than is needed
    return _Columns(costs, starts, syllable, last)


@lru_cache(maxsize=16_384)
def _split(latin: Syllable, one: Syllable, two: Syllable) -> float:
    """The cost of a Latin syllable for two Chinese ones: ruen is 劳内, with the n by itself."""
    if not _nasal(latin.final) or _nasal(one.final) or two.initial not in ("n", "m"):
        return 2.0
    return _exchange(Syllable(latin.initial, latin.final.rstrip("ng")), one) + 0.05


@lru_cache(maxsize=16_384)
def _exchange(latin: Syllable, chinese: Syllable) -> float:
    """The cost of one for the other, 0 to 1."""
    one, two = _consonant(latin), _consonant(chinese)
    return min(1.0, _initials(one[0], two[0]) + _finals(one[1], two[1]))


def _consonant(syllable: Syllable) -> tuple[str, str]:
    """Initial and final; 尔, which stands for l and r, as a consonant."""
    return ("l", NEUTRAL) if syllable.final == "er" else (syllable.initial, syllable.final)


def _initials(one: str, two: str) -> float:
    if one == two:
        return 0.0
    pair = frozenset((one, two))
    if pair == _LIQUIDS:
        return 0.05
    if any(pair <= {*stops} for stops in _STOPS):
        return 0.15
    if pair <= _SIBILANTS:
        return 0.15
    return _NEAR.get(pair, 1.0)


def _finals(one: str, two: str) -> float:
    if one == two:
        return 0.0
    first, second = _NUCLEUS.get(one, ""), _NUCLEUS.get(two, "")
    nasal = 0.0 if _nasal(one) == _nasal(two) else 0.2
    if first == second:
        return nasal + 0.05
    if "" in (first, second):  # 特, 斯, 布, 克 stand for a consonant; 塔 does not
        return nasal + (0.05 if {first, second} & {"e", "i", "u"} else 0.2)
    return nasal + (0.1 if frozenset((first, second)) in _CLOSE else 0.25)


def _nasal(final: str) -> bool:
    return final.endswith(("n", "ng"))


@lru_cache(maxsize=4096)
def _left_out(syllable: Syllable, *, said: bool) -> float:
    """The cost of a syllable without a partner; said: it is one of the Chinese text."""
    initial, final = _consonant(syllable)
    if final == NEUTRAL:
        return 0.3 if initial in ("l", "r") else 0.6
    if not initial:
        return 0.5
    return 1.0
