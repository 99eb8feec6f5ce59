"""The database: connections with limits, transactions, and its failures in our words."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from glossaries.config import StoreConfig
from glossaries.errors import GlossaryBusyError, GlossaryUnavailableError

_SQLITE_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_POSTGRES_BUSY = {
    "40001",  # serialization_failure
    "40P01",  # deadlock_detected
    "53300",  # too_many_connections
    "55P03",  # lock_not_available
    "57014",  # query_canceled: statement_timeout
}
_WRITES = "tongchuan_writes"
_RECYCLE_S = 1800


class Database:
    """One database, for use in threads. `connections` at most are open at once.

    A synchronous engine: parsing and writing a file is work for a thread anyway, migrations are
    synchronous, and one code path serves both databases. `glossaries.workers` bounds the threads.
    """

    def __init__(self, config: StoreConfig, connections: int) -> None:
        self.url = config.database
        self.wait_s = config.wait_s
        self.file = Path(self.url.database or "") if self._sqlite else None
        self._identity: tuple[int, int] | None = None  # of the file that connections are open on
        self._identifying = threading.Lock()
        limits: dict[str, Any] = {
            "pool_size": connections,
            "max_overflow": 0,
            "pool_timeout": config.wait_s,
        }
        if self.file is not None:
            self._engine = create_engine(self.url, creator=self._open_file, **limits)
            event.listen(self._engine, "begin", _begin_sqlite)
        else:
            self._engine = create_engine(
                self.url,
                connect_args=_postgres_limits(config.wait_s),
                pool_pre_ping=True,
                pool_recycle=_RECYCLE_S,
                **limits,
            )

    @property
    def _sqlite(self) -> bool:
        return self.url.get_backend_name() == "sqlite"

    @property
    def where(self) -> str:
        """The database for messages, without its password."""
        return str(self.file) if self.file else self.url.render_as_string(hide_password=True)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one state of the database from its first statement on.

        Raises GlossaryUnavailableError, GlossaryBusyError.
        """
        options = {} if self._sqlite else {"isolation_level": "REPEATABLE READ"}
        with self.translated(), self._connected() as connection:
            connection.execution_options(**options)
            with connection.begin():
                yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that is kept when the block ends, and rolled back when it raises.

        Raises what `reading` raises, and IntegrityError of SQLAlchemy.
        """
        with self.translated(), self._connected() as connection:
            connection.execution_options(**{_WRITES: True})
            with connection.begin():
                yield connection
            if self._sqlite:
                self._empty_log(connection)

    def close(self) -> None:
        """Close the idle connections; those in use close when they are given back."""
        self._engine.dispose()

    @contextmanager
    def translated(self) -> Iterator[None]:
        """The database's errors as ours, but for an IntegrityError."""
        try:
            yield
        except IntegrityError:
            raise
        except PoolTimeoutError as error:
            raise GlossaryBusyError(self._waited()) from error
        except (SQLAlchemyError, sqlite3.Error) as error:
            cause = error.orig if isinstance(error, DBAPIError) else error
            if _is_busy(cause):
                raise GlossaryBusyError(self._waited()) from error
            reason = " ".join(str(cause).split())
            raise GlossaryUnavailableError(
                f"the glossary database {self.where} cannot be used: {reason}; "
                "it will be tried again with the next request"
            ) from error

    def _waited(self) -> str:
        return (
            f"the glossary database {self.where} was busy for {self.wait_s:g} s; try again in a "
            "moment"
        )

    def _open_file(self) -> sqlite3.Connection:
        """A connection to the file, which must be there: a lost one is not silently replaced."""
        assert self.file is not None
        return connect_file(self.file, "rw", self.wait_s)

    def _empty_log(self, connection: Connection) -> None:
        """Move what is in SQLite's write-ahead log into the file, unless somebody reads just now.

        So the file alone is whole, and may be copied or replaced; changes are rare.
        """
        raw = connection.connection.driver_connection
        assert isinstance(raw, sqlite3.Connection)
        with suppress(sqlite3.Error):  # what was to be kept is kept
            raw.execute("PRAGMA busy_timeout = 0")
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            raw.execute(f"PRAGMA busy_timeout = {round(self.wait_s * 1000)}")

    def _connected(self) -> Connection:
        if self.file is not None:
            self._let_go_of_lost_file(self.file)
        return self._engine.connect()

    def _let_go_of_lost_file(self, file: Path) -> None:
        """Close the connections to a file that was moved away, deleted or replaced meanwhile.

        SQLite would go on writing to it, and its log would be taken for that of another file.
        """
        identity = None
        with suppress(OSError):
            found = os.stat(file)
            identity = (found.st_dev, found.st_ino)
        with self._identifying:
            if identity != self._identity:
                self._engine.dispose()
                self._identity = identity


def connect_file(path: Path, mode: str, wait_s: float) -> sqlite3.Connection:
    """Open a SQLite file; `mode` is "rw", or "rwc" to create it.

    Transactions are left to the caller, and foreign keys hold.
    """
    uri = f"file:{quote(str(path))}?mode={mode}"
    connection = sqlite3.connect(
        uri, uri=True, timeout=wait_s, isolation_level=None, check_same_thread=False
    )
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


def _begin_sqlite(connection: Connection) -> None:
    """Writers take their lock at once: SQLite does not wait for one that comes to it late."""
    immediate = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def _postgres_limits(wait_s: float) -> dict[str, Any]:
    milliseconds = max(1, round(wait_s * 1000))
    settings = {
        "statement_timeout": milliseconds,
        "lock_timeout": milliseconds,
        "idle_in_transaction_session_timeout": 60_000 + milliseconds,
    }
    return {
        # A prepared statement would keep the plan that was right for an empty table.
        "prepare_threshold": None,
        "connect_timeout": max(2, round(wait_s)),  # libpq takes 1 for 2
        "tcp_user_timeout": milliseconds,
        "application_name": "tongchuan",
        "options": " ".join(f"-c {name}={value}" for name, value in settings.items()),
    }


def _is_busy(cause: BaseException | None) -> bool:
    if isinstance(cause, sqlite3.Error):
        return (getattr(cause, "sqlite_errorcode", 0) or 0) & 0xFF in _SQLITE_BUSY
    return getattr(cause, "sqlstate", None) in _POSTGRES_BUSY
