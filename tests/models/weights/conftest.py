from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from models.weights import WeightsConfig, hub, packages
from tests.models.weights.hub_server import HubServer, serving
from tests.models.weights.toy_models import TOYS, FakePip, hub_paths


@pytest.fixture(autouse=True)
def toys(monkeypatch: pytest.MonkeyPatch) -> None:
    """The toy manifest, no pauses, and no memory of hubs that were down in another test."""
    monkeypatch.setattr("models.weights.fetch.load_manifest", lambda: TOYS)
    monkeypatch.setattr(hub, "PAUSE_S", 0.0)
    hub.reachability.forget()


@pytest.fixture
def hub_server() -> Iterator[HubServer]:
    with serving(hub_paths()) as server:
        yield server


@pytest.fixture
def pip(monkeypatch: pytest.MonkeyPatch) -> FakePip:
    """A pip that makes the toys' wheels, in place of the real one."""
    fake = FakePip()
    monkeypatch.setattr(packages, "pip_download", fake)
    return fake


@pytest.fixture
def hub_config(tmp_path: Path, hub_server: HubServer) -> WeightsConfig:
    return WeightsConfig(
        cache_dir=tmp_path / "cache",
        hub_endpoint=hub_server.endpoint,
        hub_read_timeout_s=0.5,
        source="hub",
    )


@pytest.fixture
def packages_config(tmp_path: Path) -> WeightsConfig:
    return WeightsConfig(cache_dir=tmp_path / "cache", source="packages")
