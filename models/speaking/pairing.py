"""Which stretch of Chinese is which Latin name, by evidence over a session's chunks.

Two witnesses: the two sound alike (`transliteration`), and where one stands the other does too
(Dice's coefficient over the chunks). Neither sees what the other does, so that the doubts that
they leave are multiplied. A wrong pair would be told to the LLM for the rest of a session: what is
doubtful is not paired.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from models.events import Term
from models.recall.syllables import Syllable, spoken
from models.recall.units import Unit, units
from models.speaking.mentions import Mention, lower_words, mentions
from models.speaking.transliteration import fit, likeness, readings
from models.speaking.wanted import stands

_SURE = 0.7
_MARGIN = 0.15  # ahead of what stands elsewhere in the chunk
_CHUNKS = 128  # about eight minutes: what recurs more seldom is a pair by its sound or not at all
_MOST_UNITS = 96  # of a chunk
_SHORTEST, _LONGEST = 2, 8  # characters
_MOST_LOWER = 2048
_MOST_LIKELY = 6  # stretches judged by their sound too
_UNLIKE, _ALIKE = 0.5, 0.9  # a likeness says nothing below the one, everything above the other
_SHORT_TRUST = 0.6  # two syllables sound like many things
_OPENING_TRUST = 0.6  # the first word of a sentence, which would have a capital anyhow
# Grammar's characters, which transliterations leave alone.
_PLAIN = frozenset("的了是我们你他她它这那就也都说吗呢吧啊呃嗯个着")
_PAUSE = re.compile("[，、；：,;:()（）]")  # no name goes on after one
_BREAK = "."


@dataclass(frozen=True, slots=True)
class Pair:
    """A name in both scripts, as they were written. sure: 0 to 1."""

    chinese: str
    latin: str
    sure: float


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Chinese: units, a key a unit ("." at breaks), the same as one string; Latin: the names."""

    said: tuple[Unit, ...]
    sounds: tuple[Syllable | None, ...]
    keys: tuple[str, ...]
    joined: str
    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A stretch that may be a name. sure: 0 to 1. possible: what it would be if all of the chunks
    with both were different occasions; as a rival that is what it counts."""

    start: int
    stop: int
    sure: float
    possible: float


@dataclass(slots=True)
class Pairing:
    """What was seen of one session: the newest 128 chunks. Deterministic."""

    _chunks: deque[_Chunk] = field(default_factory=lambda: deque(maxlen=_CHUNKS))
    _lower: set[str] = field(default_factory=set)

    def observe(self, chinese: str, latin: str, known: Iterable[Pair]) -> list[Pair]:
        """Take in a chunk in both languages; the pairs of it that are sure now.

        known: pairs that stand in both texts and are out of the question here.
        """
        known = tuple(known)
        if len(self._lower) < _MOST_LOWER:
            self._lower |= lower_words(latin)
        in_source = {unit.written for unit in units(chinese) if not unit.chinese}
        names = [
            mention
            for mention in mentions(latin)
            if not self._ordinary(mention, in_source)
            and not any(stands(Term("", pair.latin), mention.text) for pair in known)
        ]
        chunk = _chunk(chinese, names, known)
        self._chunks.append(chunk)
        found = [pair for name in names if (pair := self._pair(name, chunk)) is not None]
        return sorted(found, key=lambda pair: -pair.sure)

    def _ordinary(self, mention: Mention, in_source: set[str]) -> bool:
        """Whether it is copied from the source, or a sentence's first word and no name."""
        words = [unit.written for unit in units(mention.text)]
        if all(word in in_source for word in words):
            return True
        return mention.opens and len(words) == 1 and mention.text.lower() in self._lower

    def _pair(self, mention: Mention, chunk: _Chunk) -> Pair | None:
        found = [
            (stretch, text)
            for text, trust in _readings(mention)
            for stretch in self._stretches(text, trust, chunk)
        ]
        if not found:
            return None
        best, text = max(found, key=_preference)
        rivals = [
            other.possible
            for other, _ in found
            if other.stop <= best.start or best.stop <= other.start
        ]
        if best.sure < _SURE or best.sure - max(rivals, default=0.0) < _MARGIN:
            return None
        raw = "".join(unit.raw for unit in chunk.said[best.start : best.stop])
        return Pair(raw, text, best.sure)

    def _stretches(self, text: str, trust: float, chunk: _Chunk) -> Iterator[_Stretch]:
        """Stretches of `chunk` that may be the name `text`, with how sure each is."""
        said = readings(text)
        with_name = [other for other in self._chunks if text in other.names]
        seen = {
            (start, stop): self._by_company(chunk.keys[start:stop], with_name)
            for start, stop in _common(chunk, with_name)
        }
        likely = sorted(seen, key=lambda span: (-seen[span][1], span))[:_MOST_LIKELY]
        nearest = (fit(name, chunk.sounds) for name in said)
        likely += [(one.start, one.stop) for one in nearest if one is not None]
        for start, stop in dict.fromkeys(likely):
            if not _may_be_name(chunk.said[start:stop]):
                continue
            sounds = [sound for sound in chunk.sounds[start:stop] if sound is not None]
            heard = max(_by_sound(name, sounds) for name in said)
            doubt = 1 - trust * heard
            sure, possible = (
                1 - doubt * (1 - trust * met) for met in seen.get((start, stop), (0.0, 0.0))
            )
            yield _Stretch(start, stop, sure, possible)

    def _by_company(self, keys: Sequence[str], with_name: Sequence[_Chunk]) -> tuple[float, float]:
        """Dice's coefficient of the stretch and the name, less what few occasions can tell; and
        less what few chunks can. The same words again, as when a recogniser loops, are no other
        occasion."""
        wanted = _joined(keys)
        together = [chunk for chunk in with_name if wanted in chunk.joined]
        occasions = len({_neighbours(wanted, chunk.joined) for chunk in together})
        alone = sum(wanted in chunk.joined for chunk in self._chunks)
        dice = 2 * len(together) / (len(with_name) + alone)
        return dice * (1 - 1 / max(1, occasions)), dice * (1 - 1 / max(1, len(together)))


