"""How busy the models are: the share of recent time that they worked."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from models.interpreter import Telemetry

_SPAN_S = 8.0


class Load:
    """Model time of all sessions over the last 8 seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._work: deque[tuple[float, float]] = deque(maxlen=4096)

    def add(self, seconds: float) -> None:
        """Work that ended now and took `seconds`."""
        self._work.append((self._clock(), seconds))

    @property
    def share(self) -> float:
        """Seconds of work a second; above 1 where engines work side by side."""
        oldest = self._clock() - _SPAN_S
        while self._work and self._work[0][0] < oldest:
            self._work.popleft()
        return sum(seconds for _, seconds in self._work) / _SPAN_S


class LoadTelemetry:
    """Passes telemetry on, and adds model time to a `Load`."""

    def __init__(self, inner: Telemetry, load: Load) -> None:
        self._inner = inner
        self._load = load

    def stage(self, name: str, seconds: float) -> None:
        """See `Telemetry.stage`."""
        self._load.add(seconds)
        self._inner.stage(name, seconds)

    def count(self, name: str, amount: int = 1) -> None:
        """See `Telemetry.count`."""
        self._inner.count(name, amount)
