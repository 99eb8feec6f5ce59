"""Edit distance of many terms to the nearest stretch of a text: what finding by text would do."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from models.recall.units import units


class EditDistances:
    """Terms as units, padded to one length."""

    def __init__(self, terms: Sequence[str]) -> None:
        self._known: dict[str, int] = {}
        written = [[unit.written for unit in units(term) if unit.written] for term in terms]
        self._lengths = np.array([len(term) for term in written])
        self._terms = np.zeros((len(terms), max(1, self._lengths.max(initial=1))), np.int32)
        for row, term in zip(self._terms, written, strict=True):
            row[: len(term)] = [self._known.setdefault(unit, len(self._known) + 1) for unit in term]

    def scores(self, text: str) -> NDArray[np.float64]:
        """1 less the edits a unit between each term and the nearest stretch of `text`, shape
        (terms,); Sellers 1980."""
        said = [self._known.get(unit.written, -1) for unit in units(text)]
        rows = np.arange(self._terms.shape[1] + 1, dtype=np.int32)
        costs = np.tile(rows, (len(self._terms), 1))  # of the empty stretch
        best = costs.copy()
        for unit in said:
            now = np.zeros_like(costs)
            for at in range(1, costs.shape[1]):
                differs = (self._terms[:, at - 1] != unit).astype(np.int32)
                now[:, at] = np.minimum(
                    costs[:, at - 1] + differs, np.minimum(costs[:, at], now[:, at - 1]) + 1
                )
            costs = now
            np.minimum(best, costs, out=best)
        nearest = best[np.arange(len(best)), self._lengths]
        scores: NDArray[np.float64] = 1 - nearest / np.maximum(1, self._lengths)
        return scores
