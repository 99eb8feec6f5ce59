"""Rules for the whole suite: cheap tests first, and in CI a real test may not be skipped."""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest

COSTLY = ("real", "browser")
_PATIENCE_S = 900  # of a costly test: a hang ends, a slow machine does not fail


def _in_ci() -> bool:
    return os.environ.get("CI", "").lower() in {"1", "true", "yes"}


def _cost(item: pytest.Item) -> int:
    """0 for a quick test, then the markers' order: a simple mistake shows within seconds."""
    return max(
        (COSTLY.index(mark) + 1 for mark in COSTLY if item.get_closest_marker(mark)), default=0
    )


def pytest_configure(config: pytest.Config) -> None:
    """Allow zhconv, where there is no `pkg_resources`, to leave its table to the collector."""
    config.addinivalue_line(
        "filterwarnings", r"ignore:unclosed file .*zhcdict\.json:ResourceWarning"
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run quick tests before real ones, real ones before the browser; else keep the order."""
    items.sort(key=_cost)
    for item in items:
        if _cost(item) and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(_PATIENCE_S))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn the skip of a real or browser test into a failure when CI=true."""
    report = yield
    if report.skipped and _in_ci() and _cost(item) and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"in CI this test must run, but it was skipped: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Turn the skip of a whole module, whatever is in it, into a failure when CI=true."""
    report = yield
    if report.skipped and _in_ci():
        report.outcome = "failed"
        report.longrepr = f"in CI this module must run, but it was skipped: {report.longrepr}"
    return report
