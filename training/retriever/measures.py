"""How good scores are: numbers of labels and probabilities alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Labels = NDArray[np.bool_]
_BINS = 15


@dataclass(frozen=True, slots=True)
class Point:
    """What holds when everything scored at least `threshold` is believed."""

    threshold: float
    precision: float
    recall: float


def auc(scores: Floats, spoken: Labels) -> float:
    """The probability that what is spoken scores above what is not (ties count half).

    NaN when one of the two is missing.
    """
    count = int(spoken.sum())
    others = len(spoken) - count
    if not count or not others:
        return float("nan")
    values, places = np.unique(scores, return_inverse=True)
    sizes = np.bincount(places, minlength=len(values))
    ranks = np.cumsum(sizes) - (sizes - 1) / 2
    return float((ranks[places][spoken].sum() - count * (count + 1) / 2) / (count * others))


def at_precision(scores: Floats, spoken: Labels, precision: float) -> Point:
    """The lowest threshold with at least `precision`, where recall is highest.

    Where none has it: the threshold of the best precision.
    """
    order = np.argsort(-scores, kind="stable")
    ranked, hits = scores[order], np.cumsum(spoken[order])
    last = np.append(ranked[1:] != ranked[:-1], True)  # of several with one score
    precisions = hits / np.arange(1, len(hits) + 1)
    good = np.flatnonzero(last & (precisions >= precision))
    allowed = np.flatnonzero(last)
    at = good[-1] if len(good) else allowed[np.argmax(precisions[allowed])]
    return Point(float(ranked[at]), float(precisions[at]), float(hits[at] / max(1, spoken.sum())))


def calibration_error(probabilities: Floats, spoken: Labels) -> float:
    """Expected calibration error (Guo et al. 2017, arXiv 1706.04599), 15 bins of equal width."""
    bins = np.minimum((probabilities * _BINS).astype(int), _BINS - 1)
    error = 0.0
    for number in range(_BINS):
        inside = bins == number
        if inside.any():
            error += inside.mean() * abs(probabilities[inside].mean() - spoken[inside].mean())
    return float(error)


def temperature(logits: Floats, spoken: Labels) -> float:
    """The number to divide `logits` by so that their probabilities are likeliest (Guo et al.)."""
    candidates = np.exp(np.linspace(np.log(0.25), np.log(4.0), 241))
    signs = np.where(spoken, 1.0, -1.0)
    losses = [np.logaddexp(0.0, -signs * logits / one).mean() for one in candidates]
    return float(candidates[int(np.argmin(losses))])


def probability(logits: Floats) -> Floats:
    """Of logits."""
    found: Floats = 1 / (1 + np.exp(-logits))
    return found
