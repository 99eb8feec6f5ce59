"""How likely a candidate is spoken: by how rarely its likeness to the text comes by chance, and by
what the audio says.

The text's part compares two explanations of a likeness: the term was spoken and misheard so far, or
one of the glossary's terms sounds so by chance (`chance`). The audio's part is a likelihood ratio.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from models.events import Term
from models.recall.candidate import Candidate
from models.recall.chance import share
from models.recall.index import TermIndex
from models.recall.phones import Phones, phones
from models.recall.query import Query

CANDIDATES = 64
"""Looked at for each glossary."""
_MISHEARD = 0.06  # mean cost a syllable of what is spoken: exponentially distributed
_SAME = 0.01  # cost a syllable up to which two sound the same, tones too
_TONED = 2  # syllables: so short, only the tones keep it apart from everyday words …
_EVERYDAY = 3.0  # … which come more often than by chance (log odds) …
_LEAST_RIVALS = 300  # … however few the terms
_WRITTEN, _AMONG = 3.0, 10_000  # log odds of what is written, if it is one of so many terms …
_LEAST_WRITTEN = 2.5  # … and of however many
_LEAST = math.log(1e-4)  # log odds by the text from which the audio is asked
_LISTENED = 24  # of those
_FORMS = 3  # spoken forms of each
_TRAINED = math.log(1 / 3)  # log odds of being spoken among the keys that the scorer learned from
_DOUBT = 0.01  # a score is never surer
_AUDIBLE = 0.06  # evidence that a unit of the audio's log odds is worth, to rank by


class Scorer(Protocol):
    """See `models.recall.scorer.SpeechScorer`."""

    def score(self, states: NDArray[np.float32], keys: Sequence[Phones]) -> NDArray[np.float32]:
        """P(spoken) of each of `keys`."""


@dataclass(frozen=True, slots=True)
class Rated:
    """A candidate, the logarithm of its odds of being spoken, and the audio's part in it."""

    candidate: Candidate
    odds: float
    audible: float = 0.0

    @property
    def score(self) -> float:
        """Evidence, to rank by whatever the size of the glossary."""
        return self.candidate.score + _AUDIBLE * self.audible

    @property
    def probability(self) -> float:
        """0 to 1."""
        return 1 / (1 + math.exp(-self.odds))


def rated(
    index: TermIndex, query: Query, expected: float, familiar: Collection[Term] = ()
) -> list[Rated]:
    """The candidates of one glossary, by the text alone; most evidence first.

    expected: prior weight of being spoken, see `RecallConfig.expected`. familiar: terms that are
    expected again: their rivals are each other only.
    """
    return [
        Rated(candidate, _odds(candidate, index, query, expected, familiar))
        for candidate in index.search(query, CANDIDATES)
    ]


def _odds(
    candidate: Candidate,
    index: TermIndex,
    query: Query,
    expected: float,
    familiar: Collection[Term],
) -> float:
    if candidate.written:
        # What a recogniser mishears is one of the terms the more often the more there are.
        return max(_LEAST_WRITTEN, _WRITTEN + math.log(_AMONG / len(index)))
    each = candidate.cost / candidate.syllables
    rivals = index.forms(candidate.syllables)
    if candidate.term in familiar:
        rivals = min(rivals, len(familiar))
    everyday = 0.0
    if candidate.syllables <= _TONED and each > _SAME:
        everyday, rivals = _EVERYDAY, max(rivals, _LEAST_RIVALS)
    by_chance = rivals * query.places * share(candidate.syllables, each)
    return math.log(expected) - each / _MISHEARD - math.log(by_chance) - everyday


def listened(found: Sequence[Rated], scorer: Scorer, states: NDArray[np.float32]) -> list[Rated]:
    """With what the audio says of the likeliest: Bayes' rule.

    Where the text has the same sound already, written so or not, the audio can only speak against
    it.
    states: of the encoder, shape (n, width). Of several spoken forms the likeliest counts.
    """
    asked = [one for one in found if one.odds > _LEAST]
    asked = sorted(asked, key=lambda one: -one.odds)[:_LISTENED]
    if not asked:
        return list(found)
    forms = [
        [phones(form) for form in (term.source, *term.spoken[:_FORMS])]
        for term in (one.candidate.term for one in asked)
    ]
    scores = iter(scorer.score(states, [key for keys in forms for key in keys]).tolist())
    heard = {}
    for one, keys in zip(asked, forms, strict=True):
        score = min(max(max(next(scores) for _ in keys), _DOUBT), 1 - _DOUBT)
        ratio = math.log(score / (1 - score)) - _TRAINED
        if one.candidate.cost <= _SAME * one.candidate.syllables:
            ratio = min(ratio, 0.0)
        heard[id(one)] = Rated(one.candidate, one.odds + ratio, ratio)
    return [heard.get(id(one), one) for one in found]
