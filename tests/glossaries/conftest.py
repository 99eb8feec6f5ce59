"""A store over a SQLite file of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from glossaries import GlossaryStore
from tests.glossaries.making import config


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Where the store keeps its glossaries."""
    return tmp_path / "glossaries.db"


@pytest_asyncio.fixture
async def store(database: Path) -> AsyncIterator[GlossaryStore]:
    """A started store with one empty glossary, `names`."""
    store = GlossaryStore(config(database))
    await store.start()
    await store.create("names")
    yield store
    await store.close()
