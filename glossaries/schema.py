"""The tables. A change here needs a migration in `glossaries.migrations.versions`."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

_ID = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows by INTEGER only

glossaries = Table(
    "glossaries",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("name", String(100), nullable=False, unique=True),
    Column("source_language", String(64), nullable=False),
    Column("target_language", String(64), nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("entries", Integer, nullable=False),
    Column("updated_ms", BigInteger, nullable=False),  # since 1970, UTC
    sqlite_autoincrement=True,
)

entries = Table(
    "entries",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("glossary_id", _ID, ForeignKey("glossaries.id", ondelete="CASCADE"), nullable=False),
    Column("key", LargeBinary(16), nullable=False, unique=True),  # of glossary and Entry.identity
    Column("source", String(500), nullable=False),
    Column("target", String(500), nullable=False),
    Column("note", String(2000), nullable=False),
    Column("domain", String(100), nullable=False),
    Column("spoken", Text, nullable=False),  # a JSON list, "" for none
    Column("folded", Text, nullable=False),  # source and target, folded, for the search
    Index(None, "glossary_id", "id"),
    sqlite_autoincrement=True,  # an id is never used twice
)

counters = Table(
    "counters",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("value", BigInteger, nullable=False),
)

DELETED_VERSION = "deleted_version"
"""The counter that holds the highest version of any deleted glossary: new ones begin above it,
so that a name's version never goes back."""
