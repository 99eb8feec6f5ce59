"""VIP of a system from its verdicts."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluation import bootstrap
from evaluation.vip.verdicts import CHECKS, Verdict

NAME = "VIP (LLM judge, a proxy)"
"""What the figure is called wherever it is shown."""


@dataclass(frozen=True, slots=True)
class Score:
    """Counts of fragments. vip: valid over judged ones, 0 to 1, with its 95 % bootstrap interval
    over segments; None when none was judged. failed: how many of the judged fail each check."""

    vip: bootstrap.Interval | None
    segments: int
    fragments: int
    valid: int
    unjudged: int
    failed: Mapping[str, int]

    @property
    def unjudged_share(self) -> float:
        """Of all fragments, 0 to 1."""
        return self.unjudged / self.fragments if self.fragments else 0.0

    def as_json(self) -> dict[str, Any]:
        """For the file."""
        interval = self.vip
        return {
            "vip": None if interval is None else interval.value,
            "interval_95": None if interval is None else [interval.low, interval.high],
            "segments": self.segments,
            "fragments": self.fragments,
            "valid": self.valid,
            "unjudged": self.unjudged,
            "unjudged_share": self.unjudged_share,
            "failed": dict(self.failed),
        }


def score(verdicts: Iterable[Verdict]) -> Score:
    """Of one system's, of any recordings."""
    found = list(verdicts)
    segments: dict[tuple[str, int], list[float]] = {}
    for verdict in found:
        counts = segments.setdefault((verdict.recording, verdict.segment), [0.0, 0.0])
        if verdict.valid is not None:
            counts[0] += verdict.valid
            counts[1] += 1
    judged = [verdict.checks for verdict in found if verdict.checks is not None]
    return Score(
        _interval(segments.values()),
        len(segments),
        len(found),
        sum(verdict.valid is True for verdict in found),
        len(found) - len(judged),
        {name: sum(not getattr(checks, name) for checks in judged) for name in CHECKS},
    )


def _interval(counts: Iterable[list[float]]) -> bootstrap.Interval | None:
    """counts: valid and judged fragments of each segment."""
    rows = np.array(list(counts), np.float64).reshape(-1, 2)
    try:
        return bootstrap.interval(bootstrap.Statistics(rows, _share))
    except bootstrap.BootstrapError:  # no fragment was judged
        return None


def _share(total: NDArray[np.float64]) -> float:
    return float(total[0] / total[1]) if total[1] else math.nan
