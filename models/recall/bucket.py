"""The forms of terms that have equally many syllables, searched by FAISS."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import faiss
import numpy as np
from numpy.typing import NDArray

from models.recall.features import DIM, INDEL, vectors
from models.recall.query import Windows
from models.recall.syllables import Syllable

_FLAT = 4_000  # forms that are searched one by one
_NEAREST = 8  # forms looked at for each window
_TRAINING = 40  # vectors a cell that the cells are learned from


@dataclass(frozen=True, slots=True)
class Hits:
    """Forms near stretches of the text, k of them. forms, starts, stops: int64, shape (k,);
    costs: float32, shape (k,), the sum over syllables."""

    forms: NDArray[np.int64]
    starts: NDArray[np.int64]
    stops: NDArray[np.int64]
    costs: NDArray[np.float32]


class Bucket:
    """Immutable; searches from several threads do not disturb each other.

    forms: syllables of each, all of the same number.
    numbers: what `Hits.forms` calls them.
    """

    def __init__(self, forms: Sequence[tuple[Syllable, ...]], numbers: Sequence[int]) -> None:
        self.length = len(forms[0])
        self._numbers = np.array(numbers, np.int64)
        flat = tuple(syllable for form in forms for syllable in form)
        self._vectors = vectors(flat).reshape(len(forms), self.length * DIM)
        self._index = self._make()

    def _make(self) -> faiss.Index:
        count, dim = self._vectors.shape
        flat = faiss.IndexFlatL2(dim)
        if count <= _FLAT:
            flat.add(self._vectors)
            return flat
        cells = 2 ** round(math.log2(2 * math.sqrt(count)))
        index = faiss.IndexIVFFlat(flat, dim, cells)
        index.cp.seed = 1
        index.cp.niter = 6
        index.cp.max_points_per_centroid = _TRAINING
        index.cp.min_points_per_centroid = 1
        index.train(self._vectors)
        index.nprobe = max(4, cells // 8)
        index.add(self._vectors)
        return index

    def search(self, windows: Windows, most_cost: float) -> Hits:
        """The forms whose cost at some window is at most `most_cost`."""
        # Of this thread only: the cores are the models', and threads that spin take them away.
        faiss.omp_set_num_threads(1)
        nearest = min(_NEAREST, len(self._numbers))
        distances, rows = self._index.search(windows.vectors, nearest)
        at = np.repeat(np.arange(len(rows)), nearest)
        rows, distances = rows.ravel(), distances.ravel()
        # what a missing syllable costs is not its distance from zero: corrected below
        kept = (rows >= 0) & (distances + windows.extra[at] <= most_cost + 1.0)
        at, rows = at[kept], rows[kept]
        costs = distances[kept] + windows.extra[at] + self._correction(rows, windows.missing[at])
        kept = costs <= most_cost
        at, rows = at[kept], rows[kept]
        return Hits(
            self._numbers[rows],
            windows.starts[at],
            windows.stops[at],
            costs[kept].astype(np.float32),
        )

    def _correction(
        self, rows: NDArray[np.int64], missing: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """INDEL instead of the distance from zero, where a syllable is missing."""
        shaped = self._vectors.reshape(-1, self.length, DIM)
        absent = shaped[rows, np.maximum(missing, 0)]
        instead = INDEL - np.square(absent).sum(axis=1)
        return np.where(missing >= 0, instead, 0.0).astype(np.float32)
