"""Rows into a glossary, in batches: what is added, what is there already, what contradicts."""

from __future__ import annotations

import time
from collections.abc import Iterable
from itertools import islice

from sqlalchemy import Connection

from glossaries import bulk, catalogue, contents
from glossaries.catalogue import Kept
from glossaries.entry import Entry
from glossaries.errors import GlossaryBusyError, GlossaryLimitError
from glossaries.glossary import Numbered
from glossaries.rows import MAX_PROBLEMS, Conflicts, ImportRefusedError, Mode, Problem, Report, Row

_BATCH = 500
_NEW = 0  # the id of an entry that is not in the database yet


class Loader:
    """One import into one locked glossary, within one transaction. Not reused.

    A row whose identity the glossary has (also from an earlier row) with the same target is a
    duplicate; with another target it contradicts, and `conflicts` decides. Under REPLACE the
    later of two duplicates replaces note and spoken forms.

    most: entries that the glossary may have.
    limit_s: time for everything.
    """

    def __init__(
        self,
        connection: Connection,
        kept: Kept,
        conflicts: Conflicts,
        most: int,
        limit_s: float,
    ) -> None:
        self._connection = connection
        self._kept = kept
        self._conflicts = conflicts
        self._most = most
        self._limit_s = limit_s
        self._until = time.monotonic() + limit_s
        self._held = kept.glossary.entries
        self._cleared = False
        self._added = self._replaced = self._duplicates = self._refused = 0
        self._problems: list[Problem] = []

    def clear(self) -> None:
        """Begin with an empty glossary."""
        contents.clear(self._connection, self._kept)
        self._cleared = self._held > 0
        self._held = 0

    def load(self, rows: Iterable[Row | Problem], mode: Mode) -> Report:
        """Take in all rows.

        Raises ImportRefusedError for a strict import with problems, GlossaryLimitError above
        `most`, GlossaryBusyError after `limit_s`; the caller rolls back.
        """
        bulk.prepare(self._connection)
        source = iter(rows)
        while batch := list(islice(source, _BATCH)):
            self._take(batch)
            if self._held > self._most:
                raise GlossaryLimitError(f"a glossary may have {self._most} entries; split it")
            if time.monotonic() > self._until:
                raise GlossaryBusyError(f"the import took longer than {self._limit_s:g} s")
        problems = tuple(self._problems)
        if mode is Mode.STRICT and self._refused:
            raise ImportRefusedError(self._refused, problems)
        glossary = self._kept.glossary
        if self._added or self._replaced or self._cleared:
            glossary = catalogue.touch(self._connection, self._kept)
        return Report(
            glossary, self._added, self._replaced, self._duplicates, self._refused, problems
        )

    def _take(self, batch: list[Row | Problem]) -> None:
        rows = [row for row in batch if isinstance(row, Row)]
        keyed = [(row, contents.key_of(self._kept, row.entry)) for row in rows]
        there = contents.by_key(self._connection, {key for _, key in keyed})
        changed: dict[bytes, Numbered] = {}
        problems = [problem for problem in batch if isinstance(problem, Problem)]
        for row, key in keyed:
            before = changed.get(key) or there.get(key)
            if before is None:
                changed[key] = Numbered(_NEW, row.entry)
                self._added += 1
            elif self._conflicts is Conflicts.REPLACE and before.entry != row.entry:
                changed[key] = Numbered(before.id, row.entry)
                self._replaced += 1
            elif before.entry.target == row.entry.target:
                self._duplicates += 1
            else:
                problems.append(Problem(row.line, contradicts(row.entry, before.entry)))
        self._refuse(sorted(problems, key=lambda problem: problem.line))
        fresh = [one.entry for one in changed.values() if one.id == _NEW]
        contents.add(self._connection, self._kept, fresh)
        others = [one for one in changed.values() if one.id != _NEW]
        contents.put(self._connection, self._kept, others)
        self._held += len(fresh)

    def _refuse(self, problems: list[Problem]) -> None:
        self._refused += len(problems)
        self._problems += problems[: MAX_PROBLEMS - len(self._problems)]


def contradicts(entry: Entry, before: Entry) -> str:
    """In words: the glossary has `before`, which says something else of the same source."""
    domain = f" in the domain {before.domain!r}" if before.domain else ""
    return f"contradicts {before.source!r} = {before.target!r}{domain}, not {entry.target!r}"
