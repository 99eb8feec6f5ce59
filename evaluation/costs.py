"""What a session's model work cost: telemetry that adds up."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Costs:
    """Of one replay.

    stages: model seconds by stage as measured, each job with the machine to itself.
    elapsed: the same jobs in simulated seconds, as charged and slowed by each other.
    counts: what the models counted (tokens, chunks, …). wall_s: real seconds that the run took.
    """

    audio_s: float
    stages: Mapping[str, float]
    elapsed: Mapping[str, float]
    counts: Mapping[str, int]
    wall_s: float


class Tally:
    """`Telemetry` that adds up; also for one job alone."""

    def __init__(self) -> None:
        self.stages: defaultdict[str, float] = defaultdict(float)
        self.counts: Counter[str] = Counter()

    def stage(self, name: str, seconds: float) -> None:
        """See `Telemetry.stage`."""
        self.stages[name] += seconds

    def count(self, name: str, amount: int = 1) -> None:
        """See `Telemetry.count`."""
        self.counts[name] += amount
