"""What else a run shows: how sure its scores are, all latency metrics, terms, stability, faults."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evaluation import bootstrap
from evaluation.emissions import Emission
from evaluation.faults import faults
from evaluation.latency import Latencies, by_instance, latencies
from evaluation.log import SessionLog
from evaluation.recordings import Recording
from evaluation.segmenting import Segmented
from evaluation.stability import Stability, stability
from evaluation.terms import TermScore, term_score


@dataclass(frozen=True, slots=True)
class Findings:
    """Of recordings of one direction.

    bleu, chrf, yaal (computation-aware, seconds): 95 % bootstrap intervals over segments.
    term_*: of the annotated terms, 0 to 1; the glossary for precision is those of all recordings.
    erased_share: of the time that translations were shown, that of text which later went;
    erased_lifetime_s: how long such text stood, median. faults: how many, by kind.
    latency, yaal and the erased ones are None when it was not at the speed of speech.
    """

    bleu: bootstrap.Interval | None
    chrf: bootstrap.Interval | None
    yaal: bootstrap.Interval | None
    latency: Latencies | None
    term_recall: float | None
    term_precision: float | None
    term_f1: float | None
    erased_share: float | None
    erased_lifetime_s: float | None
    faults: Mapping[str, int]


def findings(
    pairs: Sequence[tuple[Recording, SessionLog]],
    words: Sequence[tuple[Recording, Sequence[Emission]]],
    cut: Segmented,
) -> Findings:
    """Of at least one pair. words: their emissions; cut: what `segmented` gave for those."""
    target = pairs[0][0].target
    real = all(log.speed == 1 for _, log in pairs)
    hypotheses = [instance.prediction for instance in cut.instances]
    references = [instance.reference for instance in cut.instances]
    shown = sum((stability(log, target) for _, log in pairs), start=Stability())
    terms = _terms(pairs, hypotheses)
    return Findings(
        _interval(bootstrap.bleu(hypotheses, references, target)) if references else None,
        _interval(bootstrap.chrf(hypotheses, references)) if references else None,
        _interval(bootstrap.mean(by_instance(cut.instances, "yaal", aware=True))) if real else None,
        latencies(words, cut) if real else None,
        terms.recall,
        terms.precision,
        terms.f1,
        shown.erased_share if real else None,
        shown.lifetime_p50_s if real else None,
        dict(Counter(fault.kind for r, log in pairs for fault in faults(r, log))),
    )


def _interval(statistics: bootstrap.Statistics) -> bootstrap.Interval | None:
    try:
        return bootstrap.interval(statistics)
    except bootstrap.BootstrapError:  # no segment has a score
        return None


def _terms(pairs: Sequence[tuple[Recording, SessionLog]], outputs: Sequence[str]) -> TermScore:
    """outputs: of every segment with a reference translation, recording after recording."""
    glossary = list(dict.fromkeys(term for recording, _ in pairs for term in recording.terms()))
    segments = [segment for recording, _ in pairs for segment in recording.referenced]
    return term_score(segments, outputs, glossary, pairs[0][0].target)
