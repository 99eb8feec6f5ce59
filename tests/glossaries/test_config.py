from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from glossaries import StoreConfig
from tests.glossaries.making import config


def test_a_file_in_the_data_folder_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", "/somewhere")
    url = StoreConfig().database
    assert url.get_backend_name() == "sqlite"
    assert Path(url.database or "").name == "glossaries.db"
    assert StoreConfig.model_validate({"url": ""}).database == url


@pytest.mark.parametrize(
    ("given", "database"),
    [
        ("/data/g.db", "/data/g.db"),
        ("sqlite:////data/g.db", "/data/g.db"),
        ("relative.db", str(Path("relative.db").absolute())),
        ("~/g.db", str(Path("~/g.db").expanduser())),
    ],
)
def test_files(given: str, database: str) -> None:
    assert config(given).database.database == database


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_postgresql(scheme: str) -> None:
    url = config(f"{scheme}://me:s3cret@db.example:5433/terms").database
    assert url.drivername == "postgresql+psycopg"
    assert (url.username, url.host, url.port, url.database) == ("me", "db.example", 5433, "terms")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("mysql://me:s3cret@h/d", "use sqlite or postgresql"),
        ("sqlite://", "needs a file"),
        ("sqlite:///:memory:", "needs a file"),
        ("postgresql://me:s3cret@h:port/d", "no database URL"),
    ],
)
def test_other_urls_are_refused_without_their_password(given: str, words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        config(given)
    assert words in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_a_driver_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("glossaries.config.find_spec", lambda _name: None)
    with pytest.raises(ValidationError, match=r"tongchuan\[postgres\]"):
        config("postgresql://me:s3cret@h/d")
    assert config("g.db").database.get_backend_name() == "sqlite"


def test_no_password_is_shown() -> None:
    assert "s3cret" not in repr(config("postgresql://me:s3cret@h/d"))
