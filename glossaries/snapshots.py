"""Whole glossaries kept in memory: read once, however many sessions ask."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable

from glossaries.glossary import Snapshot


class Snapshots:
    """The snapshots used last, up to `most` entries together, by name and version.

    A snapshot larger than that is given out and not kept.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: OrderedDict[tuple[str, int], Snapshot] = OrderedDict()
        self._coming: dict[tuple[str, int], asyncio.Task[Snapshot]] = {}

    async def get(
        self, name: str, version: int, read: Callable[[], Awaitable[Snapshot]]
    ) -> Snapshot:
        """What is kept, else what `read` gives: once, also when many ask at the same time.

        Cancelling one of them leaves the reading to the others. Raises what `read` raises.
        """
        wanted = (name, version)
        held = self._held.get(wanted)
        if held is not None:
            self._held.move_to_end(wanted)
            return held
        task = self._coming.get(wanted)
        if task is None:
            task = asyncio.ensure_future(self._read(read))
            self._coming[wanted] = task
            task.add_done_callback(lambda done: self._arrived(wanted, done))
        return await asyncio.shield(task)

    async def _read(self, read: Callable[[], Awaitable[Snapshot]]) -> Snapshot:
        snapshot = await read()
        self._keep(snapshot)
        return snapshot

    def _arrived(self, wanted: tuple[str, int], task: asyncio.Task[Snapshot]) -> None:
        del self._coming[wanted]
        if not task.cancelled():
            task.exception()  # nobody may be left to ask for it

    def _keep(self, snapshot: Snapshot) -> None:
        glossary = snapshot.glossary
        for name, version in tuple(self._held):
            if name == glossary.name and version < glossary.version:
                del self._held[name, version]
        self._held[glossary.name, glossary.version] = snapshot
        while sum(len(one.entries) for one in self._held.values()) > self._most:
            self._held.popitem(last=False)
