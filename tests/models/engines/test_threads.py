from __future__ import annotations

import asyncio
import threading

import pytest

from models.engines.threads import Threads
from models.errors import EngineError

PATIENCE_S = 20.0


async def test_work_is_done_beside_the_loop_and_its_outcome_told() -> None:
    threads = Threads(2, "the model")
    assert await threads.start(threading.current_thread) is not threading.main_thread()

    def fail() -> None:
        raise ZeroDivisionError("a fault")

    with pytest.raises(ZeroDivisionError, match="a fault"):
        await threads.start(fail)
    assert threads.busy == 0


async def test_no_more_than_so_many_at_once() -> None:
    threads, gate = Threads(2, "the model"), threading.Event()
    works = [threads.start(gate.wait) for _ in range(2)]
    with pytest.raises(EngineError, match="the model has not come back from 2 requests"):
        threads.start(gate.wait)
    gate.set()
    assert await asyncio.gather(*works) == [True, True]
    assert await threads.start(gate.wait)


async def test_cancelled_work_goes_on_and_counts_until_it_is_over() -> None:
    threads, gate = Threads(1, "the model"), threading.Event()
    work = threads.start(gate.wait)
    work.cancel()
    assert threads.busy == 1
    await threads.settle(0.05)
    assert threads.busy == 1
    gate.set()
    await threads.settle(PATIENCE_S)
    assert threads.busy == 0


def test_work_that_outlives_its_loop_is_awaited_by_another() -> None:
    threads, gate = Threads(1, "the model"), threading.Event()

    async def begin() -> None:
        threads.start(gate.wait)

    asyncio.run(begin())
    assert threads.busy == 1
    gate.set()
    asyncio.run(threads.settle(PATIENCE_S))
    assert threads.busy == 0