def _neighbours(wanted: str, joined: str) -> tuple[str, str]:
    """The keys before and after `wanted` where it stands first."""
    before, _, after = joined.partition(wanted)
    return before.rpartition(" ")[2], after.partition(" ")[0]


def _folded(sound: Syllable) -> str:
    """A syllable without its tone, and with what recognisers and accents confuse made equal:
    zh/z, ch/c, sh/s, n/l, and -ng/-n after a, e, i."""
    initial = {"zh": "z", "ch": "c", "sh": "s", "n": "l"}.get(sound.initial, sound.initial)
    nasal = sound.final.endswith(("ang", "eng", "ing"))
    return initial + (sound.final[:-1] if nasal else sound.final)


def _preference(one: tuple[_Stretch, str]) -> tuple[float, int, int]:
    """The surest; of equals the longest name and stretch."""
    stretch, text = one
    return stretch.sure, len(text), stretch.stop - stretch.start


def _by_sound(name: Sequence[Syllable], sounds: Sequence[Syllable]) -> float:
    score = likeness(name, sounds)
    alike = min(1.0, max(0.0, (score - _UNLIKE) / (_ALIKE - _UNLIKE)))
    return alike * (_SHORT_TRUST if min(len(name), len(sounds)) < 3 else 1.0)


def _wholes(names: Iterable[Mention]) -> Iterator[str]:
    """The names, and without a first word that may be none."""
    for name in names:
        yield name.text
        if name.opens and len(name.words) > 1:
            yield " ".join(name.words[1:])


def _readings(mention: Mention) -> Iterator[tuple[str, float]]:
    """The name as all of the words or some, and how far that may be trusted."""
    words = mention.words
    for start in range(len(words)):
        for stop in range(start + 1, len(words) + 1):
            trust = _OPENING_TRUST if mention.opens and start == 0 else 1.0
            yield " ".join(words[start:stop]), trust


def _may_be_name(stretch: Sequence[Unit]) -> bool:
    raw = {unit.raw for unit in stretch}
    fits = _SHORTEST <= len(stretch) <= _LONGEST and any(unit.chinese for unit in stretch)
    return fits and _PLAIN.isdisjoint(raw)


def _common(chunk: _Chunk, others: Sequence[_Chunk]) -> Iterator[tuple[int, int]]:
    """Stretches of `chunk` that may be names and stand in most of `others`, two or more."""
    if len(others) < 2:
        return
    for start in range(len(chunk.keys)):
        for stop in range(start + _SHORTEST, min(start + _LONGEST, len(chunk.keys)) + 1):
            keys = chunk.keys[start:stop]
            wanted = _joined(keys)
            if _BREAK in keys or not _PLAIN.isdisjoint(unit.raw for unit in chunk.said[start:stop]):
                break
            if sum(wanted in other.joined for other in others) * 4 < len(others) * 3:
                break  # a longer one is in no more of them
            yield start, stop


def _chunk(chinese: str, names: Iterable[Mention], known: Iterable[Pair]) -> _Chunk:
    said = units(_PAUSE.sub("\n", chinese))[:_MOST_UNITS]
    sounds: list[Syllable | None] = [None] * len(said)
    for sound, origin in spoken(said):
        if said[origin].chinese:
            sounds[origin] = sound
    keys = [
        (_folded(sound) if sound else unit.written) or _BREAK
        for unit, sound in zip(said, sounds, strict=True)
    ]
    for pair in known:
        name = [unit.raw for unit in units(pair.chinese)]
        for at in range(len(said) - len(name) + 1):
            if [unit.raw for unit in said[at : at + len(name)]] == name:
                sounds[at : at + len(name)] = [None] * len(name)
                keys[at : at + len(name)] = [_BREAK] * len(name)
    return _Chunk(said, tuple(sounds), tuple(keys), _joined(keys), frozenset(_wholes(names)))


def _joined(keys: Sequence[str]) -> str:
    return f" {' '.join(keys)} "
