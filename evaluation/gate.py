"""Whether a run is worse than a committed one: `make bench` fails then.

Quality is judged by the run's own bootstrap interval, so that chance alone does not fail it; times
by a stated tolerance; cost as a ratio to a fixed workload timed in the same run, so that another
machine's speed does not matter.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from evaluation.bootstrap import Interval
from evaluation.report import Row, Target
from models.errors import TongchuanError

ERROR_MORE = 0.02
"""CER, or WER of English, that a run may have more."""
DELAY_MORE_S = 0.3
"""LongYAAL that a run may have more, seconds."""
COST_TIMES = 1.25
"""Compute over the reference workload that a run may have, as a multiple of what it was."""

_SIZE, _ROUNDS, _REPEATS = 768, 8, 7


class BaselineError(TongchuanError):
    """A committed result cannot be compared with. Names the file and what does not fit."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """Figures of a committed run, of all its recordings together. None where it has none."""

    recordings: frozenset[str]
    bleu: float | None
    chrf: float | None
    error: float | None
    yaal_unaware: float | None
    yaal_aware: float | None
    compute: float | None
    reference_s: float | None

    def fit(self, recordings: Iterable[str]) -> None:
        """Raises BaselineError unless it is of these recordings."""
        names = frozenset(recordings)
        if names != self.recordings:
            raise BaselineError(
                f"the committed result is of {', '.join(sorted(self.recordings))}; this run of "
                f"{', '.join(sorted(names))}: compare runs over the same recordings"
            )


def reference_s() -> float:
    """Seconds of a fixed workload (float32 matrix products), the best of several: the machine's
    speed as it is now."""
    matrix = np.random.default_rng(0).standard_normal((_SIZE, _SIZE)).astype(np.float32)
    best = float("inf")
    for _ in range(_REPEATS):
        started = time.perf_counter()
        for _ in range(_ROUNDS):
            matrix @ matrix
        best = min(best, time.perf_counter() - started)
    return best


def load(path: Path) -> Baseline:
    """What `tongchuan eval --out` wrote. Raises BaselineError."""
    try:
        body: Any = json.loads(path.read_text(encoding="utf-8"))
        *parts, whole = body["rows"]
        texts, times = whole["streamed"]["texts"], whole["streamed"]["times"] or {}
        quality = texts["by_segment"] or {}
        return Baseline(
            frozenset(str(part["name"]) for part in parts),
            quality.get("bleu"),
            quality.get("chrf"),
            texts["error"],
            times.get("yaal_unaware"),
            times.get("yaal_aware"),
            (whole["cost"] or {}).get("compute"),
            body["made"].get("reference_s"),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BaselineError(
            f"{path} is no result to compare with ({type(error).__name__}: {error}); "
            "write one with --out"
        ) from None


def checks(rows: Sequence[Row], made: Mapping[str, Any], base: Baseline) -> list[Target]:
    """The bounds that `base` sets for a run over the same recordings, the last row being all.

    A value that this run lacks (it said nothing) does not meet its bound.

    Raises BaselineError when the recordings are others.
    """
    base.fit(row.name for row in rows[:-1])
    row = rows[-1]
    texts, times, found = row.streamed.texts, row.streamed.times, row.streamed.findings
    bleu, chrf = (found.bleu, found.chrf) if found is not None else (None, None)
    bounds: list[Target | None] = [
        _above("BLEU, upper end of its interval", bleu, base.bleu),
        _above("chrF, upper end of its interval", chrf, base.chrf),
        _below("CER or WER", texts.error, base.error, more=ERROR_MORE),
    ]
    if times is not None:
        bounds += [
            _below(f"LongYAAL, {clock}, s", value, bound, more=DELAY_MORE_S)
            for clock, value, bound in (
                ("unaware", times.yaal_unaware, base.yaal_unaware),
                ("aware", times.yaal_aware, base.yaal_aware),
            )
        ]
    mine = made.get("reference_s")
    if row.cost is not None and mine and base.compute and base.reference_s:
        was = base.compute / base.reference_s
        bounds.append(
            Target("compute over the reference", row.cost.compute / mine, was * COST_TIMES)
        )
    return [target for target in bounds if target is not None]


def _above(name: str, interval: Interval | None, bound: float | None) -> Target | None:
    if bound is None:
        return None
    return Target(name, interval.high if interval else None, bound, at_most=False)


def _below(name: str, value: float | None, bound: float | None, *, more: float) -> Target | None:
    return None if bound is None else Target(name, value, bound + more)
