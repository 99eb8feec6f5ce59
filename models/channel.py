"""A bounded, closable, single-reader queue between two tasks of one event loop."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

from models.errors import ChannelClosedError

T = TypeVar("T")


class Channel(Generic[T]):
    """Items in order, bounded by their total weight.

    `limit` is in the unit that `weight` returns (items by default, seconds of audio, …).
    Overflow policy is the sender's: `send` waits for room, `try_send` refuses.
    An item heavier than the whole limit is taken when the channel is empty, so nothing stalls.
    """

    def __init__(self, limit: float, weight: Callable[[T], float] = lambda _item: 1.0) -> None:
        assert limit > 0
        self.limit = limit
        self.load = 0.0
        self._weight = weight
        self._items: deque[T] = deque()
        self._closed = False
        self._changed = asyncio.Condition()

    def __len__(self) -> int:
        return len(self._items)

    @property
    def closed(self) -> bool:
        """Whether the sender has closed it (items may still wait to be received)."""
        return self._closed

    def _fits(self, weight: float) -> bool:
        return not self._items or self.load + weight <= self.limit

    def _put(self, item: T, weight: float) -> None:
        self._items.append(item)
        self.load += weight

    async def send(self, item: T) -> None:
        """Put `item`, waiting for room. Raises ChannelClosedError once closed.

        Cancelled while it waits, it has put nothing.
        """
        weight = self._weight(item)
        async with self._changed:
            await self._changed.wait_for(lambda: self._closed or self._fits(weight))
            if self._closed:
                raise ChannelClosedError("the channel is closed")
            self._put(item, weight)
            self._changed.notify_all()

    async def try_send(self, item: T) -> bool:
        """Put `item` if there is room now; False when there is not."""
        weight = self._weight(item)
        async with self._changed:
            if self._closed:
                raise ChannelClosedError("the channel is closed")
            if not self._fits(weight):
                return False
            self._put(item, weight)
            self._changed.notify_all()
            return True

    async def close(self) -> None:
        """No more items will come. Idempotent; what waits can still be received."""
        async with self._changed:
            self._closed = True
            self._changed.notify_all()

    async def receive(self) -> T | None:
        """The next item; None once closed and empty. Cancelled while it waits, it took nothing."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._closed or bool(self._items))
            return self._take()

    async def receive_now(self) -> T | None:
        """The next item if one waits; None otherwise."""
        async with self._changed:
            return self._take()

    def _take(self) -> T | None:
        if not self._items:
            return None
        item = self._items.popleft()
        self.load = self.load - self._weight(item) if self._items else 0.0
        self._changed.notify_all()
        return item

    def __aiter__(self) -> Channel[T]:
        return self

    async def __anext__(self) -> T:
        item = await self.receive()
        if item is None:
            raise StopAsyncIteration
        return item
