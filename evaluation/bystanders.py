"""How much of the machine other processes take: what is measured beside them is too long."""

from __future__ import annotations

import time
from collections.abc import Callable

import psutil  # type: ignore[import-untyped]


class Bystanders:
    """Watches from now on."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._process = psutil.Process()
        self._begun = clock()
        self._others_s = self._used_s()

    @property
    def cores(self) -> float:
        """Cores that other processes kept busy so far, on average."""
        elapsed_s = self._clock() - self._begun
        return max(0.0, self._used_s() - self._others_s) / elapsed_s if elapsed_s else 0.0

    def _used_s(self) -> float:
        """Processor seconds of all others since the machine started."""
        times = psutil.cpu_times()
        # Guests are in user and nice already; steal is what other machines took of this one.
        fields = ("user", "nice", "system", "irq", "softirq", "steal")
        busy = sum(getattr(times, name, 0.0) for name in fields)
        own = self._process.cpu_times()
        return float(busy - own.user - own.system)
