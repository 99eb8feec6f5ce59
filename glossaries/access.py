"""The database from an event loop: transactions in threads, migrated before the first."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection

from glossaries.config import StoreConfig
from glossaries.database import Database
from glossaries.errors import GlossaryBusyError
from glossaries.migrate import migrate
from glossaries.workers import Workers

T = TypeVar("T")

_THREADS = 4  # for what is quick, and for reading whole glossaries
_QUEUE = 64
_IMPORTS = 8  # waiting at most: they go one after another, as SQLite has one writer
_MIGRATION_S = 300.0  # for a large database of an earlier version, and others that migrate it
_PATIENCE = 3  # an answer may need a connection, a lock and a statement, each up to `wait_s`


class Access:
    """Runs functions of a connection, each in a transaction and a thread of its own.

    The methods raise GlossaryUnavailableError while the database cannot be used, and
    GlossaryBusyError when a limit is over; see `Workers` for what happens to the work then.
    """

    def __init__(self, config: StoreConfig) -> None:
        self._config = config
        self._database = Database(config, connections=_THREADS + 1)
        self._quick = Workers("glossaries", _THREADS, _QUEUE)
        self._slow = Workers("glossaries-import", 1, _IMPORTS)
        self._migrated = False
        self._migrating: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Bring the database up to date, if that has not been done; one attempt at a time."""
        if self._migrated:
            return
        if self._migrating is None:
            self._migrating = asyncio.ensure_future(self._migrate())
            self._migrating.add_done_callback(self._tried)
        await asyncio.shield(self._migrating)

    async def _migrate(self) -> None:
        await self._quick.run(lambda: migrate(self._database), _MIGRATION_S)
        self._migrated = True

    def _tried(self, attempt: asyncio.Task[None]) -> None:
        self._migrating = None
        if not attempt.cancelled():
            attempt.exception()  # nobody may be left to ask for it

    async def read(self, work: Callable[[Connection], T], limit_s: float | None = None) -> T:
        """What `work` returns, on a connection that sees one state of the database."""
        await self._ready()

        def run() -> T:
            with self._database.reading() as connection:
                return work(connection)

        return await self._quick.run(run, limit_s or _PATIENCE * self._config.wait_s)

    async def write(self, work: Callable[[Connection], T], *, slow: bool = False) -> T:
        """What `work` returns; its changes are kept unless it raises.

        slow: it may take up to `import_s`, and does not take a place from what is quick.
        """
        await self._ready()

        def run() -> T:
            with self._database.writing() as connection:
                return work(connection)

        if slow:
            return await self._slow.run(run, 2 * self._config.import_s)  # others may be before it
        return await self._quick.run(run, _PATIENCE * self._config.wait_s)

    async def close(self) -> None:
        """Let what runs end, up to a limit, and close the database. Idempotent."""
        await self._quick.close(self._config.wait_s)
        await self._slow.close(self._config.wait_s)
        self._database.close()

    async def _ready(self) -> None:
        try:
            async with asyncio.timeout(_PATIENCE * self._config.wait_s):
                await self.start()
        except TimeoutError:
            raise GlossaryBusyError(
                "the glossary database is still being prepared; try again in a moment"
            ) from None
