"""Chromium with a fake microphone, and servers for the page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from server.app import create_app
from server.config import load_settings
from server.serve import build
from tests.client_demo.keeper import Keeper, keeper
from tests.client_demo.scripted import Script, running, scripted_app, served
from tests.client_demo.visit import Visit
from tests.fakes import FakeBackend, FakePlan

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture
def visit(browser: Browser, tmp_path: Path) -> Iterator[Callable[..., Visit]]:
    """`visit(address, **context options)`: the page in a context of its own.

    A test fails when the page logged an error that it did not allow.
    """
    visits: list[Visit] = []

    def open_page(address: str, **options: object) -> Visit:
        visits.append(Visit.begin(browser, address, options))
        return visits[-1]

    yield open_page
    for each in visits:
        each.leave()
    problems = [problem for each in visits for problem in each.problems]
    assert not problems


@pytest.fixture
def script() -> Script:
    """What the scripted server does."""
    return Script()


@pytest.fixture
def scripted(script: Script) -> Iterator[str]:
    """Address of a scripted server."""
    with served(scripted_app(script)) as address:
        yield address


@pytest.fixture
def backend() -> FakeBackend:
    """The models of `real_server`: none."""
    return FakeBackend(plan=FakePlan(chunk_ms=400))


@pytest.fixture
def real_server(backend: FakeBackend, tmp_path: Path) -> Iterator[str]:
    """Address of the project's own server over the fake backend, with a single slot."""
    group = {"url": str(tmp_path / "glossaries.db")}
    settings = load_settings(host="127.0.0.1", port=0, max_sessions=1, glossaries=group)
    app = create_app(settings, backend)
    with running(build(app, settings, configure_logging=False)) as address:
        yield address


@pytest.fixture
def shelf(backend: FakeBackend, tmp_path: Path) -> Iterator[Keeper]:
    """The project's own server with a new glossary database, and a client beside the page."""
    with keeper(backend, tmp_path / "glossaries.db") as kept:
        yield kept
