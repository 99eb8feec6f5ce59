"""An event loop with a simulated clock: waiting costs no real time, work no simulated time."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import Any, TypeVar

from models.errors import TongchuanError

T = TypeVar("T")
STALL_S = 300.0
"""Real seconds that one piece of real work may take."""


class ClockError(TongchuanError):
    """Simulated time cannot go on."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """Its `time()` starts at 0 and jumps to the next timer when nothing else is left to do.

    While real work is out (in an executor, or declared by `working`) the loop waits for it and its
    clock stands still. Whoever wants that work to take simulated time sleeps afterwards.

    Raises ClockError out of `run_until_complete` when nothing is left that could wake a task, and
    when real work takes longer than STALL_S.
    """

    def __init__(self) -> None:
        self._clock = _Clock()
        super().__init__(self._clock)

    def time(self) -> float:
        """Simulated seconds."""
        return self._clock.now_s

    @contextmanager
    def working(self) -> Iterator[None]:
        """Real work is awaited in this block, e.g. an answer from a socket. It must not wait for a
        timer of this loop, which would never come."""
        self._clock.working += 1
        try:
            yield
        finally:
            self._clock.working -= 1

    def run_in_executor(  # type: ignore[override]
        self, executor: Executor | None, func: Callable[..., T], *args: Any
    ) -> asyncio.Future[T]:
        """See `asyncio.loop.run_in_executor`; counts as work."""
        future = super().run_in_executor(executor, func, *args)
        self._clock.working += 1
        future.add_done_callback(self._returned)
        return future

    async def shutdown_default_executor(self) -> None:
        """See `asyncio.loop.shutdown_default_executor`; counts as work."""
        with self.working():
            await super().shutdown_default_executor()

    def _returned(self, _future: asyncio.Future[Any]) -> None:
        self._clock.working -= 1


class _Clock(selectors.DefaultSelector):
    """The loop asks it to wait; it passes the time instead."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 0.0
        self.working = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """See `selectors.BaseSelector.select`."""
        if timeout is not None and timeout <= 0:
            return super().select(0)
        if self.working:
            ready = super().select(STALL_S)
            if not ready:
                raise ClockError(f"a model did not answer for {STALL_S:g} s")
            return ready
        ready = super().select(0)
        if not ready:
            if timeout is None:
                raise ClockError("all tasks wait for each other: nothing is left to happen")
            self.now_s += timeout
        return ready
