"""A database that is moved, replaced, locked, read-only or broken, midway; waits that end."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from glossaries import Entry, GlossaryStore, Row
from glossaries.errors import GlossaryBusyError, GlossaryUnavailableError
from tests.glossaries.making import TERMS, config, rows


def move(path: Path, to: Path) -> None:
    """As an operator would, beside the running store."""
    path.replace(to)


def write(path: Path, data: bytes) -> bytes:
    """Overwrite a file; what it held."""
    before = path.read_bytes()
    path.write_bytes(data)
    return before


def allow(folder: Path, database: Path, *, writing: bool) -> None:
    """Let everybody write there, or nobody."""
    folder.chmod(0o777 if writing else 0o555)
    database.chmod(0o666 if writing else 0o444)


async def test_a_file_that_is_moved_away_and_back(store: GlossaryStore, database: Path) -> None:
    await store.load("names", rows(*TERMS))
    away = database.with_name("away.db")
    move(database, away)
    for _ in range(2):
        with pytest.raises(GlossaryUnavailableError, match=r"glossaries\.db cannot be used"):
            await store.glossaries()
        with pytest.raises(GlossaryUnavailableError):
            await store.load("names", rows(Entry("新", "new")))
    assert "glossaries.db" not in os.listdir(away.parent), "an empty one must not take its place"
    move(away, database)
    assert (await store.entries("names")).entries == TERMS
    assert (await store.load("names", rows(Entry("新", "new")))).added == 1


async def test_a_file_that_is_replaced_by_another(store: GlossaryStore, database: Path) -> None:
    copy = database.with_name("copy.db")
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    await store.load("names", rows(*TERMS))
    move(copy, database)
    assert (await store.glossary("names")).entries == 0  # as it was when it was copied
    await store.load("names", rows(TERMS[0]))
    with closing(sqlite3.connect(database)) as now:
        assert now.execute("SELECT count(*) FROM entries").fetchone() == (1,)


async def test_a_file_that_is_broken_and_restored(store: GlossaryStore, database: Path) -> None:
    await store.load("names", rows(*TERMS))
    await store.close()
    whole = write(database, b"not a database" * 1000)
    again = GlossaryStore(config(database))
    with pytest.raises(GlossaryUnavailableError, match="not a database"):
        await again.glossaries()
    write(database, whole)
    assert (await again.entries("names")).entries == TERMS
    await again.close()


async def test_a_lock_that_another_process_holds(tmp_path: Path) -> None:
    database = tmp_path / "g.db"
    store = GlossaryStore(config(database, wait_s=0.2))
    await store.create("names")
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(GlossaryBusyError, match=r"busy for 0\.2 s"):
            await store.load("names", rows(*TERMS))
        assert (await store.glossary("names")).entries == 0  # readers are not held up
        other.execute("ROLLBACK")
    assert (await store.load("names", rows(*TERMS))).added == 3
    await store.close()


@contextmanager
def as_nobody() -> Iterator[None]:
    """Without root's rights over every file, if this is root."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


async def test_a_file_that_becomes_read_only() -> None:
    folder = Path(tempfile.mkdtemp())
    try:
        database = folder / "g.db"
        store = GlossaryStore(config(database, wait_s=0.5))
        await store.create("names")
        await store.load("names", rows(*TERMS))
        await store.close()
        allow(folder, database, writing=False)
        with as_nobody():
            store = GlossaryStore(config(database, wait_s=0.5))
            with pytest.raises(GlossaryUnavailableError, match=r"g\.db cannot be"):
                await store.load("names", rows(Entry("新", "new")))
        allow(folder, database, writing=True)
        assert (await store.load("names", rows(Entry("新", "new")))).added == 1
        await store.close()
    finally:
        shutil.rmtree(folder)


async def test_a_place_where_nothing_can_be_created(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    store = GlossaryStore(config(tmp_path / "file" / "g.db"))
    with pytest.raises(GlossaryUnavailableError, match="TONGCHUAN_GLOSSARIES__URL"):
        await store.start()
    (tmp_path / "file").unlink()
    assert await store.glossaries() == ()
    await store.close()


async def test_a_database_without_its_tables(store: GlossaryStore, database: Path) -> None:
    with closing(sqlite3.connect(database)) as other:
        other.execute("DROP TABLE entries")
    with pytest.raises(GlossaryUnavailableError, match="no such table"):
        await store.load("names", rows(*TERMS))


async def test_work_that_hangs_is_not_waited_for(store: GlossaryStore) -> None:
    release, started = threading.Event(), threading.Event()

    def slow() -> Iterator[Row]:
        started.set()
        release.wait(20)
        yield from rows(*TERMS)

    loading = asyncio.create_task(store.load("names", slow()))
    await asyncio.to_thread(started.wait, 20)
    assert (await store.glossary("names")).entries == 0  # reading goes on beside it
    loading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await loading
    release.set()
    assert (await store.load("names", [])).glossary.entries == 3  # it went on to its end


async def test_an_import_has_a_time_limit(tmp_path: Path) -> None:
    store = GlossaryStore(config(tmp_path / "g.db", import_s=0.05))
    await store.create("names")
    never = threading.Event()

    def dripping() -> Iterator[Row]:
        for index in range(100_000):
            never.wait(0.001)
            yield from rows(Entry(f"术语{index}", "x"))

    with pytest.raises(GlossaryBusyError):
        await store.load("names", dripping())
    await store.close()
