"""The store over a real PostgreSQL: all that holds for SQLite, and the failures of a server."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator

import psycopg
import pytest
import pytest_asyncio
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from glossaries import Entry, GlossaryStore, Row
from glossaries.database import Database
from glossaries.errors import GlossaryBusyError, GlossaryUnavailableError
from glossaries.migrate import migrate
from glossaries.schema import metadata
from tests.glossaries.making import TERMS, config, rows
from tests.glossaries.postgres import Cluster, running_cluster
from tests.glossaries.test_store import (
    test_a_change_that_changes_nothing_makes_no_version,
    test_a_glossary_from_beginning_to_end,
    test_a_replacement_is_whole_or_not_at_all,
    test_a_snapshot_is_read_once_and_stays_what_it_was,
    test_a_strict_import_keeps_all_or_nothing,
    test_a_version_never_goes_back_under_one_name,
    test_changes_expect_a_version,
    test_duplicates_are_left_out,
    test_entries_of_other_glossaries_are_out_of_reach,
    test_every_call_knows_no_other_names,
    test_many_writers_lose_nothing,
    test_one_entry_is_replaced_or_deleted,
    test_pages_follow_each_other,
    test_search_in_source_and_target,
    test_the_first_of_two_contradicting_entries_stays,
    test_the_last_wins_when_rows_replace,
    test_thousands_of_entries_by_file,
)
from tests.glossaries.together import start_together

__all__ = [
    "test_a_change_that_changes_nothing_makes_no_version",
    "test_a_glossary_from_beginning_to_end",
    "test_a_replacement_is_whole_or_not_at_all",
    "test_a_snapshot_is_read_once_and_stays_what_it_was",
    "test_a_strict_import_keeps_all_or_nothing",
    "test_a_version_never_goes_back_under_one_name",
    "test_changes_expect_a_version",
    "test_duplicates_are_left_out",
    "test_entries_of_other_glossaries_are_out_of_reach",
    "test_every_call_knows_no_other_names",
    "test_many_writers_lose_nothing",
    "test_one_entry_is_replaced_or_deleted",
    "test_pages_follow_each_other",
    "test_search_in_source_and_target",
    "test_the_first_of_two_contradicting_entries_stays",
    "test_the_last_wins_when_rows_replace",
    "test_thousands_of_entries_by_file",
]

pytestmark = pytest.mark.real

_numbers = itertools.count()


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """One server for the module."""
    with running_cluster() as cluster:
        yield cluster


@pytest.fixture
def url(cluster: Cluster) -> str:
    """A new database of it."""
    return cluster.create(f"glossaries{next(_numbers)}")


@pytest_asyncio.fixture
async def store(url: str) -> AsyncIterator[GlossaryStore]:
    """A started store with one empty glossary, `names`."""
    store = GlossaryStore(config(url))
    await store.start()
    await store.create("names")
    yield store
    await store.close()


def test_processes_that_start_at_once_agree(url: str) -> None:
    assert start_together(url, 3) == ["", "", ""]
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT count(*) FROM glossaries").fetchone() == (3,)
        assert connection.execute("SELECT count(*) FROM alembic_version").fetchone() == (1,)


def test_the_migrations_make_what_the_code_expects(url: str) -> None:
    database = Database(config(url), connections=1)
    migrate(database)
    with database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    database.close()


async def test_a_server_that_goes_away_and_comes_back(
    cluster: Cluster, store: GlossaryStore
) -> None:
    await store.load("names", rows(*TERMS))
    cluster.stop()
    try:
        for _ in range(2):
            with pytest.raises(GlossaryUnavailableError, match="cannot be used"):
                await store.glossaries()
            with pytest.raises(GlossaryUnavailableError):
                await store.load("names", rows(Entry("新", "new")))
    finally:
        cluster.start()
    assert (await store.entries("names")).entries == TERMS
    assert (await store.load("names", rows(Entry("新", "new")))).added == 1


async def test_a_connection_that_is_cut_within_a_transaction(
    store: GlossaryStore, url: str
) -> None:
    def cut() -> Iterator[Row]:
        yield from rows(*[Entry(f"术语{i}", "x") for i in range(600)])
        with psycopg.connect(url, autocommit=True) as other:
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE application_name = 'tongchuan' AND datname = current_database()"
            )
        yield from rows(*[Entry(f"别的{i}", "x") for i in range(600)])

    with pytest.raises(GlossaryUnavailableError):
        await store.load("names", cut())
    assert (await store.glossary("names")).entries == 0


async def test_a_lock_is_not_waited_for_without_end(url: str) -> None:
    store = GlossaryStore(config(url, wait_s=0.3))
    await store.create("names")
    with psycopg.connect(url) as other:
        other.execute("SELECT * FROM glossaries FOR UPDATE")
        with pytest.raises(GlossaryBusyError, match=r"busy for 0\.3 s"):
            await store.load("names", rows(*TERMS))
        assert (await store.glossary("names")).entries == 0
        other.rollback()
    assert (await store.load("names", rows(*TERMS))).added == 3
    await store.close()


async def test_a_password_is_not_told() -> None:
    store = GlossaryStore(config("postgresql://me:s3cret@127.0.0.1:1/none"))
    with pytest.raises(GlossaryUnavailableError) as caught:
        await store.start()
    assert "s3cret" not in str(caught.value)
    await store.close()


async def test_one_glossary_does_not_hold_up_another(store: GlossaryStore, url: str) -> None:
    other = GlossaryStore(config(url))
    await other.create("others")

    def halfway() -> Iterator[Row]:
        yield from rows(*[Entry(f"术语{i}", "x") for i in range(600)])
        future = asyncio.run_coroutine_threadsafe(other.load("others", rows(*TERMS)), loop)
        assert future.result(20).added == 3

    loop = asyncio.get_running_loop()
    assert (await store.load("names", halfway())).added == 600
    await other.close()
