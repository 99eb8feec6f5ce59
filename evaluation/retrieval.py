"""How well the terms that are spoken are found in a glossary, stage by stage.

    python -m evaluation.retrieval FOLDER LOGS --others 10000

FOLDER has recordings with annotated terms, LOGS what `tongchuan eval --logs` left of one system:
the streaming hypotheses, chunk by chunk, are the queries. The glossary is the recordings' terms and
`--others` that nobody says. A mention (a term annotated in a segment) has the rank of its term
among what was not said there, at the best of the chunks that overlap the segment.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
import psutil  # type: ignore[import-untyped]
from rich.console import Console
from rich.table import Table

from evaluation.distractors import distractors
from evaluation.editing import EditDistances
from evaluation.encoded import Ears, ears, stretches
from evaluation.log import SessionLog
from evaluation.recordings import Recording
from evaluation.saved import parser, run, save_figures, saved
from models.config import RecallConfig, profile_config
from models.events import Term
from models.recall.index import TermIndex
from models.recall.phones import phones
from models.recall.query import Query
from models.recall.rating import Rated, Scorer, listened, rated
from models.recall.units import units

_RANKS = (1, 5, 10)
_CANDIDATES = 64
Ranking = Callable[["Chunk"], Mapping[str, float]]
"""Scores of the sources that a method proposes for a chunk; what is not in it has no rank."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A chunk of the stream: what was heard, when (ms), and the encoder's states of it."""

    recording: Recording
    text: str
    start_ms: int
    end_ms: int
    states: np.ndarray[tuple[int, int], np.dtype[np.float32]] | None


@dataclass(frozen=True, slots=True)
class Mention:
    """A term that is annotated in a segment, the chunks that overlap it, and what is said there."""

    source: str
    said: str
    chunks: tuple[Chunk, ...]

    @property
    def audible(self) -> bool:
        """In Chinese script: the voice of realsi-dev leaves Latin letters out."""
        return all(unit.chinese or unit.raw.isdecimal() for unit in units(self.source))


@dataclass(frozen=True, slots=True)
class Found:
    """A method's share of mentions within each of `_RANKS`: of all, and of those in Chinese
    script."""

    method: str
    all: tuple[float, ...]
    audible: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one glossary: seconds to build, and to change one entry; MiB it takes; milliseconds a
    chunk (median, p95)."""

    entries: int
    build_s: float
    edit_s: float
    mib: float
    median_ms: float
    p95_ms: float
    scorer_ms: float | None


def mentions(recording: Recording, chunks: Sequence[Chunk]) -> list[Mention]:
    """All of a recording."""
    return [
        Mention(
            term.source,
            segment.source,
            tuple(
                chunk
                for chunk in chunks
                if chunk.end_ms > segment.start_s * 1000 and chunk.start_ms < segment.end_s * 1000
            ),
        )
        for segment in recording.segments
        for term in segment.terms
    ]


def rank(mention: Mention, ranking: Ranking) -> float:
    """1 for the best; infinite where it is not proposed."""
    best = float("inf")
    for chunk in mention.chunks:
        scores = ranking(chunk)
        own = scores.get(mention.source)
        if own is not None:
            rivals = sum(
                score > own for source, score in scores.items() if source not in mention.said
            )
            best = min(best, rivals + 1)
    return best


def _found(method: str, everything: Sequence[Mention], ranking: Ranking) -> Found:
    known: dict[int, Mapping[str, float]] = {}

    def once(chunk: Chunk) -> Mapping[str, float]:
        return known.setdefault(id(chunk), ranking(chunk))

    ranks = [(rank(mention, once), mention.audible) for mention in everything]
    shares = []
    for kept in (ranks, [pair for pair in ranks if pair[1]]):
        shares.append(tuple(sum(at <= most for at, _ in kept) / len(kept) for most in _RANKS))
    return Found(method, shares[0], shares[1])


class Methods:
    """Ways to rank a glossary's terms for a chunk."""

    def __init__(self, terms: Sequence[Term], scorer: Scorer | None) -> None:
        self._sources = [term.source for term in terms]
        self._index = TermIndex(terms)
        self._edits = EditDistances(self._sources)
        self._keys = [phones(source) for source in self._sources]
        self._scorer = scorer
        self._expected = RecallConfig().expected

    def exact(self, chunk: Chunk) -> Mapping[str, float]:
        """Terms whose text stands in the hypothesis."""
        found = self._index.search(Query(chunk.text), 10 * _CANDIDATES)
        return {one.term.source: one.score for one in found if one.written}

    def edits(self, chunk: Chunk) -> Mapping[str, float]:
        """By edit distance of the text."""
        return dict(zip(self._sources, self._edits.scores(chunk.text).tolist(), strict=True))

    def heard(self, chunk: Chunk) -> Mapping[str, float]:
        """Stage 2 alone: every term by the audio."""
        assert self._scorer is not None
        if chunk.states is None:
            return {}
        scores = self._scorer.score(chunk.states, self._keys)
        return dict(zip(self._sources, scores.tolist(), strict=True))

    def text(self, chunk: Chunk) -> Mapping[str, float]:
        """Stage 1: by how the text sounds."""
        return _best(rated(self._index, Query(chunk.text), self._expected))

    def both(self, chunk: Chunk) -> Mapping[str, float]:
        """Both stages, as they are served."""
        assert self._scorer is not None
        found = rated(self._index, Query(chunk.text), self._expected)
        if chunk.states is not None:
            found = listened(found, self._scorer, chunk.states)
        return _best(found)


