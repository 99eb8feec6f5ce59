"""A glossary made searchable: by its text, and by how its terms sound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.events import Term
from models.recall.bucket import Bucket
from models.recall.features import row
from models.recall.query import Query
from models.recall.syllables import acronym, spoken
from models.recall.units import Unit, units

_SEPARATOR = "\n"  # in no unit
_LEAST, _MOST = 2, 16  # syllables of what is looked for by its sound
_FAR = 0.3
"""Cost a syllable above which nothing is proposed."""
_WRITTEN = 0.2  # the same text says more than the same sound


@dataclass(frozen=True, slots=True)
class Candidate:
    """A term that may be spoken in a text.

    start, stop: its units in the text. syllables: of its form. cost: the sum of their distances
    from what is there; 0 is the same sound. written: whether the text has it letter by letter.
    """

    term: Term
    start: int
    stop: int
    syllables: int
    cost: float
    written: bool

    @property
    def score(self) -> float:
        """Evidence, to rank by: what each syllable says for the term, less what says against."""
        return _FAR * self.syllables - self.cost + (_WRITTEN if self.written else 0)


class TermIndex:
    """Terms made searchable. Immutable, and safe to share between sessions and threads.

    terms: the first of two with the same source or spoken form has it. What has neither letter,
        digit nor Chinese character is never found; single syllables and what has more than 16 are
        found by their text only.

    Building takes about 50 µs and 500 bytes a term (python -m evaluation.retrieval): off the event
    loop.
    """

    def __init__(self, terms: Sequence[Term]) -> None:
        self.terms = tuple(terms)
        self._written: dict[str, int] = {}
        self._lengths: dict[int, None] = {}
        by_length: dict[int, dict[bytes, int]] = {}
        for number, term in enumerate(self.terms):
            for form in (term.source, *term.spoken):
                text = units(form)
                self._write(text, number)
                for sounds in _pronunciations(text):
                    if _LEAST <= len(sounds) <= _MOST:
                        by_length.setdefault(len(sounds), {}).setdefault(sounds.tobytes(), number)
        self._buckets = tuple(
            Bucket(
                np.frombuffer(b"".join(forms), np.int16).reshape(len(forms), length),
                list(forms.values()),
            )
            for length, forms in sorted(by_length.items())
        )
        self._counts = {length: len(forms) for length, forms in by_length.items()}

    def __len__(self) -> int:
        return len(self.terms)

    def forms(self, syllables: int) -> int:
        """How many forms of as many syllables are compared by their sound."""
        return self._counts.get(syllables, 0)

    def _write(self, text: tuple[Unit, ...], number: int) -> None:
        key = [unit.written for unit in text if unit.written]
        if key:
            self._written.setdefault(_SEPARATOR.join(key), number)
            self._lengths[len(key)] = None

    def search(self, query: Query, most: int) -> list[Candidate]:
        """The `most` likeliest of all terms at all places in the text of `query`, best first; for
        each term and place where it would begin, its best stretch."""
        best: dict[tuple[int, int], Candidate] = {}
        for number, candidate in (*self._by_text(query), *self._by_sound(query)):
            before = best.get((number, candidate.start))
            if before is None or candidate.score > before.score:
                best[number, candidate.start] = candidate
        return sorted(best.values(), key=lambda found: (-found.score, found.start))[:most]

    def _by_text(self, query: Query) -> list[tuple[int, Candidate]]:
        written = query.written
        found = []
        for start in range(len(written)):
            for length in self._lengths:
                stop = start + length
                if stop > len(written):
                    continue
                number = self._written.get(_SEPARATOR.join(written[start:stop]))
                if number is not None:
                    term, said = self.terms[number], query.syllables(start, stop)
                    found.append((number, Candidate(term, start, stop, said, 0.0, True)))
        return found

    def _by_sound(self, query: Query) -> list[tuple[int, Candidate]]:
        found = []
        origins = np.array(query.origins, np.int64)
        for bucket in self._buckets:
            windows = query.windows(bucket.length)
            if windows is None:
                continue
            hits = bucket.search(windows, _FAR * bucket.length)
            starts, stops = origins[hits.starts], origins[hits.stops - 1] + 1
            for number, start, stop, cost in zip(
                hits.forms.tolist(),
                starts.tolist(),
                stops.tolist(),
                hits.costs.tolist(),
                strict=True,
            ):
                term = self.terms[number]
                found.append((number, Candidate(term, start, stop, bucket.length, cost, False)))
        return found


def _pronunciations(text: tuple[Unit, ...]) -> list[NDArray[np.int16]]:
    """How it may be read, as rows of `features.TABLE`: acronyms as words and letter by letter."""
    ways = [spoken(text)]
    if any(acronym(unit.raw) for unit in text):
        ways.append(spoken(text, spelt=True))
    return [
        np.array([row(sound.syllable) for sound in way if sound.syllable], np.int16) for way in ways
    ]
