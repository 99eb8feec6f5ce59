"""The table of glossaries: names, versions, counts. Every function works in a transaction."""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, Row, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from glossaries.errors import (
    GlossaryChangedError,
    GlossaryExistsError,
    TooManyGlossariesError,
    UnknownGlossaryError,
)
from glossaries.glossary import Glossary, Languages, known_name
from glossaries.schema import DELETED_VERSION, counters, entries, glossaries

_G = glossaries.c


@dataclass(frozen=True, slots=True)
class Kept:
    """A glossary with the number of its row."""

    id: int
    glossary: Glossary


def every(connection: Connection) -> tuple[Glossary, ...]:
    """All glossaries, by name."""
    rows = connection.execute(select(glossaries))
    return tuple(sorted((_kept(row).glossary for row in rows), key=lambda one: one.name))


def find(
    connection: Connection, name: str, *, lock: bool = False, expected: int | None = None
) -> Kept:
    """The glossary of this name; with `lock`, nobody else changes it before the transaction ends.

    Raises UnknownGlossaryError, and GlossaryChangedError unless it is at version `expected`.
    """
    query = select(glossaries).where(_G.name == name)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise UnknownGlossaryError(name)
    kept = _kept(row)
    if expected is not None and kept.glossary.version != expected:
        raise GlossaryChangedError(name, expected, kept.glossary.version)
    return kept


def versions(connection: Connection, names: Iterable[str]) -> dict[str, int]:
    """The version of each of `names` that there is."""
    kept = {}
    for name in names:
        with suppress(UnknownGlossaryError):
            kept[name] = known_name(name)
    query = select(_G.name, _G.version).where(_G.name.in_(set(kept.values())))
    found = {row.name: row.version for row in connection.execute(query)}
    return {name: found[known] for name, known in kept.items() if known in found}


def create(connection: Connection, name: str, languages: Languages, most: int) -> Kept:
    """A new, empty glossary. Raises GlossaryExistsError; TooManyGlossariesError above `most`."""
    count = connection.execute(select(func.count()).select_from(glossaries)).scalar_one()
    if count >= most:
        raise TooManyGlossariesError(
            f"there are {count} glossaries, which is the limit; delete some"
        )
    values = {
        "name": name,
        "source_language": languages.source,
        "target_language": languages.target,
        "version": 0,
        "entries": 0,
        "updated_ms": _now_ms(),
    }
    try:
        connection.execute(insert(glossaries).values(values))
    except IntegrityError:
        raise GlossaryExistsError(name) from None
    # After the insertion, which waits for a deletion of the same name to be complete.
    last = select(counters.c.value).where(counters.c.name == DELETED_VERSION).scalar_subquery()
    connection.execute(update(glossaries).where(_G.name == name).values(version=last + 1))
    return find(connection, name)


def delete_glossary(connection: Connection, kept: Kept) -> None:
    """Delete a locked glossary with all its entries."""
    connection.execute(delete(entries).where(entries.c.glossary_id == kept.id))
    connection.execute(delete(glossaries).where(_G.id == kept.id))
    version = kept.glossary.version
    row = (counters.c.name == DELETED_VERSION) & (counters.c.value < version)
    connection.execute(update(counters).where(row).values(value=version))


def touch(connection: Connection, kept: Kept) -> Glossary:
    """The next version of a locked glossary whose entries have changed."""
    count = select(func.count()).where(entries.c.glossary_id == kept.id).scalar_subquery()
    connection.execute(
        update(glossaries)
        .where(_G.id == kept.id)
        .values(version=_G.version + 1, entries=count, updated_ms=_now_ms())
    )
    return find(connection, kept.glossary.name).glossary


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _kept(row: Row[tuple[object, ...]]) -> Kept:
    return Kept(
        row.id,
        Glossary(
            name=row.name,
            languages=Languages(row.source_language, row.target_language),
            version=row.version,
            entries=row.entries,
            updated_at=datetime.fromtimestamp(row.updated_ms / 1000, UTC),
        ),
    )
