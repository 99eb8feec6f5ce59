"""Tests of other projects' programs: run only where they are asked for, and then not skipped."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.evaluation.alternatives import PYTHON, Environment

MARK = "alternatives"


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    words = "runs other projects' programs (`make test-alternatives`; deselected unless asked for)"
    config.addinivalue_line("markers", f"{MARK}: {words}")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave them out unless `-m` names them."""
    if MARK in str(config.getoption("markexpr")):
        return
    left_out = [item for item in items if item.get_closest_marker(MARK)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not item.get_closest_marker(MARK)]


@pytest.fixture(scope="session")
def alternatives() -> Environment:
    """The environment of other projects; whoever asks for these tests has to have one."""
    if not PYTHON or not Path(PYTHON).is_file():
        pytest.fail(
            f"TONGCHUAN_ALTERNATIVES names no interpreter ({PYTHON or 'it is not set'}); "
            "run these tests by `make test-alternatives`"
        )
    return Environment(Path(PYTHON).absolute())
