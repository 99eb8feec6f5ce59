from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from glossaries import Entry, Glossary, Languages, Snapshot
from glossaries.errors import GlossaryUnavailableError
from glossaries.snapshots import Snapshots


class Reader:
    """Counts how often it is asked."""

    def __init__(self, name: str, version: int, size: int) -> None:
        self.name, self.version, self.size = name, version, size
        self.asked = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.error: Exception | None = None

    async def __call__(self) -> Snapshot:
        self.asked += 1
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        glossary = Glossary(self.name, Languages(), self.version, self.size, datetime.now(UTC))
        entries = (Entry(f"{self.name}{i}", "x") for i in range(self.size))
        return Snapshot(glossary, tuple(entries))


async def get(kept: Snapshots, reader: Reader) -> Snapshot:
    return await kept.get(reader.name, reader.version, reader)


async def test_many_who_ask_at_once_are_served_by_one_reading() -> None:
    kept, reader = Snapshots(100), Reader("a", 1, 3)
    reader.gate.clear()
    asking = [asyncio.create_task(get(kept, reader)) for _ in range(5)]
    await asyncio.sleep(0)
    asking[0].cancel()
    reader.gate.set()
    results = await asyncio.gather(*asking, return_exceptions=True)
    assert isinstance(results[0], asyncio.CancelledError)
    assert len({id(result) for result in results[1:]}) == 1
    assert reader.asked == 1
    await get(kept, reader)
    assert reader.asked == 1


async def test_a_failure_reaches_all_and_is_not_kept() -> None:
    kept, reader = Snapshots(100), Reader("a", 1, 3)
    reader.error = GlossaryUnavailableError("gone")
    results = await asyncio.gather(get(kept, reader), get(kept, reader), return_exceptions=True)
    assert all(isinstance(result, GlossaryUnavailableError) for result in results)
    reader.error = None
    assert (await get(kept, reader)).glossary.version == 1


async def test_the_least_used_leave_first_and_older_versions_at_once() -> None:
    kept = Snapshots(10)
    one, two, three = (Reader(name, 1, 4) for name in "abc")
    for reader in (one, two, one, three):  # `two` is the least used
        await get(kept, reader)
    for reader in (one, three, two):
        await get(kept, reader)
    assert (one.asked, two.asked, three.asked) == (1, 2, 1)
    newer = Reader("b", 2, 4)
    await get(kept, newer)
    await get(kept, two)
    assert two.asked == 3


@pytest.mark.parametrize("most", [0, 2])
async def test_what_is_larger_than_all_room_is_given_out_and_not_kept(most: int) -> None:
    kept, reader = Snapshots(most), Reader("a", 1, 3)
    assert len((await get(kept, reader)).entries) == 3
    await get(kept, reader)
    assert reader.asked == 2
