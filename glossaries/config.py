"""Where glossaries are kept and how much of them there may be. Frozen; built once."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

_DRIVERS = {
    "sqlite": "sqlite",
    "sqlite+pysqlite": "sqlite",
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}


class StoreConfig(BaseModel):
    """How to reach the database, how long to wait for it, and what it may hold.

    `url` is a path, or `sqlite:///PATH`, or `postgresql://USER:PASSWORD@HOST/DATABASE`.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True
    )

    url: SecretStr | None = Field(
        default=None,
        description="SQLite file or `postgresql://` URL; unset: a file in the data folder",
    )
    wait_s: float = Field(
        default=5.0, gt=0, le=600, description="for the database: connecting, a lock, one answer"
    )
    import_s: float = Field(
        default=300.0, gt=0, le=7200, description="for a whole import, replacement or export"
    )
    max_glossaries: int = Field(
        default=1000, ge=1, le=100_000, description="glossaries kept at once"
    )
    max_entries: int = Field(
        default=200_000, ge=1, le=2_000_000, description="entries in one glossary"
    )
    max_file_bytes: int = Field(
        default=67_108_864, ge=1024, le=1_073_741_824, description="longest file imported"
    )
    cache_entries: int = Field(
        default=200_000,
        ge=0,
        le=10_000_000,
        description="entries kept ready for the next session, beside those in use",
    )

    @field_validator("url")
    @classmethod
    def _usable(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and value.get_secret_value():
            database_url(value.get_secret_value())
            return value
        return None

    @property
    def database(self) -> URL:
        """The database in effect, with the driver that is used."""
        if self.url is None:
            return _file_url(platformdirs.user_data_path("tongchuan") / "glossaries.db")
        return database_url(self.url.get_secret_value())


def database_url(text: str) -> URL:
    """The URL that a setting means. Raises ValueError that does not repeat a password."""
    if "://" not in text:
        return _file_url(Path(text))
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):  # ValueError: a port that is no number
        raise ValueError("is no database URL; write postgresql://USER@HOST/DATABASE") from None
    driver = _DRIVERS.get(url.drivername)
    if driver is None:
        raise ValueError(f"{url.drivername} is not supported; use sqlite or postgresql")
    if driver != "sqlite":
        if find_spec("psycopg") is None:
            raise ValueError("PostgreSQL needs psycopg; run: pip install 'tongchuan[postgres]'")
        return url.set(drivername=driver)
    if not url.database or url.database == ":memory:" or url.query:
        raise ValueError("SQLite needs a file; write a path or sqlite:///PATH")
    return _file_url(Path(url.database))


def _file_url(path: Path) -> URL:
    return URL.create("sqlite", database=str(path.expanduser().absolute()))
