"""Percentiles of a long stream of lags, in bounded memory."""

from __future__ import annotations

import math
from collections import Counter

_GROWTH = math.log(1.02)
_MAX_MS = 24 * 3600 * 1000


class Quantiles:
    """Counts values in buckets that grow by 2 %: about 900 buckets up to a day, within 1 %."""

    def __init__(self) -> None:
        self._buckets: Counter[int] = Counter()
        self._count = 0

    def __len__(self) -> int:
        return len(self._buckets)

    def add(self, value_ms: int) -> None:
        """Count one value in milliseconds; below 0 counts as 0, above a day as a day."""
        value = min(max(value_ms, 0), _MAX_MS)
        self._buckets[round(math.log1p(value) / _GROWTH)] += 1
        self._count += 1

    def at(self, share: float) -> int | None:
        """The smallest value that at least `share` of the values do not exceed; None if none."""
        rank = math.ceil(share * self._count)
        for bucket in sorted(self._buckets):
            rank -= self._buckets[bucket]
            if rank <= 0:
                return round(math.expm1(bucket * _GROWTH))
        return None
