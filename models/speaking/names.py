"""The ledger: names and terms that a session has translated, and how (CLASI's UPDATE_MEM).

A recent name is seen in the memory's chunks; when those are gone the ledger still has it, and hands
it to the prompt where it is said again, so that a name stays the same through an hour. What it
learns from the session's own translations is only as right as they are: it makes them consistent.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import combinations

from models.events import Term
from models.recall.recall import Found, Recalled
from models.recall.syllables import spoken
from models.recall.units import composed, units
from models.speaking.mentions import WrittenPair, written_pairs
from models.speaking.pairing import Pair, Pairing
from models.speaking.places import Part, parts, places
from models.speaking.transliteration import fit, readings
from models.speaking.wanted import stands

_ENTRIES = 64
_MOST_FOUND = 8
_MOST_SOURCE, _MOST_TARGET = 32, 60  # characters
_MOST_TEXT = 400
_MOST_MISSED = 3  # times in a row that the LLM did otherwise: the pair may be wrong
_TOLD = 0.6  # the probability of what was learned, or only sounds so: told, not insisted on
_ALIKE = 0.6  # in sound: brackets hold other things than names too

Key = tuple[str, ...]


def _nothing(_: Term) -> bool:
    return False


class Ledger:
    """One session's names: at most 64, the least recently used leaves. Deterministic.

    target: the language translated into, "en" or "zh". context: the client's text about the talk;
    names that it gives in both scripts are certain. Not for concurrent calls.
    """

    def __init__(self, target: str, context: str = "") -> None:
        self._to_chinese = target == "zh"
        self._entries: OrderedDict[Key, _Entry] = OrderedDict()  # the latest used last
        self._pairing = Pairing()
        for written in written_pairs(context):
            chinese = _of_context(written)
            if chinese:
                self._put(self._term(chinese, written.latin), certain=True)

    @property
    def terms(self) -> tuple[Term, ...]:
        """All names, the least recently used first."""
        return tuple(entry.term for entry in self._entries.values())

    def find(self, found: Found, shown: Callable[[Term], bool] = _nothing) -> Found:
        """`found` with the names of the ledger that are said in its text, by text or by sound,
        where no term of it stands; 8 together at most, a name once.

        shown: says of a name that the LLM sees its rendering anyhow; it is left out.
        """
        taken = [(one.start, one.stop) for one in found.terms]
        told = list(found.terms)
        for key, start, stop in self._said(found.text):
            entry = self._entries[key]
            free = all(stop <= first or last <= start for first, last in taken)
            known = any(one.term == entry.term for one in told)
            if free and not known and len(told) < _MOST_FOUND and not shown(entry.term):
                written = tuple(unit.raw for unit in units(found.text[start:stop])) == key
                probability = 1.0 if entry.certain and written else _TOLD
                told.append(Recalled(entry.term, start, stop, probability))
        return Found(found.text, tuple(sorted(told, key=lambda one: one.start)))

    def learn(self, source: str, translation: str, terms: Iterable[Term] = ()) -> None:
        """Take in a chunk and its translation. terms: the session's own that were found in it."""
        source, translation = composed(source)[:_MOST_TEXT], translation[: 2 * _MOST_TEXT]
        for term in terms:
            if stands(term, translation):
                self._put(Term(term.source, term.target), certain=True)
        said = self._said(source)
        known = [
            self._pair(source[start:stop], self._entries[key].term) for key, start, stop in said
        ]
        for key in {key: None for key, _, _ in said}:
            self._used(key, translation)
        chinese, latin = (translation, source) if self._to_chinese else (source, translation)
        for pair in self._pairing.observe(chinese, latin, known):
            self._put(self._term(pair.chinese, pair.latin), certain=False)

    def _said(self, text: str) -> list[tuple[Key, int, int]]:
        """The entries in the first 400 characters of `text`, and their characters there; in order,
        without overlap: the longer before the shorter, the nearer before the farther."""
        said = parts(text[:_MOST_TEXT])
        near = [
            (-len(key), place.distance, place.start, key)
            for key, entry in self._entries.items()
            for place in places(entry.name, said)
        ]
        taken = [False] * len(said)
        chosen: list[tuple[Key, int, int]] = []
        for _, _, start, key in sorted(near):
            place = slice(start, start + len(key))
            if not any(taken[place]):
                taken[place] = [True] * len(key)
                last = said[start + len(key) - 1].unit
                chosen.append((key, said[start].unit.at, last.at + len(last.raw)))
        return sorted(chosen, key=lambda one: one[1])

    def _used(self, key: Key, translation: str) -> None:
        """An entry was said; the translation has its rendering, or not."""
        entry = self._entries[key]
        self._entries.move_to_end(key)
        entry.missed = 0 if stands(entry.term, translation) else entry.missed + 1
        if entry.missed >= _MOST_MISSED and not entry.certain:
            del self._entries[key]

    def _put(self, term: Term, *, certain: bool) -> None:
        name = parts(term.source)
        key = tuple(part.unit.raw for part in name)
        fits = len(term.source) <= _MOST_SOURCE and 0 < len(term.target) <= _MOST_TARGET
        if not key or not fits or not all(part.unit.written for part in name):
            return
        before = self._entries.get(key)
        if before is not None and (not certain or before.term == term):
            return  # the first rendering stays, and is no surer for having been told
        self._entries[key] = _Entry(term, name, certain)
        self._entries.move_to_end(key)
        if len(self._entries) > _ENTRIES:
            learned = (key for key, entry in self._entries.items() if not entry.certain)
            del self._entries[next(learned, next(iter(self._entries)))]

    def _term(self, chinese: str, latin: str) -> Term:
        return Term(latin, chinese) if self._to_chinese else Term(chinese, latin)

    def _pair(self, written: str, term: Term) -> Pair:
        if self._to_chinese:
            return Pair(term.target, written, 1.0)
        return Pair(written, term.target, 1.0)


@dataclass(slots=True)
class _Entry:
    term: Term
    name: tuple[Part, ...]
    certain: bool
    missed: int = 0


def _of_context(written: WrittenPair) -> str:
    """The Chinese of a pair that is one; "" of others: 马奎尔（队长） is in brackets too."""
    if written.equated:
        return written.chinese
    characters = [unit for unit in units(written.chinese) if unit.chinese]
    sounds = [sound for sound, _ in spoken(characters)]
    words = written.latin.split(" ")
    parts = (words[start:stop] for start, stop in combinations(range(len(words) + 1), 2))
    fits = (fit(name, sounds) for part in parts for name in readings(" ".join(part)))
    ends = [one for one in fits if one is not None and one.stop == len(characters)]
    names = [one for one in ends if one.score >= _ALIKE and one.stop - one.start > 1]
    best = max(names, key=lambda one: (one.score, -one.start), default=None)
    return "".join(unit.raw for unit in characters[best.start :]) if best else ""
