"""A machine on a simulated clock: real jobs run alone, and what they cost passes as time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from evaluation.charge import Charge
from evaluation.clock import VirtualLoop
from evaluation.costs import Tally
from evaluation.processor import Processor
from models.interpreter import Telemetry

T = TypeVar("T")


class Machine:
    """Does one real job at a time, so that each is measured alone, and lets simulated time pass."""

    def __init__(self, charge: Charge, cores: int) -> None:
        self.charge = charge
        self.measured = Tally()
        self._processor = Processor(cores)
        self._turn = asyncio.Lock()

    async def work(self, job: Callable[[], Awaitable[T]]) -> tuple[T, float]:
        """The result of `job`, and the real seconds it took. The simulated clock stands still."""
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop), "a charged engine needs a simulated clock"
        async with self._turn:
            with loop.working():
                started = time.perf_counter()
                result = await job()
                return result, time.perf_counter() - started

    async def spend(self, seconds: float, threads: int) -> float:
        """Let work of `seconds` on `threads` be done; the simulated seconds that it took."""
        clock = asyncio.get_running_loop().time
        started = clock()
        await self._processor.run(seconds, threads)
        return clock() - started

    def report(self, job: Tally, elapsed_s: float, telemetry: Telemetry) -> None:
        """Book a job's stages as measured; tell `telemetry` of them as long as they seemed."""
        total = sum(job.stages.values())
        for name, seconds in job.stages.items():
            self.measured.stage(name, seconds)
            telemetry.stage(name, elapsed_s * seconds / total if total else 0.0)
        for name, amount in job.counts.items():
            telemetry.count(name, amount)
