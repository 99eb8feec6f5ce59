"""The forms of terms that have equally many syllables, searched by FAISS."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import dataclass

import faiss
import numpy as np
from numpy.typing import NDArray

from models.recall.features import DIM, INDEL, TABLE
from models.recall.query import Windows

_FLAT = 4_000  # forms that are searched one by one
_NEAREST = 8  # forms looked at for each window
_BATCH = 4_096  # vectors made at once
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

    forms: rows of `features.TABLE`, shape (forms, syllables).
    numbers: what `Hits.forms` calls them.
    """

    def __init__(self, forms: NDArray[np.int16], numbers: Sequence[int]) -> None:
        self.length = forms.shape[1]
        self._forms = forms
        self._numbers = np.array(numbers, np.int32)
        self._hidden: NDArray[np.bool_] | None = None
        self._count = len(forms)
        self._index = self._make()

    def __len__(self) -> int:
        return self._count

    def without(self, forms: Iterable[bytes]) -> Bucket:
        """These forms of it are not found; all else is shared."""
        other = copy(self)
        other._hidden = np.zeros(len(self._forms), np.bool_)
        for form in forms:
            other._hidden |= self._where(form)
        other._count = len(self._forms) - int(other._hidden.sum())
        return other

    def number(self, form: bytes) -> int | None:
        """What `numbers` calls a form; None when it is not here."""
        rows = np.flatnonzero(self._where(form))
        return int(self._numbers[rows[0]]) if len(rows) else None

    def _where(self, form: bytes) -> NDArray[np.bool_]:
        same: NDArray[np.bool_] = (self._forms == np.frombuffer(form, np.int16)).all(axis=1)
        return same

    def _make(self) -> faiss.Index:
        """Cells of vectors in 8 bits a number: exact distances are computed from the forms."""
        count, dim = len(self._forms), self.length * DIM
        flat = faiss.IndexFlatL2(dim)
        if count <= _FLAT:
            flat.add(self._vectors(slice(None)))
            return flat
        cells = 2 ** round(math.log2(4 * math.sqrt(count)))
        index = faiss.IndexIVFScalarQuantizer(flat, dim, cells, faiss.ScalarQuantizer.QT_8bit)
        index.cp.seed = 1
        index.cp.niter = 6
        index.cp.max_points_per_centroid = _TRAINING
        index.cp.min_points_per_centroid = 1
        drawn = np.random.default_rng(1).permutation(count)[: _TRAINING * cells]
        index.train(self._vectors(drawn))
        index.nprobe = max(4, cells // 16)
        for start in range(0, count, _BATCH):
            index.add(self._vectors(slice(start, start + _BATCH)))
        return index

    def _vectors(self, rows: NDArray[np.int64] | slice) -> NDArray[np.float32]:
        """Of some forms, shape (n, length·DIM)."""
        forms = self._forms[rows]
        return TABLE[forms].reshape(len(forms), self.length * DIM)

    def search(self, windows: Windows, most_cost: float) -> Hits:
        """The forms whose cost at some window is at most `most_cost`."""
        # Of this thread only: the cores are the models', and threads that spin take them away.
        faiss.omp_set_num_threads(1)
        nearest = min(_NEAREST, len(self._numbers))
        distances, rows = self._index.search(windows.vectors, nearest)
        at = np.repeat(np.arange(len(rows)), nearest)
        rows, distances = rows.ravel(), distances.ravel()
        # Roughly at first: in 8 bits, and with a missing syllable's distance from zero.
        kept = (rows >= 0) & (distances + windows.extra[at] <= most_cost + 1.0)
        if self._hidden is not None:
            kept &= ~self._hidden[rows]
        at, rows = at[kept], rows[kept]
        costs = self._costs(rows, windows, at)
        kept = costs <= most_cost
        at, rows = at[kept], rows[kept]
        return Hits(
            self._numbers[rows].astype(np.int64),
            windows.starts[at],
            windows.stops[at],
            costs[kept].astype(np.float32),
        )

    def _costs(
        self, rows: NDArray[np.int64], windows: Windows, at: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """Of forms at windows, pair by pair: syllables' distances, INDEL for a missing one."""
        apart = self._vectors(rows) - windows.vectors[at]
        each = np.square(apart).reshape(len(rows), self.length, DIM).sum(axis=2)
        missing = windows.missing[at]
        there = np.flatnonzero(missing >= 0)
        each[there, missing[there]] = INDEL
        costs: NDArray[np.float32] = each.sum(axis=1) + windows.extra[at]
        return costs
