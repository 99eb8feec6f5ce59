from __future__ import annotations

import asyncio
import threading

import pytest

from glossaries.errors import GlossaryBusyError
from glossaries.workers import Workers


async def test_results_and_errors_come_back() -> None:
    workers = Workers("test", threads=2, queue=1)
    assert await workers.run(lambda: 7, 20) == 7
    with pytest.raises(ZeroDivisionError):
        await workers.run(lambda: 1 / 0, 20)
    with pytest.raises(TimeoutError, match="its own"):
        await workers.run(_late, 20)
    await workers.close(20)


def _late() -> None:
    raise TimeoutError("its own")


async def test_the_queue_has_an_end_and_places_come_back() -> None:
    workers = Workers("test", threads=1, queue=1)
    gate, entered = threading.Event(), threading.Event()

    def work() -> bool:
        entered.set()
        return gate.wait(20)

    running = [asyncio.create_task(workers.run(work, 20)) for _ in range(2)]
    await asyncio.to_thread(entered.wait, 20)
    with pytest.raises(GlossaryBusyError, match="too many"):
        await workers.run(work, 20)
    gate.set()
    assert await asyncio.gather(*running) == [True, True]
    assert await workers.run(work, 20)
    await workers.close(20)


async def test_a_wait_ends_and_the_work_keeps_its_place() -> None:
    workers = Workers("test", threads=1, queue=0)
    gate = threading.Event()
    with pytest.raises(GlossaryBusyError, match=r"within 0\.01 s"):
        await workers.run(lambda: gate.wait(20), 0.01)
    with pytest.raises(GlossaryBusyError, match="too many"):
        await workers.run(lambda: True, 20)
    await workers.close(0.01)  # does not wait for what hangs either
    gate.set()
    await workers.close(20)
