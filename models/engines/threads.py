"""Blocking work beside an event loop, which nothing has to wait for."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from models.errors import EngineError

T = TypeVar("T")
_LOOK_S = 0.02


class Threads:
    """At most `most` pieces of work at once, each in a thread of its own.

    The threads are daemons: work that never comes back holds up neither the event loop's end nor
    the program's, as a ThreadPoolExecutor's would. `what` does the work, in words.
    """

    def __init__(self, most: int, what: str) -> None:
        self._most = most
        self._what = what
        self._busy: set[threading.Thread] = set()

    @property
    def busy(self) -> int:
        """Pieces of work that have not come back."""
        return len(self._busy)

    def start(self, work: Callable[[], T]) -> asyncio.Future[T]:
        """Begin `work`; the future tells its outcome. Cancelled, it goes on, and nobody reads it.

        Raises EngineError when `most` are busy.
        """
        if self.busy >= self._most:
            raise EngineError(
                f"{self._what} has not come back from {self.busy} requests: if that lasts, "
                "restart this program"
            )
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()

        def run() -> None:
            outcome = _outcome(work)
            self._busy.discard(thread)
            with suppress(RuntimeError):  # the loop may be gone
                loop.call_soon_threadsafe(outcome, future)

        thread = threading.Thread(target=run, name=self._what, daemon=True)
        self._busy.add(thread)
        thread.start()
        return future

    async def settle(self, limit_s: float) -> None:
        """Return when nothing is busy, after `limit_s` in any case."""
        with suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                while self._busy:  # noqa: ASYNC110 - it may be the work of a loop that is gone
                    await asyncio.sleep(_LOOK_S)


def _outcome(work: Callable[[], T]) -> Callable[[asyncio.Future[T]], None]:
    """Do it; what to do with the future then."""
    try:
        result = work()
    except Exception as error:  # noqa: BLE001 - a thread's edge: raised again by the future
        failure = error  # which lives on, unlike its name

        def fail(future: asyncio.Future[T]) -> None:
            if not future.done():
                future.set_exception(failure)

        return fail

    def succeed(future: asyncio.Future[T]) -> None:
        if not future.done():
            future.set_result(result)

    return succeed
