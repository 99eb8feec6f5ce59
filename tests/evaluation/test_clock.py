"""Simulated time passes when there is nothing else to do, and only then."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import pytest

from evaluation import clock
from evaluation.clock import ClockError, VirtualLoop

T = TypeVar("T")


def run(main: Coroutine[Any, Any, T]) -> T:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)


def now() -> float:
    return asyncio.get_running_loop().time()


def test_a_week_is_over_at_once() -> None:
    async def main() -> float:
        await asyncio.sleep(7 * 86_400)
        return now()

    assert run(main()) == pytest.approx(7 * 86_400)


def test_timers_come_in_order_each_at_its_time() -> None:
    async def nap(seconds: float, woken: list[tuple[float, float]]) -> None:
        await asyncio.sleep(seconds)
        woken.append((seconds, now()))

    async def main() -> list[tuple[float, float]]:
        woken: list[tuple[float, float]] = []
        await asyncio.gather(*(nap(seconds, woken) for seconds in (3.0, 0.5, 2.0, 0.25)))
        return woken

    assert run(main()) == [(at, at) for at in (0.25, 0.5, 2.0, 3.0)]


def test_a_timeout_is_one_of_simulated_time() -> None:
    async def main() -> float:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1000):
                await asyncio.Event().wait()
        return now()

    assert run(main()) == pytest.approx(1000)


def test_the_clock_stands_while_a_thread_works() -> None:
    released = threading.Event()

    async def main() -> float:
        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(1) as pool:
            async with asyncio.timeout(0.001):  # never comes: no simulated time passes
                job = loop.run_in_executor(pool, released.wait, 10)
                threading.Timer(0.05, released.set).start()
                assert await job
        return now()

    assert run(main()) == 0


def test_the_clock_stands_while_declared_work_is_out() -> None:
    async def main() -> float:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        answer = loop.create_future()
        answered = threading.Timer(0.05, loop.call_soon_threadsafe, (answer.set_result, None))
        with loop.working():
            answered.start()
            async with asyncio.timeout(0.001):
                await answer
        answered.join()
        return now()

    assert run(main()) == 0


def test_time_goes_on_after_work_that_failed() -> None:
    def fail() -> None:
        raise ValueError("it broke")

    async def main() -> float:
        with pytest.raises(ValueError, match="broke"):
            await asyncio.to_thread(fail)
        await asyncio.sleep(5)
        return now()

    assert run(main()) == pytest.approx(5)


def test_tasks_that_wait_for_each_other_are_told() -> None:
    with pytest.raises(ClockError, match="wait for each other"):
        run(_forever())


async def _forever() -> None:
    await asyncio.Event().wait()


def test_work_that_never_comes_back_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "STALL_S", 0.05)

    async def main() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        with loop.working():
            await _forever()

    with pytest.raises(ClockError, match="did not answer"):
        run(main())
