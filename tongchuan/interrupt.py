"""Ctrl-C: once to stop listening and finish, twice to give up."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def on_interrupt(on_first: Callable[[], None]) -> Iterator[asyncio.Event]:
    """An event that the first interrupt sets, after `on_first`; the second cancels this task."""
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()
    assert task is not None
    stop = asyncio.Event()

    def interrupted() -> None:
        if stop.is_set():
            task.cancel()
            return
        stop.set()
        on_first()

    before = signal.getsignal(signal.SIGINT)
    loop.add_signal_handler(signal.SIGINT, interrupted)
    try:
        yield stop
    finally:
        loop.remove_signal_handler(signal.SIGINT)
        signal.signal(signal.SIGINT, before)
