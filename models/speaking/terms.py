"""Which of a session's terms occur in a chunk, by its text and by its sound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from models.events import Term
from models.speaking.sounds import BREAK, Units, sounds, toneless, units

_TONED_SYLLABLES = 2  # so short, only the tones keep a sound apart from everyday words
_LEAST_SYLLABLES = 2  # a single syllable sounds like dozens of words


@dataclass(frozen=True, slots=True)
class _Found:
    """A term at units `start` to `stop` (exclusive) of the text."""

    start: int
    stop: int
    by_sound: bool
    term: Term


class _Index:
    """Sequences of units to terms: a look-up per position and length, however many terms."""

    def __init__(self) -> None:
        self._terms: dict[Units, Term] = {}
        self._lengths: list[int] = []

    def add(self, key: Units, term: Term) -> None:
        """Remember `term`; the first of two with the same key stays."""
        if key and BREAK not in key and key not in self._terms:
            self._terms[key] = term
            if len(key) not in self._lengths:
                self._lengths.append(len(key))

    def find(self, text: Sequence[str]) -> list[tuple[int, int, Term]]:
        """Start, stop (exclusive) and term of every occurrence, overlapping ones too."""
        found = []
        for start in range(len(text)):
            for length in self._lengths:
                stop = start + length
                term = self._terms.get(tuple(text[start:stop])) if stop <= len(text) else None
                if term is not None:
                    found.append((start, stop, term))
        return found


class TermMatcher:
    """Finds a session's terms in source text. Immutable, and safe to share between threads.

    terms: the first of two with the same source wins; a source without a letter, digit or
        Chinese character is never found.
    limit: how many terms one text may have; the longest are kept.

    Building takes about 0.15 ms a term: build a large matcher off the event loop.
    """

    def __init__(self, terms: tuple[Term, ...], limit: int = 8) -> None:
        assert limit > 0
        self.limit = limit
        self._by_text = _Index()
        self._by_sound = _Index()
        self._by_tone = _Index()
        for term in terms:
            written = units(term.source)
            self._by_text.add(written, term)
            spoken, _ = sounds(written)
            if tuple(spoken) == written:
                continue  # its sound says nothing that its text does not
            if len(spoken) > _TONED_SYLLABLES:
                self._by_sound.add(toneless(spoken), term)
            elif len(spoken) >= _LEAST_SYLLABLES:
                self._by_tone.add(tuple(spoken), term)

    def matches(self, source_text: str) -> tuple[Term, ...]:
        """The terms in `source_text` in the order in which they first occur, each once.

        By text: script, case, width, punctuation and an English plural's s do not matter; Latin
        words match whole. By sound: pinyin with the usual confusions folded, without tones for
        terms of three syllables or more, with tones for those of two. Of overlapping terms the
        longest wins, and text before sound.
        """
        written = units(source_text)
        found = [
            _Found(start, stop, False, term) for start, stop, term in self._by_text.find(written)
        ]
        spoken, origins = sounds(written)
        found += [
            _Found(origins[start], origins[stop - 1] + 1, True, term)
            for start, stop, term in (
                *self._by_sound.find(toneless(spoken)),
                *self._by_tone.find(spoken),
            )
        ]
        return self._chosen(found, len(written))

    def _chosen(self, found: list[_Found], length: int) -> tuple[Term, ...]:
        """The best that do not overlap, in order."""
        found.sort(key=lambda f: (f.start - f.stop, f.by_sound, f.start))
        taken = [False] * length
        first: dict[Term, int] = {}
        for match in found:
            if any(taken[match.start : match.stop]):
                continue
            taken[match.start : match.stop] = [True] * (match.stop - match.start)
            if match.term in first or len(first) < self.limit:
                first[match.term] = min(match.start, first.get(match.term, match.start))
        return tuple(sorted(first, key=lambda term: first[term]))
