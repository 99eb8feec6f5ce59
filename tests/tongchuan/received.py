"""What a session gives, up to its end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable

from tongchuan import ChunkFinal, Event

PATIENCE_S = 20.0  # far more than anything here takes; a hang fails the test


async def rest(session: AsyncIterable[Event]) -> list[Event]:
    """Everything up to the end."""
    events: list[Event] = []
    await into(events, session)
    return events


async def into(events: list[Event], session: AsyncIterable[Event]) -> None:
    """Everything into `events`, up to whatever ends it."""
    async with asyncio.timeout(PATIENCE_S):
        async for event in session:
            events.append(event)


def chunks(events: list[Event]) -> list[ChunkFinal]:
    """The committed ones."""
    return [event for event in events if isinstance(event, ChunkFinal)]
