"""Cores that jobs share, on the clock of the event loop."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

_NOTHING_S = 1e-9


@dataclass(eq=False, slots=True)
class _Job:
    left_s: float
    threads: int
    done: asyncio.Future[None]


class Processor:
    """Processor sharing: when the jobs' threads are more than the cores, all threads get equal
    shares, and a job gets on as its threads do.

    So on 2 cores a job of 1 thread and one of 2 both go at 2/3 of their speeds. Whisper and
    llama.cpp, measured there side by side (`evaluation.contention`), go at 0.90 and 0.62: threads
    that wait for memory leave room. One event loop's.
    """

    def __init__(self, cores: int) -> None:
        assert cores > 0
        self._cores = cores
        self._jobs: list[_Job] = []
        self._seen_s = 0.0
        self._timer: asyncio.TimerHandle | None = None

    async def run(self, seconds: float, threads: int) -> None:
        """Return when work is done that takes `seconds` alone, on `threads` cores.

        threads: 0 for work that is done elsewhere. Cancelled, the work is dropped.
        """
        if seconds <= 0:
            return
        job = _Job(seconds, min(threads, self._cores), asyncio.get_running_loop().create_future())
        self._pass()
        self._jobs.append(job)
        self._plan()
        try:
            await job.done
        finally:
            if job in self._jobs:  # cancelled
                self._pass()
                self._jobs.remove(job)
                self._plan()

    def _rate(self, job: _Job) -> float:
        """Seconds of its work that `job` gets done a second."""
        threads = sum(other.threads for other in self._jobs)
        return min(1.0, self._cores / threads) if job.threads else 1.0

    def _pass(self) -> None:
        """Do the work of the time since the last call."""
        now_s = asyncio.get_running_loop().time()
        for job in self._jobs:
            job.left_s -= (now_s - self._seen_s) * self._rate(job)
        self._seen_s = now_s

    def _plan(self) -> None:
        """Come back when the next job ends."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._jobs:
            wait_s = min(job.left_s / self._rate(job) for job in self._jobs)
            self._timer = asyncio.get_running_loop().call_later(max(0.0, wait_s), self._end)

    def _end(self) -> None:
        self._pass()
        ended = [job for job in self._jobs if job.left_s <= _NOTHING_S]
        self._jobs = [job for job in self._jobs if job.left_s > _NOTHING_S]
        for job in ended:
            if not job.done.done():
                job.done.set_result(None)
        self._plan()
