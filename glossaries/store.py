"""The glossaries of a server: everything that is done with them, from an event loop."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from sqlalchemy import Connection

from glossaries import catalogue, contents
from glossaries.access import Access
from glossaries.config import StoreConfig
from glossaries.entry import Entry
from glossaries.formats import Format
from glossaries.glossary import (
    Glossary,
    Languages,
    Numbered,
    Page,
    Snapshot,
    known_name,
    valid_name,
)
from glossaries.loading import Loader
from glossaries.rows import Conflicts, Mode, Problem, Report, Row
from glossaries.snapshots import Snapshots
from glossaries.text import clean

_Rows = Iterable[Row | Problem]

MAX_PAGE = 1000
MAX_QUERY_CHARS = 500


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """How rows are taken in.

    replace: they take the place of all entries.
    expected: the version that the glossary must be at; None for any.
    """

    mode: Mode = Mode.STRICT
    conflicts: Conflicts = Conflicts.KEEP
    replace: bool = False
    expected: int | None = None


class GlossaryStore:
    """Glossaries in a database. Every wait has a limit; see `StoreConfig`.

    All methods raise GlossaryUnavailableError while the database cannot be used (and work again
    once it can) and GlossaryBusyError when a limit is over; a change that took too long may still
    be made. Cancelled, they leave the database to end what it began. A name that no glossary can
    have is an UnknownGlossaryError too.
    """

    def __init__(self, config: StoreConfig) -> None:
        self.config = config
        self._access = Access(config)
        self._snapshots = Snapshots(config.cache_entries)
        self._read, self._write = self._access.read, self._access.write

    async def start(self) -> None:
        """Bring the database up to date; whatever else is called first does so as well."""
        await self._access.start()

    async def close(self) -> None:
        """Let what runs end, up to a limit, and close the database. Idempotent."""
        await self._access.close()

    # Glossaries

    async def glossaries(self) -> tuple[Glossary, ...]:
        """All of them, by name."""
        return await self._read(catalogue.every)

    async def glossary(self, name: str) -> Glossary:
        """One of them. Raises UnknownGlossaryError."""
        known = known_name(name)
        return await self._read(lambda connection: catalogue.find(connection, known).glossary)

    async def versions(self, names: Iterable[str]) -> dict[str, int]:
        """The version of each of `names` that there is. One query: cheap enough to poll."""
        wanted = tuple(names)
        if not wanted:
            return {}
        return await self._read(lambda connection: catalogue.versions(connection, wanted))

    async def create(self, name: str, languages: Languages | None = None) -> Glossary:
        """A new one, empty.

        Raises InvalidGlossaryError, GlossaryExistsError, GlossaryLimitError.
        """
        checked, most = valid_name(name), self.config.max_glossaries
        chosen = languages or Languages()
        return await self._write(
            lambda connection: catalogue.create(connection, checked, chosen, most).glossary
        )

    async def delete(self, name: str, expected: int | None = None) -> None:
        """Delete one with all its entries. Sessions that use it keep what they have read.

        Raises UnknownGlossaryError, and GlossaryChangedError unless it is at version `expected`.
        """
        known = known_name(name)
        await self._write(
            lambda connection: catalogue.delete_glossary(
                connection, catalogue.find(connection, known, lock=True, expected=expected)
            ),
            slow=True,
        )

    # Entries

    async def page(self, name: str, query: str = "", after: int = 0, limit: int = 100) -> Page:
        """Up to `limit` entries with an id above `after`, in their order.

        query: only those whose source or target holds it; case and width do not matter.
        Raises UnknownGlossaryError, and EntryError for a query of control characters.
        """
        assert 1 <= limit <= MAX_PAGE
        known, needle = known_name(name), clean(query, "query", MAX_QUERY_CHARS)

        def work(connection: Connection) -> Page:
            kept = catalogue.find(connection, known)
            return contents.page(connection, kept, needle, after, limit)

        return await self._read(work)

    async def entry(self, name: str, number: int) -> tuple[Glossary, Numbered]:
        """One entry by its id. Raises UnknownGlossaryError, UnknownEntryError."""
        known = known_name(name)

        def work(connection: Connection) -> tuple[Glossary, Numbered]:
            kept = catalogue.find(connection, known)
            return kept.glossary, contents.one(connection, kept, number)

        return await self._read(work)

    async def entries(self, name: str, version: int | None = None) -> Snapshot:
        """All entries at one version: at `version`, else at the current one.

        An older version is to be had only while it is in memory, else GlossaryChangedError tells
        the current one. Raises UnknownGlossaryError.
        """
        known = known_name(name)
        if version is None:
            version = (await self.glossary(known)).version
        wanted = version

        def work(connection: Connection) -> Snapshot:
            kept = catalogue.find(connection, known, expected=wanted)
            return Snapshot(kept.glossary, tuple(contents.every(connection, kept)))

        return await self._snapshots.get(
            known, wanted, lambda: self._read(work, self.config.import_s)
        )

    async def replace_entry(
        self, name: str, number: int, entry: Entry, expected: int | None = None
    ) -> Glossary:
        """Put `entry` in the place of another.

        Raises UnknownGlossaryError, UnknownEntryError, GlossaryChangedError, and
        ContradictionError when a third entry has its source and domain.
        """
        known = known_name(name)

        def work(connection: Connection) -> Glossary:
            kept = catalogue.find(connection, known, lock=True, expected=expected)
            changed = contents.replace(connection, kept, Numbered(number, entry))
            return catalogue.touch(connection, kept) if changed else kept.glossary

        return await self._write(work)

    async def remove(
        self, name: str, numbers: Sequence[int], expected: int | None = None
    ) -> tuple[Glossary, int]:
        """Delete the entries of these ids that there are; also how many there were.

        Raises UnknownGlossaryError and GlossaryChangedError.
        """
        known = known_name(name)

        def work(connection: Connection) -> tuple[Glossary, int]:
            kept = catalogue.find(connection, known, lock=True, expected=expected)
            count = contents.remove(connection, kept, numbers)
            return (catalogue.touch(connection, kept) if count else kept.glossary), count

        return await self._write(work)

    # Many entries

    async def load(self, name: str, rows: _Rows, options: LoadOptions = LoadOptions()) -> Report:
        """Append rows, or put them in the place of all entries; see `Loader`. All or nothing.

        `rows` is read in a thread. Raises UnknownGlossaryError, GlossaryChangedError,
        ImportRefusedError, GlossaryLimitError, and what `rows` raises.
        """
        return await self._load(name, lambda _languages: rows, options)

    async def import_file(
        self,
        name: str,
        file: BinaryIO,
        form: Format,
        options: LoadOptions = LoadOptions(),
        encoding: str | None = None,
    ) -> Report:
        """`load` with the rows of a file, which is read in a thread.

        Raises also GlossaryFileError and UnsupportedFormatError.
        """
        most = self.config.max_file_bytes
        return await self._load(
            name, lambda languages: form.read(file, languages, most, encoding), options
        )

    async def export(self, name: str, form: Format, file: BinaryIO) -> Glossary:
        """Write all entries, as they are at one version, to `file`. Raises UnknownGlossaryError."""
        known = known_name(name)

        def work(connection: Connection) -> Glossary:
            kept = catalogue.find(connection, known)
            entries = contents.every(connection, kept)
            for piece in form.write(entries, kept.glossary.languages):
                file.write(piece)
            return kept.glossary

        return await self._read(work, self.config.import_s)

    async def _load(
        self, name: str, rows: Callable[[Languages], _Rows], options: LoadOptions
    ) -> Report:
        known, limits = known_name(name), self.config

        def work(connection: Connection) -> Report:
            kept = catalogue.find(connection, known, lock=True, expected=options.expected)
            loader = Loader(
                connection, kept, options.conflicts, limits.max_entries, limits.import_s
            )
            if options.replace:
                loader.clear()
            return loader.load(rows(kept.glossary.languages), options.mode)

        return await self._write(work, slow=True)
