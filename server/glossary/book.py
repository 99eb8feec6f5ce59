"""One glossary as running sessions share it, and one session's hold on several."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from models.recall.index import TermIndex
from server.events import ErrorReport


class Book:
    """A glossary in the direction of one target language. The shelf changes it; leases read it.

    index: its terms, searchable; None until the first reading, or when it does not suit.
    version: that of `index`; None until the first reading.
    suits: whether it is of the session's languages at all.
    deleted: whether it has been deleted since; `index` stays what it was.
    read: set while `index` is as new as the shelf knows the glossary to be.
    rest_until: time of the event loop before which no running session needs another version.
    """

    def __init__(self, name: str, target: str) -> None:
        self.name = name
        self.target = target
        self.index: TermIndex | None = None
        self.version: int | None = None
        self.suits = True
        self.loading = False
        self.deleted = False
        self.read = asyncio.Event()
        self.rest_until = 0.0
        self.leases: set[Lease] = set()

    @property
    def size(self) -> int:
        """Its terms."""
        return 0 if self.index is None else len(self.index)

    def put(self, version: int, index: TermIndex | None) -> None:
        """Another version; None for a glossary of other languages."""
        self.version, self.index = version, index
        self.suits, self.deleted = index is not None, False

    def lose(self) -> None:
        """It was deleted: tell those who use it, once."""
        if not self.deleted and self.version is not None:
            self.deleted = True
            for lease in self.leases:
                lease.tell(self.name)


class Lease:
    """A session's glossaries: the `Glossaries` of its `SessionSpec`.

    faults: what the client is told of the names that cannot be used.
    release: gives the books back; called once, when the session ends.
    """

    def __init__(self, books: Sequence[Book], release: Callable[[], None]) -> None:
        self.books = tuple(dict.fromkeys(books))
        self.faults: tuple[ErrorReport, ...] = ()
        self._release = release
        self._lost: dict[str, None] = {}  # deleted and not told yet, in order
        self._news = asyncio.Event()
        for book in self.books:
            book.leases.add(self)

    def indexes(self) -> tuple[TermIndex, ...]:
        """The terms as they are now, of each glossary that can be used, in the order of names."""
        return tuple(book.index for book in self.books if book.index is not None)

    def tell(self, name: str) -> None:
        """Glossary `name` was deleted."""
        self._lost[name] = None
        self._news.set()

    async def deletion(self) -> str:
        """The name of the next glossary that is deleted. Cancellation loses none."""
        while not self._lost:
            self._news.clear()
            await self._news.wait()
        name = next(iter(self._lost))
        del self._lost[name]
        return name

    def release(self) -> None:
        """Give the books back."""
        for book in self.books:
            book.leases.discard(self)
        self._release()
