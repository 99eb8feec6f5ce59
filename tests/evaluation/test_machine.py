"""Real jobs run one at a time, and cost no simulated time by themselves."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from evaluation.charge import Free
from evaluation.clock import VirtualLoop
from evaluation.costs import Tally
from evaluation.machine import Machine


def test_real_jobs_are_alone() -> None:
    running: list[int] = []
    most = 0

    def job(number: int) -> int:
        nonlocal most
        running.append(number)
        most = max(most, len(running))
        time.sleep(0.005)
        running.remove(number)
        return number

    async def main() -> None:
        machine, loop = Machine(Free(), 2), asyncio.get_running_loop()
        with ThreadPoolExecutor(4) as pool:
            done = await asyncio.gather(
                *(
                    machine.work(lambda n=number: loop.run_in_executor(pool, job, n))  # type: ignore[misc]
                    for number in range(8)
                )
            )
        assert [number for number, _ in done] == list(range(8))
        assert all(seconds > 0 for _, seconds in done)
        assert loop.time() == 0

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(main())
    assert most == 1


def test_a_job_that_fails_lets_the_next_one_run() -> None:
    async def fail() -> None:
        raise ValueError("it broke")

    async def main() -> None:
        machine = Machine(Free(), 2)
        for _ in range(2):
            with pytest.raises(ValueError, match="broke"):
                await machine.work(fail)

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(main())


def test_stages_are_booked_as_measured_and_told_as_long_as_they_seemed() -> None:
    machine, job, told = Machine(Free(), 2), Tally(), Tally()
    job.stage("encode", 1)
    job.stage("decode", 3)
    job.count("prompt_tokens", 7)
    machine.report(job, 2.0, told)
    assert machine.measured.stages == {"encode": 1, "decode": 3}
    assert told.stages == {"encode": 0.5, "decode": 1.5}
    assert told.counts == {"prompt_tokens": 7}
