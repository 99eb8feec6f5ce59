"""Fixtures that everyone may use."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

from server.config import ENV_PREFIX
from tests.chromium import browser, spoken_wav

__all__ = ["browser", "spoken_wav"]

settings.register_profile("tongchuan", deadline=None)  # no test asserts a timing
settings.load_profile("tongchuan")


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings of the person who runs the tests must not leak into them.

    The weights' folder stays: real tests need it.
    """
    for name in list(os.environ):
        if name.startswith(ENV_PREFIX) and name != "TONGCHUAN_CACHE_DIR":
            monkeypatch.delenv(name)
    for name in ("HOST", "PORT"):
        monkeypatch.delenv(name, raising=False)
