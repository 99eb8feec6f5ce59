"""What of a session's terms and glossaries is spoken in a chunk (CLASI's RETRIEVE)."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from models.config import RecallConfig
from models.events import SessionSpec, Term
from models.interpreter import Telemetry
from models.recall.index import TermIndex
from models.recall.query import Query
from models.recall.rating import Rated, Scorer, listened, rated
from models.recall.units import composed

_SMALL = 500  # terms up to which building an index is not worth a thread
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
    """One session's. `find` may be called for any text; `heard` says which terms proved true.

    scorer: listens to the audio for what the text leaves open; None: the text decides.
    """

    def __init__(
        self,
        spec: SessionSpec,
        config: RecallConfig,
        telemetry: Telemetry,
        scorer: Scorer | None = None,
    ) -> None:
        self._scorer = scorer
        self._spec = spec
        self._config = config
        self._telemetry = telemetry
        self._own: TermIndex | None = None
        self._found: OrderedDict[tuple[str, bool], tuple[tuple[TermIndex, ...], Found]] = (
            OrderedDict()
        )
        self._familiar: OrderedDict[Term, None] = OrderedDict()

    async def find(self, text: str, audio: NDArray[np.float32] | None = None) -> Found:
        """The terms that are spoken in `text`, at most `most` of the configuration.

        audio: the encoder's states of its speech, shape (n, width).
        Overlapping ones: the one with more evidence, of equals that of the glossary named first.
        """
        indexes = await self._indexes()
        if not indexes:
            return Found(composed(text))
        key = text, audio is not None
        before = self._found.get(key)
        if before is not None and before[0] == indexes:
            self._found.move_to_end(key)
            return before[1]
        started = time.perf_counter()
        found = await asyncio.to_thread(self._search, text, indexes, audio)
        self._telemetry.stage("recall", time.perf_counter() - started)
        self._found[key] = indexes, found
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

    def _search(
        self, text: str, indexes: tuple[TermIndex, ...], audio: NDArray[np.float32] | None
    ) -> Found:
        query = Query(text)
        found = [
            one
            for index in indexes
            for one in rated(index, query, self._config.expected, self._familiar)
        ]
        if self._scorer is not None and audio is not None:
            found = listened(found, self._scorer, audio)
        likely = [one for one in found if one.probability >= self._config.threshold]
        # Stable: of equals the glossary named first.
        likely.sort(key=lambda one: -one.score)
        return Found(query.text, self._chosen(likely, query))

    def _chosen(self, likely: Sequence[Rated], query: Query) -> tuple[Recalled, ...]:
        """The best that do not overlap, in order; each term once."""
        taken = [False] * len(query.units)
        chosen: dict[Term, Recalled] = {}
        for one in likely:
            candidate = one.candidate
            place = slice(candidate.start, candidate.stop)
            if any(taken[place]) or candidate.term in chosen or len(chosen) >= self._config.most:
                continue
            taken[place] = [True] * (candidate.stop - candidate.start)
            last = query.units[candidate.stop - 1]
            chosen[candidate.term] = Recalled(
                candidate.term,
                query.units[candidate.start].at,
                last.at + len(last.raw),
                one.probability,
            )
        return tuple(sorted(chosen.values(), key=lambda found: found.start))
