from __future__ import annotations

import asyncio
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.channel import Channel
from models.errors import ChannelClosedError


async def drained(channel: Channel[int]) -> list[int]:
    return [item async for item in channel]


async def turns(count: int = 20) -> None:
    """Let everything that can run, run."""
    for _ in range(count):
        await asyncio.sleep(0)


async def test_items_come_out_in_order_and_none_after_the_close() -> None:
    channel: Channel[int] = Channel(10)
    for item in range(5):
        await channel.send(item)
    assert len(channel) == 5
    await channel.close()
    assert channel.closed
    assert await drained(channel) == [0, 1, 2, 3, 4]
    assert await channel.receive() is None
    assert await channel.receive_now() is None


async def test_a_full_channel_refuses_or_waits() -> None:
    channel: Channel[int] = Channel(2)
    assert await channel.try_send(1)
    assert await channel.try_send(2)
    assert not await channel.try_send(3)
    sender = asyncio.create_task(channel.send(4))
    await turns()
    assert not sender.done()
    assert await channel.receive() == 1
    await sender
    assert [await channel.receive_now(), await channel.receive_now()] == [2, 4]
    assert await channel.receive_now() is None


async def test_the_limit_is_in_the_items_weight() -> None:
    channel: Channel[float] = Channel(1.0, weight=lambda item: item)
    assert await channel.try_send(0.6)
    assert not await channel.try_send(0.5)
    assert await channel.try_send(0.4)
    assert channel.load == pytest.approx(1.0)
    await channel.receive()
    assert channel.load == pytest.approx(0.4)


async def test_an_item_over_the_limit_is_taken_when_empty_only() -> None:
    channel: Channel[float] = Channel(1.0, weight=lambda item: item)
    assert await channel.try_send(0.1)
    assert not await channel.try_send(5.0)
    await channel.receive()
    assert await channel.try_send(5.0)
    assert not await channel.try_send(0.0001)
    assert await channel.receive() == 5.0
    assert channel.load == 0.0


async def test_many_light_items_leave_no_load_behind() -> None:
    channel: Channel[float] = Channel(100.0, weight=lambda _item: 0.1)
    for item in range(500):
        await channel.send(float(item))
    while await channel.receive_now() is not None:
        pass
    assert channel.load == 0.0


async def test_sending_after_the_close_is_an_error() -> None:
    channel: Channel[int] = Channel(1)
    await channel.close()
    await channel.close()
    with pytest.raises(ChannelClosedError):
        await channel.send(1)
    with pytest.raises(ChannelClosedError):
        await channel.try_send(1)


async def test_the_close_wakes_whoever_waits() -> None:
    full: Channel[int] = Channel(1)
    await full.send(1)
    sender = asyncio.create_task(full.send(2))
    empty: Channel[int] = Channel(1)
    reader = asyncio.create_task(empty.receive())
    await turns()
    await full.close()
    await empty.close()
    with pytest.raises(ChannelClosedError):
        await sender
    assert await reader is None
    assert await drained(full) == [1]


async def test_a_cancelled_reader_took_nothing() -> None:
    channel: Channel[int] = Channel(1)
    reader = asyncio.create_task(channel.receive())
    await turns()
    sender = asyncio.create_task(channel.send(7))
    reader.cancel()
    await asyncio.gather(reader, return_exceptions=True)
    await sender
    assert reader.cancelled()
    assert await channel.receive_now() == 7


@settings(max_examples=60)
@given(seed=st.integers(0, 2**32 - 1), limit=st.integers(1, 4))
def test_cancellations_neither_lose_nor_double_an_item(seed: int, limit: int) -> None:
    chance = random.Random(seed)

    async def scenario() -> None:
        channel: Channel[int] = Channel(limit)
        sent: list[int] = []
        got: list[int] = []

        async def write() -> None:
            for item in range(30):
                await channel.send(item)
                sent.append(item)

        async def read() -> None:
            while (item := await channel.receive()) is not None:
                got.append(item)

        async def restarted(work: object) -> None:
            assert callable(work)
            while True:
                task = asyncio.ensure_future(work())
                await turns(chance.randrange(8))
                task.cancel()
                result = (await asyncio.gather(task, return_exceptions=True))[0]
                if not isinstance(result, asyncio.CancelledError):
                    return
                assert len(channel) <= limit

        async def write_the_rest() -> None:
            # After a cancellation: what `send` returned for is in, what it raised for is not.
            while len(sent) < 30:
                await channel.send(len(sent))
                sent.append(len(sent))
            await channel.close()

        await asyncio.gather(restarted(write_the_rest), restarted(read))
        assert got == list(range(30))
        assert sent == list(range(30))

    asyncio.run(asyncio.wait_for(scenario(), 30))
