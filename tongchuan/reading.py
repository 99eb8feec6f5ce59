"""A blocking iterator read by a thread, for one task of an event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import TypeVar

from models.channel import Channel
from models.errors import ChannelClosedError

T = TypeVar("T")
_AHEAD = 8  # items read before they are asked for: the disk never makes the reader wait


@asynccontextmanager
async def in_thread(items: Iterator[T]) -> AsyncIterator[AsyncIterator[T]]:
    """What `items` gives, in order, read ahead by a few; its exception comes after them.

    The thread is a daemon: one that waits for a pipe that nobody writes to holds nobody up, not
    even the end of the program.
    """
    loop = asyncio.get_running_loop()
    channel: Channel[T] = Channel(_AHEAD)
    failures: list[Exception] = []

    def read() -> None:
        try:
            for item in items:
                if channel.closed:  # nobody reads on, the loop may be gone
                    return
                asyncio.run_coroutine_threadsafe(channel.send(item), loop).result()
        except ChannelClosedError:
            return
        except Exception as error:  # noqa: BLE001 - a thread's edge: raised again below
            failures.append(error)
        finally:
            close = getattr(items, "close", None)
            if close is not None:
                close()
        if not channel.closed:
            asyncio.run_coroutine_threadsafe(channel.close(), loop)

    async def received() -> AsyncIterator[T]:
        async for item in channel:
            yield item
        if failures:
            raise failures[0]

    threading.Thread(target=read, name="tongchuan-input", daemon=True).start()
    try:
        yield received()
    finally:
        await channel.close()
