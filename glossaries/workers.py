"""A few threads for blocking work, with a bounded queue and a limit on every wait."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from glossaries.errors import GlossaryBusyError

T = TypeVar("T")


class Workers:
    """Runs functions in at most `threads` threads; `queue` more may wait.

    A thread cannot be stopped from outside: when a wait ends, by its limit or by cancellation,
    the function goes on to its end and its result is dropped. It keeps its place until then, so
    that work which hangs does not pile up.
    """

    def __init__(self, name: str, threads: int, queue: int) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._places = threads + queue
        self._running: set[asyncio.Future[Any]] = set()

    async def run(self, work: Callable[[], T], limit_s: float) -> T:
        """What `work` returns. Raises GlossaryBusyError when the queue is full or after
        `limit_s`, and whatever `work` raises."""
        if not self._places:
            raise GlossaryBusyError("too many requests wait for the glossary database; try again")
        self._places -= 1
        future = asyncio.get_running_loop().run_in_executor(self._threads, work)
        self._running.add(future)
        future.add_done_callback(self._leave)
        try:
            async with asyncio.timeout(limit_s):
                return await asyncio.shield(future)
        except TimeoutError:
            if future.done():  # it is the work that timed out
                raise
            raise GlossaryBusyError(
                f"the glossary database did not answer within {limit_s:g} s; try again"
            ) from None

    def _leave(self, future: asyncio.Future[Any]) -> None:
        self._places += 1
        self._running.discard(future)
        if not future.cancelled():
            future.exception()  # nobody may be left to ask for it

    async def close(self, limit_s: float) -> None:
        """Take no more work, drop what waits, and give what runs up to `limit_s`."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        if self._running:
            await asyncio.wait(self._running, timeout=limit_s)
