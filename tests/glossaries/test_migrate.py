from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from filelock import FileLock

from glossaries import GlossaryStore, migrate
from glossaries.database import Database
from glossaries.errors import GlossaryBusyError, GlossaryUnavailableError
from glossaries.schema import metadata
from tests.glossaries.making import config
from tests.glossaries.together import start_together


def test_processes_that_start_at_once_agree(tmp_path: Path) -> None:
    database = tmp_path / "new" / "folder" / "g.db"
    assert start_together(str(database), 3) == ["", "", ""]
    with closing(sqlite3.connect(database)) as found:
        names = found.execute("SELECT name FROM glossaries ORDER BY name").fetchall()
        assert names == [("of 0",), ("of 1",), ("of 2",)]
        assert found.execute("SELECT count(*) FROM alembic_version").fetchone() == (1,)
        assert found.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_the_migrations_make_what_the_code_expects(tmp_path: Path) -> None:
    database = Database(config(tmp_path / "g.db"), connections=1)
    migrate.migrate(database)
    migrate.migrate(database)
    with database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    database.close()


async def test_a_database_of_a_later_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "g.db"
    store = GlossaryStore(config(path))
    await store.create("names")
    await store.close()
    with closing(sqlite3.connect(path)) as other:
        other.execute("UPDATE alembic_version SET version_num = '9999'")
        other.commit()
    again = GlossaryStore(config(path))
    with pytest.raises(GlossaryUnavailableError, match="another version of Tongchuan"):
        await again.start()
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("SELECT name FROM glossaries").fetchall() == [("names",)]
    await again.close()


async def test_another_process_is_not_waited_for_without_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate, "_PATIENCE_S", 0.1)
    store = GlossaryStore(config(tmp_path / "g.db"))
    with (
        FileLock(tmp_path / "g.db.lock"),
        pytest.raises(GlossaryBusyError, match="another process"),
    ):
        await store.start()
    await store.start()
    await store.close()
