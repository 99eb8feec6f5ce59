"""Brings the database to the schema of this version, also when two processes start at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from filelock import FileLock, Timeout
from sqlalchemy import Connection, text

from glossaries.database import Database, connect_file
from glossaries.errors import GlossaryBusyError, GlossaryUnavailableError

_SCRIPTS = Path(__file__).resolve().parent / "migrations"
_PATIENCE_S = 60.0  # for another process that migrates
_LOCK = 7_306_150_201  # of PostgreSQL's advisory locks; any number that nobody else takes


def migrate(database: Database) -> None:
    """Create the database or bring it up to date; nothing when it is.

    One process at a time does so: the next one waits and finds nothing left to do.
    Raises GlossaryUnavailableError and GlossaryBusyError.
    """
    with database.translated(), _alone(database), database.writing() as connection:
        if database.file is None:
            connection.execute(text(f"SET LOCAL lock_timeout = {round(_PATIENCE_S * 1000)}"))
            connection.execute(text(f"SET LOCAL statement_timeout = {round(_PATIENCE_S * 1000)}"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        _upgrade(connection, database.where)


@contextmanager
def _alone(database: Database) -> Iterator[None]:
    """For SQLite: the file is there, in WAL mode, and no other process is migrating it."""
    if database.file is None:
        yield
        return
    try:
        database.file.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{database.file}.lock", timeout=_PATIENCE_S):
            with closing(connect_file(database.file, "rwc", database.wait_s)) as connection:
                connection.execute("PRAGMA journal_mode = WAL")  # the file remembers it
            yield
    except Timeout:
        raise GlossaryBusyError(
            f"another process has been preparing {database.file} for {_PATIENCE_S:g} s; let it "
            "finish, or end it"
        ) from None
    except OSError as error:
        raise GlossaryUnavailableError(
            f"the glossary database {database.file} cannot be created: {error.strerror or error}; "
            "set TONGCHUAN_GLOSSARIES__URL to a place that can be written"
        ) from error


def _upgrade(connection: Connection, where: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise GlossaryUnavailableError(
            f"the glossary database {where} is of another version of Tongchuan: {error}; "
            "use that version, or another database"
        ) from error
