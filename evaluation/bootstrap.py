"""How sure a corpus score is: the bootstrap over segments.

A resample draws as many segments as there are, with replacement, and scores them as a corpus. A
score is a function of statistics that add up over segments (sacrebleu's n-gram counts; sums), so a
resample costs one sum of rows. Intervals are percentiles (Efron 1979); two runs are compared over
the same draws (Koehn 2004, "Statistical Significance Tests for Machine Translation Evaluation").

    bleu = bootstrap.bleu(predictions, references, "en")
    print(bootstrap.interval(bleu))
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sacrebleu.metrics.base import Metric
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF

from models.errors import TongchuanError

_Rows = NDArray[np.float64]


class BootstrapError(TongchuanError):
    """Nothing can be drawn, or runs do not fit each other. Says how many segments there are."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """What a corpus score is made of. rows: float64, shape (segments, k), a segment each.
    score: of their sum, shape (k,); NaN where there is none."""

    rows: _Rows
    score: Callable[[_Rows], float]

    @property
    def value(self) -> float:
        """The score of all segments."""
        return self.score(self.rows.sum(axis=0))


@dataclass(frozen=True, slots=True)
class Interval:
    """A score and the interval of its resamples."""

    low: float
    value: float
    high: float


@dataclass(frozen=True, slots=True)
class Paired:
    """Of two runs: the first's score less the second's, and its interval.

    p_value: how often a resample does not find the same one ahead; one-sided, from 1/(resamples+1).
    """

    difference: float
    p_value: float
    interval: Interval


def bleu(hypotheses: Sequence[str], references: Sequence[str], language: str) -> Statistics:
    """BLEU of texts in `language`, a pair each, as `evaluation.quality` scores them."""
    return _of_texts(BLEU(tokenize="zh" if language == "zh" else "13a"), hypotheses, references)


def chrf(hypotheses: Sequence[str], references: Sequence[str]) -> Statistics:
    """chrF of texts, a pair each, as `evaluation.quality` scores them."""
    return _of_texts(CHRF(), hypotheses, references)


def mean(values: Sequence[float | None]) -> Statistics:
    """The mean of those of `values` that are known, e.g. of `latency.by_instance`."""
    rows = [(0.0, 0.0) if value is None else (value, 1.0) for value in values]
    return Statistics(np.array(rows, np.float64).reshape(-1, 2), _ratio)


def interval(
    statistics: Statistics, *, level: float = 0.95, resamples: int = 1000, seed: int = 0
) -> Interval:
    """The score, and between what bounds `level` of its resamples lie, the rest half on each side.

    Raises BootstrapError when there is no score, or `level` or `resamples` make no sense.
    """
    scores = _resampled(statistics, _draws(statistics, level, resamples, seed))
    return _interval(statistics.value, scores, level)


def paired(
    first: Statistics,
    second: Statistics,
    *,
    level: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> Paired:
    """Two runs over the same segments, in the same order. Raises BootstrapError."""
    if len(first.rows) != len(second.rows):
        raise BootstrapError(
            f"the runs have {len(first.rows)} and {len(second.rows)} segments; "
            "compare runs over the same ones"
        )
    draws = _draws(first, level, resamples, seed)
    differences = _resampled(first, draws) - _resampled(second, draws)
    found = first.value - second.value
    bounds = _interval(found, differences, level)
    against = np.sum(~(differences * np.sign(found) > 0))  # a tie, or no score, is against it
    return Paired(found, (int(against) + 1) / (resamples + 1), bounds)


def _of_texts(metric: Metric, hypotheses: Sequence[str], references: Sequence[str]) -> Statistics:
    """By what sacrebleu's own significance tests use."""
    if len(hypotheses) != len(references) or not references:
        raise BootstrapError(
            f"{len(hypotheses)} texts against {len(references)} references; "
            "give as many of each, and at least one"
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # sacrebleu leaves its tables open
        rows = metric._extract_corpus_statistics(list(hypotheses), [list(references)])

    def score(total: _Rows) -> float:
        return float(metric._compute_score_from_stats(total.astype(int).tolist()).score)

    return Statistics(np.array(rows, np.float64), score)


def _ratio(total: _Rows) -> float:
    return float(total[0] / total[1]) if total[1] else math.nan


def _draws(statistics: Statistics, level: float, resamples: int, seed: int) -> _Rows:
    """How often each segment is in each resample, shape (resamples, segments)."""
    count = len(statistics.rows)
    if not count:
        raise BootstrapError("there are no segments to draw from")
    if not (0 < level < 1 and resamples >= 1):
        raise BootstrapError(
            f"level {level:g} and {resamples} resamples: a level between 0 and 1 and at least "
            "one resample are needed"
        )
    random = np.random.default_rng(seed)
    return random.multinomial(count, np.full(count, 1 / count), size=resamples).astype(np.float64)


def _resampled(statistics: Statistics, draws: _Rows) -> _Rows:
    """The score of each resample, shape (resamples,)."""
    return np.array([statistics.score(total) for total in draws @ statistics.rows])


def _interval(value: float, scores: _Rows, level: float) -> Interval:
    known = scores[~np.isnan(scores)]
    if math.isnan(value) or not len(known):
        raise BootstrapError("no segment has a value; nothing was committed in this run")
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), value, float(high))
