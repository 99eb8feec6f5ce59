"""Fixtures that everyone may use."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from server.config import ENV_PREFIX
from tests.chromium import browser, spoken_wav

__all__ = ["browser", "spoken_wav"]

settings.register_profile("tongchuan", deadline=None)  # no test asserts a timing
settings.load_profile("tongchuan")


_KEPT = ("TONGCHUAN_CACHE_DIR", "TONGCHUAN_GLOSSARIES__URL")


@pytest.fixture(scope="session", autouse=True)
def _own_glossaries(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Servers of the tests stay away from the glossaries of the person who runs them."""
    with pytest.MonkeyPatch.context() as patch:
        database = tmp_path_factory.mktemp("glossaries") / "glossaries.db"
        patch.setenv("TONGCHUAN_GLOSSARIES__URL", str(database))
        yield


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings of the person who runs the tests must not leak into them.

    The weights' folder stays: real tests need it; so does the place of our own glossaries.
    """
    for name in list(os.environ):
        if name.startswith(ENV_PREFIX) and name not in _KEPT:
            monkeypatch.delenv(name)
    for name in ("HOST", "PORT"):
        monkeypatch.delenv(name, raising=False)
