"""The table of entries. Every function works in a transaction, on one glossary."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Sequence

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    and_,
    delete,
    func,
    select,
)

from glossaries import bulk
from glossaries.catalogue import Kept
from glossaries.entry import Entry
from glossaries.errors import ContradictionError, UnknownEntryError
from glossaries.glossary import Numbered, Page
from glossaries.schema import entries
from glossaries.text import fold

_E = entries.c
_FETCHED = 1000  # rows fetched at a time


def every(connection: Connection, kept: Kept) -> Iterator[Entry]:
    """All entries in their order, fetched bit by bit."""
    query = select(entries).where(_E.glossary_id == kept.id).order_by(_E.id)
    streaming = connection.execution_options(yield_per=_FETCHED)
    return (_entry(row) for row in streaming.execute(query))


def page(connection: Connection, kept: Kept, query: str, after: int, limit: int) -> Page:
    """Entries with an id above `after` whose source or target holds `query`, in their order."""
    wanted = _E.glossary_id == kept.id
    total = kept.glossary.entries
    if query:
        wanted = and_(wanted, _holds(query))
        total = connection.execute(select(func.count()).where(wanted)).scalar_one()
    found = connection.execute(
        select(entries).where(wanted, _E.id > after).order_by(_E.id).limit(limit + 1)
    ).all()
    shown = tuple(Numbered(row.id, _entry(row)) for row in found[:limit])
    return Page(kept.glossary, shown, total, shown[-1].id if len(found) > limit else None)


def one(connection: Connection, kept: Kept, number: int) -> Numbered:
    """The entry of this id. Raises UnknownEntryError."""
    query = select(entries).where(_E.glossary_id == kept.id, _E.id == number)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise UnknownEntryError(f"{kept.glossary.name!r} has no entry {number}")
    return Numbered(row.id, _entry(row))


def key_of(kept: Kept, entry: Entry) -> bytes:
    """16 bytes for the identity of an entry in this glossary."""
    glossary = kept.id.to_bytes(8, "big")
    return hashlib.blake2b(entry.identity.encode(), digest_size=16, key=glossary).digest()


def by_key(connection: Connection, keys: Collection[bytes]) -> dict[bytes, Numbered]:
    """The entries that have one of these keys."""
    query = select(entries).where(bulk.has_key(connection, keys))
    return {row.key: Numbered(row.id, _entry(row)) for row in connection.execute(query)}


def add(connection: Connection, kept: Kept, added: Iterable[Entry]) -> None:
    """Append entries whose keys the glossary does not have."""
    rows = [{"glossary_id": kept.id, **_values(kept, entry)} for entry in added]
    if rows:
        bulk.insert_all(connection, rows)


def put(connection: Connection, kept: Kept, changed: Iterable[Numbered]) -> None:
    """Write other entries in place of those with these ids."""
    rows = [{"id": numbered.id, **_values(kept, numbered.entry)} for numbered in changed]
    if rows:
        bulk.update_all(connection, rows)


def replace(connection: Connection, kept: Kept, changed: Numbered) -> bool:
    """Put one entry in the place of another; whether that changes anything.

    Raises UnknownEntryError, and ContradictionError when a third entry has its key.
    """
    if one(connection, kept, changed.id).entry == changed.entry:
        return False
    key = key_of(kept, changed.entry)
    there = by_key(connection, (key,)).get(key)
    if there is not None and there.id != changed.id:
        raise ContradictionError(
            f"{changed.entry.source!r} is the source of entry {there.id} already, as "
            f"{there.entry.target!r}; change or delete that one"
        )
    put(connection, kept, (changed,))
    return True


def remove(connection: Connection, kept: Kept, numbers: Sequence[int]) -> int:
    """Delete the entries of these ids that there are; how many."""
    wanted = and_(_E.glossary_id == kept.id, _E.id.in_(numbers))
    return connection.execute(delete(entries).where(wanted)).rowcount


def clear(connection: Connection, kept: Kept) -> None:
    """Delete all entries."""
    connection.execute(delete(entries).where(_E.glossary_id == kept.id))


def _holds(query: str) -> ColumnElement[bool]:
    return _E.folded.contains(fold(query), autoescape=True)


def _values(kept: Kept, entry: Entry) -> dict[str, object]:
    return {
        "key": key_of(kept, entry),
        "source": entry.source,
        "target": entry.target,
        "note": entry.note,
        "domain": entry.domain,
        "spoken": json.dumps(entry.spoken, ensure_ascii=False) if entry.spoken else "",
        "folded": f"{fold(entry.source)}\n{fold(entry.target)}",
    }


def _entry(row: Row[tuple[object, ...]]) -> Entry:
    spoken = tuple(json.loads(row.spoken)) if row.spoken else ()
    return Entry(row.source, row.target, row.note, row.domain, spoken)
