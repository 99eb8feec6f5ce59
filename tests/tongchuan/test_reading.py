"""A blocking iterator in a thread, read by a task."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

from tongchuan.errors import AudioFileError
from tongchuan.reading import in_thread


async def test_all_items_in_order() -> None:
    async with in_thread(iter(range(100))) as read:
        assert [item async for item in read] == list(range(100))


async def test_the_exception_comes_after_the_items() -> None:
    def items() -> Iterator[int]:
        yield 1
        yield 2
        raise AudioFileError("damaged")

    got = []

    async def collect() -> None:
        async with in_thread(items()) as read:
            async for item in read:
                got.append(item)

    with pytest.raises(AudioFileError, match="damaged"):
        await collect()
    assert got == [1, 2]


async def test_it_reads_ahead_by_a_few_only() -> None:
    taken = []

    def items() -> Iterator[int]:
        for number in range(1000):
            taken.append(number)
            yield number

    async with in_thread(items()) as read:
        assert await anext(aiter(read)) == 0
        await asyncio.sleep(0.05)
        assert len(taken) < 20


async def test_leaving_early_closes_the_source() -> None:
    closed = threading.Event()

    def items() -> Iterator[int]:
        try:
            while True:
                yield 1
        finally:
            closed.set()

    async with in_thread(items()) as read:
        await anext(aiter(read))
    assert await asyncio.to_thread(closed.wait, 10)


async def test_a_source_that_never_gives_anything_holds_nobody_up() -> None:
    never, closed = threading.Event(), threading.Event()

    def items() -> Iterator[int]:
        try:
            never.wait(20)
            yield 1
        finally:
            closed.set()

    with pytest.raises(TimeoutError):
        async with in_thread(items()) as read, asyncio.timeout(0.05):
            await anext(aiter(read))
    never.set()
    assert await asyncio.to_thread(closed.wait, 10)