def _best(found: Sequence[Rated]) -> Mapping[str, float]:
    """The evidence for each source at its best place."""
    scores: dict[str, float] = {}
    for one in found:
        source = one.candidate.term.source
        scores[source] = max(one.score, scores.get(source, one.score))
    return scores


def table(found: Sequence[Found]) -> Table:
    """For people."""
    shown = Table(title="recall of spoken terms")
    shown.add_column("by")
    for kind in ("all", "in Chinese script"):
        for most in _RANKS:
            shown.add_column(f"{kind} @{most}", justify="right")
    for one in found:
        shown.add_row(one.method, *(f"{share:.3f}" for share in (*one.all, *one.audible)))
    return shown


def cost(terms: Sequence[Term], chunks: Sequence[Chunk], scorer: Scorer | None) -> Cost:
    """What a glossary takes: built once, asked for every chunk, on one core."""
    before = _resident_mib()
    started = time.perf_counter()
    index = TermIndex(terms)
    build_s = time.perf_counter() - started
    mib = _resident_mib() - before
    started = time.perf_counter()
    index.revised([*terms[:-1], replace(terms[-1], target="changed")])
    edit_s = time.perf_counter() - started
    texts, listening = [], []
    for chunk in chunks:
        started = time.perf_counter()
        found = rated(index, Query(chunk.text), RecallConfig().expected)
        texts.append(time.perf_counter() - started)
        if scorer is not None and chunk.states is not None:
            started = time.perf_counter()
            listened(found, scorer, chunk.states)
            listening.append(time.perf_counter() - started)
    return Cost(
        len(terms),
        build_s,
        edit_s,
        mib,
        1000 * statistics.median(texts),
        1000 * float(np.percentile(texts, 95)),
        1000 * statistics.median(listening) if listening else None,
    )


def _resident_mib() -> float:
    return float(psutil.Process().memory_info().rss) / 2**20


def _chunks(recording: Recording, session: SessionLog, listening: Ears | None) -> list[Chunk]:
    finals = session.finals
    states = listening.states[recording.id] if listening else [None] * len(finals)
    return [
        Chunk(recording, final.source, final.start_ms, final.end_ms, heard)
        for final, heard in zip(finals, states, strict=True)
    ]


async def _run(args: argparse.Namespace) -> dict[str, object]:
    config = profile_config(args.profile)
    materials = saved(args)
    parts = [(one.recording, stretches(one.log)) for one in materials]
    listening = None if args.no_audio else await ears(config, parts)
    scorer = listening.scorer if listening else None
    said: list[Chunk] = []
    everything: list[Mention] = []
    known: dict[str, Term] = {}
    spoken = []
    for one in materials:
        recording = one.recording
        chunks = _chunks(recording, one.log, listening)
        said += chunks
        everything += mentions(recording, chunks)
        spoken += [segment.source for segment in recording.segments]
        for term in recording.terms():
            known.setdefault(term.source, Term(term.source, term.target))
    others = distractors(max(args.others, *args.sizes), " ".join(spoken))
    methods = Methods([*known.values(), *others[: args.others]], scorer)
    ways: dict[str, Ranking] = {
        "exact text": methods.exact,
        "edit distance of the text": methods.edits,
        "stage 1": methods.text,
    }
    if scorer is not None:
        ways |= {"stage 2": methods.heard, "both stages": methods.both}
    found = [_found(name, everything, way) for name, way in ways.items()]
    costs = [cost([*known.values(), *others[:size]], said, scorer) for size in args.sizes]
    console = Console(width=120)
    console.print(table(found))
    for size in costs:
        console.print(size)
    return {
        "mentions": len(everything),
        "audible": sum(mention.audible for mention in everything),
        "recall": [asdict(one) for one in found],
        "costs": [asdict(one) for one in costs],
    }


def main() -> None:
    """Measure, print, save."""
    arguments = parser(__doc__ or "")
    arguments.add_argument("--others", type=int, default=10_000, help="terms that nobody says")
    arguments.add_argument(
        "--sizes", type=int, nargs="*", default=[10_000, 100_000], help="glossaries to time"
    )
    arguments.add_argument("--no-audio", action="store_true", help="without the scorer")
    args = arguments.parse_args()
    save_figures(args, run(_run(args)))


if __name__ == "__main__":
    main()
