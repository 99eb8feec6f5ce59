"""What of a session's terms and glossaries is spoken in a chunk (CLASI's RETRIEVE)."""

from __future__ import annotations

import asyncio
import math
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from models.config import RecallConfig
from models.events import SessionSpec, Term
from models.interpreter import Telemetry
from models.recall.chance import share
from models.recall.index import Candidate, TermIndex
from models.recall.query import Query

_MISHEARD = 0.05  # mean cost a syllable of what is spoken: exponentially distributed
_TONED, _SAME = 2, 0.01  # so short, only the tones keep it apart from everyday words
_CANDIDATES = 64  # looked at for each glossary
_SMALL = 500  # terms up to which a search is not worth a thread
_REMEMBERED = 8  # texts whose terms are kept: previews, boundaries and commits ask for the same
_FAMILIAR = 500  # terms of the session so far that are expected again


@dataclass(frozen=True, slots=True)
class Recalled:
    """A term that is spoken in a text.

    start, stop: characters of `Found.text`. probability: that it is spoken there, 0 to 1.
    """

    term: Term
    start: int
    stop: int
    probability: float


@dataclass(frozen=True, slots=True)
class Found:
    """text: what was searched, in NFC. terms: those in it, in order and without overlap."""

    text: str
    terms: tuple[Recalled, ...] = ()


class Recall:
    """One session's. `find` may be called for any text; `heard` says which terms proved true."""

    def __init__(self, spec: SessionSpec, config: RecallConfig, telemetry: Telemetry) -> None:
        self._spec = spec
        self._config = config
        self._telemetry = telemetry
        self._own: TermIndex | None = None
        self._found: OrderedDict[str, tuple[tuple[TermIndex, ...], Found]] = OrderedDict()
        self._familiar: OrderedDict[Term, None] = OrderedDict()

    async def find(self, text: str) -> Found:
        """The terms that are spoken in `text`, at most `most` of the configuration.

        Overlapping ones: the one with more evidence, of equals that of the glossary named first.
        """
        indexes = await self._indexes()
        before = self._found.get(text)
        if before is not None and before[0] == indexes:
            self._found.move_to_end(text)
            return before[1]
        if sum(map(len, indexes)) <= _SMALL:
            found = self._search(text, indexes)
        else:
            found = await asyncio.to_thread(self._search, text, indexes)
        self._found[text] = indexes, found
        if len(self._found) > _REMEMBERED:
            self._found.popitem(last=False)
        return found

    def heard(self, terms: Sequence[Term]) -> None:
        """These stand in a translation: they are likelier to come again."""
        for term in terms:
            self._familiar[term] = None
            self._familiar.move_to_end(term)
            if len(self._familiar) > _FAMILIAR:
                self._familiar.popitem(last=False)

    async def _indexes(self) -> tuple[TermIndex, ...]:
        """The session's own terms, then its glossaries as they are now."""
        if self._own is None:
            build = partial(TermIndex, self._spec.terms)
            many = len(self._spec.terms) > _SMALL
            self._own = await asyncio.to_thread(build) if many else build()
            await self._expect(self._own)
        shared = self._spec.glossaries.indexes() if self._spec.glossaries else ()
        return tuple(index for index in (self._own, *shared) if len(index))

    async def _expect(self, own: TermIndex) -> None:
        """Terms that the session's context names are familiar from the start."""
        shared = self._spec.glossaries.indexes() if self._spec.glossaries else ()
        query = Query(self._spec.context)
        for index in (own, *shared):
            found = await asyncio.to_thread(index.search, query, _FAMILIAR)
            self.heard([candidate.term for candidate in found if candidate.written])

    def _search(self, text: str, indexes: tuple[TermIndex, ...]) -> Found:
        query = Query(text)
        rated = [
            (self._probability(candidate, index, query), candidate)
            for index in indexes
            for candidate in index.search(query, _CANDIDATES)
        ]
        likely = [pair for pair in rated if pair[0] >= self._config.threshold]
        likely.sort(key=lambda pair: -pair[1].score)  # stable: of equals the glossary named first
        return Found(query.text, self._chosen(likely, query))

    def _probability(self, candidate: Candidate, index: TermIndex, query: Query) -> float:
        """Whether it is spoken: how rarely so many terms would sound so by chance."""
        if candidate.written:
            return 1.0
        rivals = index.forms(candidate.syllables)
        if candidate.term in self._familiar:
            rivals = min(rivals, len(self._familiar))
        each = candidate.cost / candidate.syllables
        if candidate.syllables <= _TONED and each > _SAME:
            return 0.0
        by_chance = rivals * query.places * share(candidate.syllables, each)
        if_spoken = self._config.expected * math.exp(-each / _MISHEARD)
        return if_spoken / (if_spoken + by_chance)

    def _chosen(
        self, likely: Sequence[tuple[float, Candidate]], query: Query
    ) -> tuple[Recalled, ...]:
        """The best that do not overlap, in order; each term once."""
        taken = [False] * len(query.units)
        chosen: dict[Term, Recalled] = {}
        for probability, candidate in likely:
            place = slice(candidate.start, candidate.stop)
            if any(taken[place]) or candidate.term in chosen or len(chosen) >= self._config.most:
                continue
            taken[place] = [True] * (candidate.stop - candidate.start)
            last = query.units[candidate.stop - 1]
            chosen[candidate.term] = Recalled(
                candidate.term,
                query.units[candidate.start].at,
                last.at + len(last.raw),
                probability,
            )
        return tuple(sorted(chosen.values(), key=lambda found: found.start))
