"""The glossaries that sessions use: read once, shared, and read again when they change."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import TypeVar

from glossaries.errors import GlossaryError
from glossaries.glossary import Snapshot
from glossaries.store import GlossaryStore
from models.events import Term
from models.recall.index import TermIndex, indexed
from server.events import ErrorReport
from server.glossary.book import Book, Lease
from server.glossary.terms import session_terms
from server.metrics import Metrics

logger = logging.getLogger("tongchuan.server")

_LOOK_UP_S = 3.0  # for the database to say which names there are, when a session starts
_FIRST_READ_S = 2.0  # for glossaries to be read before the session starts; large ones come later
_BUILDERS = 2  # glossaries made searchable at once, each on a core
_REST = 2.0  # pause before the next version, in times of what reading took: editors save often

T = TypeVar("T")
Build = Callable[[tuple[Term, ...], TermIndex | None], TermIndex]


class Shelf:
    """Lends glossaries to sessions and keeps them up to date while `watch` runs.

    store: None for a server that keeps no glossaries.
    build: makes terms searchable, with what it made of an earlier version; slow for many, so it
        runs in a thread.
    refresh_s: between two looks for changes.
    most: terms kept ready that no session uses.
    metrics: told of readings and failures, and asked for what is on the shelf.
    """

    def __init__(
        self,
        store: GlossaryStore | None = None,
        *,
        build: Build = indexed,
        refresh_s: float = 2.0,
        most: int = 200_000,
        metrics: Metrics | None = None,
    ) -> None:
        self._store = store
        self._build = build
        self._refresh_s = refresh_s
        self._most = most
        self._books: OrderedDict[tuple[str, str], Book] = OrderedDict()
        self._wanted = asyncio.Event()
        self._building = asyncio.Semaphore(_BUILDERS)
        self._in_trouble = False
        self._metrics = metrics or Metrics()
        self._metrics.watch("glossaries_in_use", "Glossaries that sessions use", self._in_use)
        self._metrics.watch(
            "glossary_terms", "Terms of glossaries kept ready for sessions", self._terms
        )

    def _in_use(self) -> int:
        return len({book.name for book in self._books.values() if book.leases})

    def _terms(self) -> int:
        return sum(book.size for book in self._books.values())

    async def lease(self, names: Sequence[str], target: str) -> Lease:
        """The glossaries of these names for a session that is read in `target`.

        Waits a moment for them to be read; what takes longer reaches the session's next chunks.
        Names that cannot be used are told in `faults`; raises nothing.
        """
        versions = await self._look_up(names)
        books = {
            name: self._take(name, target, versions)
            for name in names
            if versions is None or name in versions
        }
        lease = Lease(tuple(books.values()), self._trim)
        if versions is not None:
            try:
                await self._first_reading(lease)
            except BaseException:  # the client has left
                lease.release()
                raise
        faults = (
            _fault(index, name, books.get(name), readable=versions is not None)
            for index, name in enumerate(names)
        )
        lease.faults = tuple(fault for fault in faults if fault is not None)
        return lease

    async def _first_reading(self, lease: Lease) -> None:
        self._wanted.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(_FIRST_READ_S):
                for book in lease.books:
                    await book.read.wait()

    async def _look_up(self, names: Sequence[str]) -> dict[str, int] | None:
        """The versions of those there are; None when the database does not say."""
        if self._store is None:
            return {}
        try:
            async with asyncio.timeout(_LOOK_UP_S):
                return await self._store.versions(names)
        except (GlossaryError, TimeoutError) as error:
            reason = str(error) or f"no answer within {_LOOK_UP_S:g} s"
            logger.warning("glossaries of a new session cannot be looked up: %s", reason)
            self._failed("look")
            return None

    def _take(self, name: str, target: str, versions: dict[str, int] | None) -> Book:
        key = (name, target)
        book = self._books.setdefault(key, Book(name, target))
        self._books.move_to_end(key)
        if versions is not None and versions[name] != book.version:
            book.read.clear()
            book.rest_until = 0.0
        return book

    def _trim(self) -> None:
        """Forget what nobody uses, the longest unused first, beyond `most` terms."""
        unused = [book for book in self._books.values() if not book.leases]
        spare = sum(book.size for book in unused) - self._most
        for book in unused:
            if spare <= 0 and book.version is not None:
                continue
            spare -= book.size
            del self._books[book.name, book.target]

    # Watching

    async def watch(self) -> None:
        """Bring the database up to date, and look for changes, for ever."""
        async with asyncio.TaskGroup() as group:
            if self._store is not None:
                group.create_task(self._guarded("start", self._store.start()))
            while True:
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._refresh_s):
                        await self._wanted.wait()
                self._wanted.clear()
                await self._look(group)

    async def _look(self, group: asyncio.TaskGroup) -> None:
        """One query for all glossaries in use; those that changed are read beside it."""
        books = [book for book in self._books.values() if book.leases]
        if self._store is None or not books:
            return
        names = {book.name for book in books}
        versions = await self._guarded("look", self._store.versions(names))
        if versions is None:
            return
        self._in_trouble = False
        now = asyncio.get_running_loop().time()
        for book in books:
            version = versions.get(book.name)
            if version is None:
                book.lose()
            elif version != book.version and not book.loading and now >= book.rest_until:
                book.loading = True
                group.create_task(self._load(self._store, book, version))

    async def _load(self, store: GlossaryStore, book: Book, version: int) -> None:
        """Read a version; on a failure the next look tries again."""
        now = asyncio.get_running_loop().time
        begun, first = now(), book.version is None
        try:
            snapshot = await self._guarded("read", store.entries(book.name, version))
            if snapshot is not None:
                await self._guarded("index", self._put(book, snapshot))
                self._metrics.glossary_read_s.observe(now() - begun)
        finally:
            book.loading = False
            # The first reading makes all of an index: it says nothing of what changes will cost.
            book.rest_until = 0.0 if first else now() + _REST * (now() - begun)

    async def _put(self, book: Book, snapshot: Snapshot) -> None:
        """Make the entries searchable, unless they are of other languages."""
        async with self._building:
            terms = await asyncio.to_thread(session_terms, snapshot, book.target)
            index = (
                None if terms is None else await asyncio.to_thread(self._build, terms, book.index)
            )
        book.put(snapshot.glossary.version, index)
        book.read.set()

    async def _guarded(self, stage: str, work: Awaitable[T]) -> T | None:
        """What `work` gives, None when it fails: sessions keep what they have meanwhile.

        Of a row of failures the first is logged; one that nobody foresaw always.
        """
        try:
            return await work
        except GlossaryError as error:
            if not self._in_trouble:
                logger.warning("glossaries cannot be used now: %s", error)
            self._in_trouble = True
        except Exception:  # must not stop the watch
            logger.exception("glossaries cannot be used now")
        self._failed(stage)
        return None

    def _failed(self, stage: str) -> None:
        self._metrics.glossary_failures.labels(stage).inc()


def _fault(index: int, name: str, book: Book | None, *, readable: bool) -> ErrorReport | None:
    """What a client is told of a name; None when it can be used."""
    if book is None:
        code = "unknown_glossary"
        message = f"this server has no glossary named {name!r}; send its entries as terms"
    elif not readable:
        code = "glossary_unusable"
        message = f"the glossary {name!r} cannot be read now; it is used as soon as it can be"
    elif not book.suits:
        code = "glossary_unusable"
        message = f"the glossary {name!r} has no terms in {book.target}; it is left out"
    else:
        return None
    return ErrorReport(code, message, fatal=False, field=f"glossaries[{index}]")
