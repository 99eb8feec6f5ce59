"""Jobs share cores as the worked examples say, and no work is lost or made up."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.clock import VirtualLoop
from evaluation.processor import Processor

Job = tuple[float, float, int]
"""When it begins, its seconds alone, its threads."""


def ends(cores: int, *jobs: Job) -> list[float]:
    """When each job is done."""

    async def one(processor: Processor, job: Job) -> float:
        begin, seconds, threads = job
        await asyncio.sleep(begin)
        await processor.run(seconds, threads)
        return asyncio.get_running_loop().time()

    async def main() -> list[float]:
        processor = Processor(cores)
        return await asyncio.gather(*(one(processor, job) for job in jobs))

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main())


def test_alone_a_job_takes_its_time() -> None:
    assert ends(2, (1, 3, 2)) == pytest.approx([4])


def test_with_cores_enough_nobody_waits() -> None:
    assert ends(3, (0, 3, 2), (1, 1, 1)) == pytest.approx([3, 2])


def test_an_llm_and_a_recogniser_on_two_cores() -> None:
    """Three threads share two cores: the recogniser's 1 s takes 1.5 s, in which the LLM does 1 s of
    its 2 s, too."""
    assert ends(2, (0, 2, 2), (0, 1, 1)) == pytest.approx([2.5, 1.5])


def test_threads_beyond_the_cores_are_part_of_the_time_alone() -> None:
    assert ends(2, (0, 3, 8)) == pytest.approx([3])
    assert ends(2, (0, 2, 8), (0, 1, 1)) == pytest.approx([2.5, 1.5])


def test_one_that_comes_later() -> None:
    """At 1 s the first has 1 s left; together they need 2 s for it; the second has 1 s left."""
    assert ends(1, (0, 2, 1), (1, 2, 1)) == pytest.approx([3, 4])


def test_work_elsewhere_neither_slows_nor_is_slowed() -> None:
    assert ends(1, (0, 2, 1), (0, 2, 0)) == pytest.approx([2, 2])


def test_nothing_to_do_is_done() -> None:
    assert ends(1, (0, 0, 1), (0, 1, 1)) == pytest.approx([0, 1])


def test_a_cancelled_job_gives_its_share_back() -> None:
    async def main() -> float:
        processor = Processor(1)
        dropped = asyncio.create_task(processor.run(10, 1))
        kept = asyncio.create_task(processor.run(2, 1))
        await asyncio.sleep(2)  # each has had 1 s
        dropped.cancel()
        await kept
        return asyncio.get_running_loop().time()

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        assert runner.run(main()) == pytest.approx(3)


_SECONDS = st.floats(0.001, 10)
_JOBS = st.lists(st.tuples(st.floats(0, 10), _SECONDS, st.integers(0, 4)), min_size=1, max_size=4)


@given(_JOBS)
def test_no_job_is_faster_than_alone(jobs: Sequence[Job]) -> None:
    for end, (begin, seconds, _) in zip(ends(4, *jobs), jobs, strict=True):
        assert end >= begin + seconds - 1e-6


@given(st.lists(_SECONDS, min_size=2, max_size=6))
def test_jobs_of_one_thread_keep_all_cores_at_work(seconds: list[float]) -> None:
    done = ends(1, *((0.0, one, 1) for one in seconds))
    assert max(done) == pytest.approx(sum(seconds))
    assert [end for _, end in sorted(zip(seconds, done, strict=True))] == sorted(done)
    *_, second, longest = sorted(seconds)
    alone = longest - second  # the last job's, when all others are done
    assert max(ends(2, *((0.0, one, 1) for one in seconds))) == pytest.approx(
        (sum(seconds) - alone) / 2 + alone
    )
