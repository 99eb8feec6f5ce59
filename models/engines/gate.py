"""Who may use a model next: a few places, the urgent first, a bounded queue."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import IntEnum

from models.errors import EngineBusyError


class Priority(IntEnum):
    """Commits go before what helps them, and both before previews."""

    COMMIT = 0
    BOUNDARY = 1
    PREVIEW = 2

    @property
    def stage(self) -> str:
        """What telemetry calls work of this priority."""
        return {0: "translate", 1: "boundary", 2: "preview"}[self.value]


@dataclass(slots=True, eq=False)
class Ticket:
    """A place taken. `preempted` turns true when something more urgent waits for it.

    Compared by identity: two previews' tickets are not the same.
    """

    priority: Priority
    preempted: bool = False


@dataclass(order=True, slots=True)
class _Waiter:
    priority: Priority
    number: int
    granted: asyncio.Future[None] = field(compare=False)


class PriorityGate:
    """`places` at once; others wait by priority, then by arrival; at most `queue` of them.

    A preview holds its place only as long as nobody more urgent waits: it is told by its ticket
    and should leave soon.
    """

    def __init__(self, places: int, queue: int) -> None:
        assert places > 0
        self._free = places
        self._queue = queue
        self._waiters: list[_Waiter] = []
        self._numbers = itertools.count()
        self._inside: list[Ticket] = []

    @property
    def waiting(self) -> int:
        """How many wait."""
        return sum(not waiter.granted.done() for waiter in self._waiters)

    @property
    def idle(self) -> bool:
        """Whether a place is free."""
        return self._free > 0

    @asynccontextmanager
    async def place(self, priority: Priority) -> AsyncIterator[Ticket]:
        """Hold a place. Raises EngineBusyError when the queue is full.

        Cancelled while it waits, it leaves the queue; a place granted meanwhile is handed on.
        """
        await self._enter(priority)
        # Since it was granted, before this ran, somebody more urgent may have come.
        ticket = Ticket(priority, preempted=self._gives_way(priority))
        self._inside.append(ticket)
        try:
            yield ticket
        finally:
            self._inside.remove(ticket)
            self._leave()

    def _gives_way(self, priority: Priority) -> bool:
        if priority is not Priority.PREVIEW:
            return False
        return any(w.priority < priority and not w.granted.done() for w in self._waiters)

    async def _enter(self, priority: Priority) -> None:
        if self._free > 0:
            self._free -= 1
            return
        if self.waiting >= self._queue:
            raise EngineBusyError("the language model is overloaded: admit fewer sessions")
        waiter = _Waiter(priority, next(self._numbers), asyncio.get_running_loop().create_future())
        heapq.heappush(self._waiters, waiter)
        for ticket in self._inside:
            if ticket.priority is Priority.PREVIEW and priority < Priority.PREVIEW:
                ticket.preempted = True
        try:
            await waiter.granted
        except asyncio.CancelledError:
            if waiter.granted.done() and not waiter.granted.cancelled():
                self._leave()
            waiter.granted.cancel()
            raise

    def _leave(self) -> None:
        while self._waiters:
            waiter = heapq.heappop(self._waiters)
            if not waiter.granted.done():
                waiter.granted.set_result(None)
                return
        self._free += 1
