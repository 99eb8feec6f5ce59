"""A text in which terms are looked for: its units, its syllables and every stretch of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from models.recall.features import DIM, INDEL, vectors
from models.recall.syllables import Spoken, Syllable, spoken
from models.recall.units import Unit, composed, units

_LEAST_CHANGED = 3  # syllables of a term that may have one more or one less in the text


@dataclass(frozen=True, slots=True)
class Windows:
    """All stretches of a text that are compared with terms of n syllables, m of them.

    vectors: shape (m, n·DIM), float32; where a syllable was missed, zeros stand for it.
    starts, stops: int64, shape (m,); the syllables of the text from `starts` to `stops`.
    missing: int64, shape (m,); the place among the n that is zeros, or -1.
    extra: float32, shape (m,); what the syllables that were left out cost.
    """

    vectors: NDArray[np.float32]
    starts: NDArray[np.int64]
    stops: NDArray[np.int64]
    missing: NDArray[np.int64]
    extra: NDArray[np.float32]


class Query:
    """Text of a chunk, at most a few hundred characters. Made once, for any number of indexes."""

    def __init__(self, text: str) -> None:
        self.text = composed(text)
        self.units: tuple[Unit, ...] = units(text)
        self._spoken: tuple[Spoken, ...] = spoken(self.units)
        self._windows: dict[int, Windows | None] = {}

    @cached_property
    def written(self) -> tuple[str, ...]:
        """The units as terms are compared with them."""
        return tuple(unit.written for unit in self.units)

    def syllables(self, start: int, stop: int) -> int:
        """How many the units from `start` to `stop` (exclusive) have."""
        return sum(start <= sound.origin < stop for sound in self._spoken)

    @property
    def places(self) -> int:
        """Where a term could begin."""
        return len(self._spoken)

    @property
    def origins(self) -> tuple[int, ...]:
        """The unit that each syllable comes from; rising."""
        return tuple(sound.origin for sound in self._spoken)

    def windows(self, length: int) -> Windows | None:
        """Those for terms of `length` syllables; None when there are none.

        Each as long as the term; for terms of three syllables and more also one longer with a
        syllable inside left out, and one shorter with one missing inside. None spans a sentence
        end.
        """
        if length not in self._windows:
            self._windows[length] = self._make(length)
        return self._windows[length]

    def _make(self, length: int) -> Windows | None:
        rows: list[NDArray[np.float32]] = []
        places: list[tuple[int, int, int, float]] = []
        for first, last in self._sentences:
            for start in filter(self._begins, range(first, last)):
                for taken, missing, extra, stop in _variants(start, last, length):
                    if not self._begins(stop):
                        continue
                    row = np.zeros((length, DIM), np.float32)
                    row[[at for at in range(length) if at != missing]] = self._vectors[taken]
                    rows.append(row.ravel())
                    places.append((start, stop, missing, extra))
        if not rows:
            return None
        starts, stops, missing_places, extras = zip(*places, strict=True)
        return Windows(
            np.stack(rows),
            np.array(starts),
            np.array(stops),
            np.array(missing_places),
            np.array(extras, np.float32),
        )

    def _begins(self, at: int) -> bool:
        """Whether a unit begins with syllable `at`: no term is part of a word or a number."""
        if not 0 < at < len(self._spoken):
            return True
        return self._spoken[at].origin != self._spoken[at - 1].origin

    @cached_property
    def _vectors(self) -> NDArray[np.float32]:
        silent = Syllable("", "")
        return vectors(sound.syllable or silent for sound in self._spoken)

    @cached_property
    def _sentences(self) -> list[tuple[int, int]]:
        """First and last (exclusive) syllable of each sentence."""
        ends = [at for at, sound in enumerate(self._spoken) if sound.syllable is None]
        starts = [0, *(end + 1 for end in ends)]
        return [
            (start, end)
            for start, end in zip(starts, [*ends, len(self._spoken)], strict=True)
            if start < end
        ]


def _variants(start: int, last: int, length: int) -> list[tuple[list[int], int, float, int]]:
    """Stretches from `start`: the syllables taken, the place that misses one (-1: none), the
    cost of those left out, and where the stretch stops."""
    found: list[tuple[list[int], int, float, int]] = []
    if start + length <= last:
        found.append((list(range(start, start + length)), -1, 0.0, start + length))
    if length < _LEAST_CHANGED:
        return found
    stop = start + length + 1
    if stop <= last:
        for left_out in range(start + 1, stop - 1):
            found.append(([at for at in range(start, stop) if at != left_out], -1, INDEL, stop))
    stop = start + length - 1
    if stop <= last:
        found += [(list(range(start, stop)), place, 0.0, stop) for place in range(1, length - 1)]
    return found
