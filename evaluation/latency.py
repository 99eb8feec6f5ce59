"""Latency of simultaneous translation: how far the committed words lag behind the speech.

Of speech that lasts T, with output words committed at d_1 … d_n, a reference of r words, m the
larger of n and r; OmniSTEval computes (after SimulEval, in the variants for speech, Ma et al. 2020,
arXiv 2011.02048):

- AL, Ma et al. 2019 (arXiv 1810.08398): 1/τ Σ_{i≤τ} d_i - (i-1)·T/r, τ the first i with d_i ≥ T
- LAAL, Papi et al. 2022 (arXiv 2206.05807): the same with T/m
- YAAL, Polák et al. 2025 (arXiv 2509.17349): the same with T/m, τ the last i with d_i < T
- DAL, Cherry & Foster 2019 (arXiv 1906.00048): 1/n Σ d'_i - (i-1)·T/n, d'_1 = d_1 and
  d'_i = max(d_i, d'_{i-1} + T/n)
- AP, Cho & Esipova 2016 (arXiv 1606.02012): Σ d_i / (T·r)

Long speech is cut into its reference segments first: LongYAAL and the like by SoftSegmenter
(LongYAAL counts words to the recording's end), StreamLAAL (Papi et al. 2024, arXiv 2406.06097) by
mWERSegmenter. Uncut, as SimulEval does it and CLASI's table 4 has it (Cheng et al. 2024, arXiv
2407.21646), AL and LAAL of minutes of speech say more about the output's length than about its
delay, which is why that paper adds FLAL: d_1 of the recording.

Every figure is computation-unaware, where d_i is the audio heard, or -aware, where it is the clock.
Words are characters in Chinese.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from omnisteval.data import Instance as Scored
from omnisteval.scoring import ALScorer, APScorer, DALScorer, LAALScorer, YAALScorer

from evaluation.emissions import Emission
from evaluation.recordings import Recording
from evaluation.segmenting import Instance, Segmented, resegmented, whole
from models.errors import TongchuanError

_SCORERS = {
    "yaal": YAALScorer,
    "al": ALScorer,
    "laal": LAALScorer,
    "dal": DALScorer,
    "ap": APScorer,
}
METRICS = tuple(_SCORERS)
"""Names that `by_instance` takes."""


class LatencyError(TongchuanError):
    """A metric that does not exist. Names those that do."""


@dataclass(frozen=True, slots=True)
class Lagging:
    """Means over instances with output, in seconds; `ap` has no unit. None without output."""

    yaal: float | None
    al: float | None
    laal: float | None
    dal: float | None
    ap: float | None


@dataclass(frozen=True, slots=True)
class Latency:
    """By one clock, in seconds. long: by segment, as OmniSTEval cuts (LongYAAL, LongAL, …).
    whole: each recording as one utterance. flal: from a recording's start to its first committed
    word, mean over recordings with output."""

    long: Lagging
    stream_laal: float | None
    whole: Lagging
    flal: float | None


@dataclass(frozen=True, slots=True)
class Latencies:
    """By the audio that was heard, and by the clock."""

    unaware: Latency
    aware: Latency


def latencies(pairs: Sequence[tuple[Recording, Sequence[Emission]]], cut: Segmented) -> Latencies:
    """Of recordings of one direction; `cut` is what `segmented(pairs)` gave."""
    wholes = [whole(recording, words) for recording, words in pairs]
    pieces = [piece for recording, words in pairs for piece in resegmented(recording, words)]
    return Latencies(
        _latency(wholes, pieces, cut, aware=False), _latency(wholes, pieces, cut, aware=True)
    )


def by_instance(instances: Iterable[Instance], metric: str, *, aware: bool) -> list[float | None]:
    """A value each, in seconds (`ap`: no unit); None without output, or (`yaal`) none in time.

    metric: one of METRICS; of `Segmented.instances` it is the Long one. Raises LatencyError.
    """
    if metric not in _SCORERS:
        raise LatencyError(f"no latency metric {metric!r}; choose one of {', '.join(METRICS)}")
    scorer = _SCORERS[metric](computation_aware=aware)
    values = [float(scorer([_scored(instance)])) for instance in instances]
    unit = 1 if metric == "ap" else 1000
    return [None if math.isnan(value) else value / unit for value in values]


def _scored(instance: Instance) -> Scored:
    return Scored(
        prediction=instance.prediction,
        reference=instance.reference,
        latency_unit=instance.latency_unit,
        source_length=instance.source_ms,
        emission_cu=list(instance.heard_ms),
        emission_ca=list(instance.at_ms),
        time_to_recording_end=instance.rest_ms,
        longform=instance.rest_ms is not None,
    )


def _latency(
    wholes: Sequence[Instance], pieces: Sequence[Instance], cut: Segmented, *, aware: bool
) -> Latency:
    firsts = [(one.at_ms if aware else one.heard_ms)[:1] for one in wholes]
    referenced = [one for one in wholes if one.reference]
    return Latency(
        Lagging(*(_column(cut, metric, aware=aware) for metric in METRICS)),
        _mean(by_instance(pieces, "laal", aware=aware)),
        Lagging(*(_mean(by_instance(referenced, metric, aware=aware)) for metric in METRICS)),
        _mean([first / 1000 for times in firsts for first in times]),
    )


def _column(cut: Segmented, metric: str, *, aware: bool) -> float | None:
    """Of OmniSTEval's scores."""
    value = cut.scores.get(f"Long{metric.upper()} ({'CA' if aware else 'CU'})")
    return value if value is None or metric == "ap" else value / 1000


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.fmean(known) if known else None
