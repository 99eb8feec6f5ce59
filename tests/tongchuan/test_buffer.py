"""The buffer of unread events: bounded, ordered, and no committed text is lost."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongchuan.buffer import EventBuffer
from tongchuan.errors import ClientError
from tongchuan.events import AudioAck, Event, TranscriptPartial, TranslationDelta


def delta(seq: int) -> Event:
    return TranslationDelta(seq, 0, 1, str(seq))


def partial(seq: int) -> Event:
    return TranscriptPartial(seq, 0, str(seq), 0, seq)


async def drained(buffer: EventBuffer) -> list[Event]:
    buffer.close()
    events = []
    while (event := await buffer.get()) is not None:
        events.append(event)
    return events


async def test_order_and_end() -> None:
    buffer = EventBuffer(4)
    for event in (delta(1), partial(2), delta(3)):
        await buffer.put(event)
    assert [event.seq for event in await drained(buffer)] == [1, 2, 3]
    assert await buffer.get() is None


async def test_only_superseded_events_go_when_it_is_full() -> None:
    buffer = EventBuffer(3)
    for event in (partial(1), AudioAck(2, 0, 20), delta(3), partial(4), delta(5)):
        async with asyncio.timeout(5):
            task = asyncio.ensure_future(buffer.put(event))
            await asyncio.sleep(0)
            if not task.done():
                assert (await buffer.get()).seq == 2  # type: ignore[union-attr]
            await task
    assert [event.seq for event in await drained(buffer)] == [3, 4, 5]


async def test_put_waits_for_a_reader() -> None:
    buffer = EventBuffer(2)
    await buffer.put(delta(1))
    await buffer.put(delta(2))
    waiting = asyncio.ensure_future(buffer.put(delta(3)))
    await asyncio.sleep(0)
    assert not waiting.done()
    assert await buffer.get() == delta(1)
    await waiting
    assert len(buffer) == 2


async def test_a_cancelled_put_adds_nothing() -> None:
    buffer = EventBuffer(1)
    await buffer.put(delta(1))
    waiting = asyncio.ensure_future(buffer.put(delta(2)))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert await drained(buffer) == [delta(1)]


async def test_the_failure_comes_after_the_events_and_stays() -> None:
    buffer = EventBuffer(2)
    await buffer.put(delta(1))
    buffer.close(ClientError("lost"))
    assert await buffer.get() == delta(1)
    for _ in range(2):
        with pytest.raises(ClientError, match="lost"):
            await buffer.get()


async def test_discarding_frees_who_waits() -> None:
    buffer = EventBuffer(1)
    await buffer.put(delta(1))
    waiting = asyncio.ensure_future(buffer.put(delta(2)))
    await asyncio.sleep(0)
    buffer.discard()
    await waiting
    await buffer.put(delta(3))
    assert len(buffer) == 0


@given(limit=st.integers(1, 6), kinds=st.lists(st.sampled_from([delta, partial])), data=st.data())
async def test_deltas_all_arrive_in_order(
    limit: int, kinds: list[object], data: st.DataObject
) -> None:
    events = [delta(i) if kind is delta else partial(i) for i, kind in enumerate(kinds)]
    buffer = EventBuffer(limit)
    got: list[Event] = []
    pauses = data.draw(st.lists(st.integers(0, 3), min_size=len(events), max_size=len(events)))

    async def write() -> None:
        for event, pause in zip(events, pauses, strict=True):
            for _ in range(pause):
                await asyncio.sleep(0)
            await buffer.put(event)
            assert len(buffer) <= limit
        buffer.close()

    async def read() -> None:
        while (event := await buffer.get()) is not None:
            got.append(event)
            await asyncio.sleep(0)

    await asyncio.gather(write(), read())
    assert [e for e in got if isinstance(e, TranslationDelta)] == [
        e for e in events if isinstance(e, TranslationDelta)
    ]
    assert [e.seq for e in got] == sorted(e.seq for e in got)
    last = [e for e in events if isinstance(e, TranscriptPartial)][-1:]
    assert [e for e in got if isinstance(e, TranscriptPartial)][-1:] == last
