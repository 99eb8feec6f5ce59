"""The client's bounded store of unread events."""

from __future__ import annotations

import asyncio
from collections import deque

from tongchuan.events import AudioAck, Event, TranscriptPartial, TranslationPreview

_REPLACED = (TranscriptPartial, TranslationPreview, AudioAck)
"""By contract a later event of these types replaces an earlier one."""


class EventBuffer:
    """Events in order, at most `limit` unread.

    When full, those that a later event replaces go first; if that frees nothing, `put` waits, and
    the server feels it. So a client that reads late loses no committed text.
    """

    def __init__(self, limit: int) -> None:
        assert limit > 0
        self.limit = limit
        self._events: deque[Event] = deque()
        self._closed = False
        self._discarding = False
        self._failure: Exception | None = None
        self._ready = asyncio.Event()
        self._room = asyncio.Event()

    def __len__(self) -> int:
        return len(self._events)

    async def put(self, event: Event) -> None:
        """Add `event`, waiting for room. Cancelled while it waits, it has added nothing."""
        if self._discarding:
            return
        while len(self._events) >= self.limit:
            self._drop_replaced(event)
            if len(self._events) < self.limit:
                break
            self._room.clear()
            await self._room.wait()
            if self._discarding:
                return
        self._events.append(event)
        self._ready.set()

    def discard(self) -> None:
        """Forget what is unread and all that comes: nobody will read it."""
        self._discarding = True
        self._events.clear()
        self._room.set()

    def close(self, failure: Exception | None = None) -> None:
        """No more events will come. `failure` is raised once the unread ones have been read."""
        if not self._closed:
            self._closed = True
            self._failure = failure
            self._ready.set()

    async def get(self) -> Event | None:
        """The next event; None once closed and empty. Cancelled while it waits, it took nothing."""
        while not self._events:
            if self._closed:
                if self._failure is not None:
                    raise self._failure
                return None
            self._ready.clear()
            await self._ready.wait()
        event = self._events.popleft()
        self._room.set()
        return event

    def _drop_replaced(self, newest: Event) -> None:
        seen = {type(newest)} & set(_REPLACED)
        kept: deque[Event] = deque()
        for event in reversed(self._events):
            if isinstance(event, _REPLACED):
                if type(event) in seen:
                    continue
                seen.add(type(event))
            kept.appendleft(event)
        self._events = kept
