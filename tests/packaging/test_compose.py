"""The compose files: known keys only, locked down, and in step with the image and the server."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any, Literal

import pytest
import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter

from server.config import Limits, Settings
from server.glossary.config import GlossarySettings
from tongchuan.settings import models_config

ROOT = Path(__file__).parents[2]
DEFAULT = re.compile(r"\$\{\w+:-([^}]*)\}")
DURATION = r"^[0-9]+(s|m)$"


class Part(BaseModel):
    """A mapping of the compose format; the keys here are the ones that these files may use."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Build(Part):
    context: str | None = None
    dockerfile: str | None = None
    args: dict[str, str] = {}


class Health(Part):
    test: list[str]
    interval: str
    timeout: str
    start_period: str
    retries: int


class Device(Part):
    driver: Literal["nvidia"]
    count: int
    capabilities: list[Literal["gpu"]]


class Limit(Part):
    cpus: str | int | None = None
    memory: str
    pids: int | None = None


class Reservation(Part):
    devices: list[Device]


class Resources(Part):
    limits: Limit
    reservations: Reservation | None = None


class Deploy(Part):
    resources: Resources


class Service(Part):
    image: str
    build: Build | None = None
    command: list[str] = []
    environment: dict[str, str] = {}
    ports: list[str] = []
    expose: list[str] = []
    volumes: list[str] = []
    read_only: bool = False
    tmpfs: list[str] = []
    cap_drop: list[str] = []
    security_opt: list[str] = []
    depends_on: dict[str, dict[Literal["condition"], Literal["service_healthy"]]] = {}
    ipc: Literal["host"] | None = None
    deploy: Deploy
    stop_grace_period: str | None = None
    restart: Literal["unless-stopped"] | None = None
    healthcheck: Health | None = None


class Compose(Part):
    name: str | None = None
    services: dict[str, Service]
    volumes: dict[str, None] = {}


def _read(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "docker" / name).read_text())
    return loaded


def _merge(base: Any, over: Any) -> Any:
    """As compose merges files: mappings by key, lists one after the other, the rest replaced."""
    if isinstance(base, dict) and isinstance(over, dict):
        return base | {
            key: _merge(base[key], value) if key in base else value for key, value in over.items()
        }
    if isinstance(base, list) and isinstance(over, list):
        return base + over
    return over


@pytest.fixture
def alone() -> Compose:
    return TypeAdapter(Compose).validate_python(_read("compose.yaml"))


@pytest.fixture
def gpu() -> Compose:
    merged = _merge(_read("compose.yaml"), _read("compose.gpu.yaml"))
    return TypeAdapter(Compose).validate_python(merged)


def _seconds(duration: str) -> int:
    assert re.match(DURATION, duration)
    return int(duration[:-1]) * (60 if duration.endswith("m") else 1)


def test_the_service_is_locked_down(alone: Compose) -> None:
    service = alone.services["tongchuan"]
    assert service.read_only
    assert service.tmpfs
    assert service.cap_drop == ["ALL"]
    assert service.security_opt == ["no-new-privileges:true"]
    limits = service.deploy.resources.limits
    assert limits.cpus
    assert limits.memory
    assert limits.pids


def test_a_stop_waits_for_the_sessions(alone: Compose) -> None:
    grace = alone.services["tongchuan"].stop_grace_period
    assert grace is not None
    assert _seconds(grace) >= 2 * Limits().drain_timeout_s


def test_only_loopback_is_published_unless_asked(alone: Compose) -> None:
    assert alone.services["tongchuan"].ports == ["${BIND:-127.0.0.1}:${PORT:-8000}:8000"]


def test_the_image_is_this_version(alone: Compose, gpu: Compose) -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert alone.services["tongchuan"].image == f"tongchuan:{version}"
    assert gpu.services["tongchuan"].image == f"tongchuan:{version}-gpu"


def test_every_image_is_pinned(gpu: Compose) -> None:
    for service in gpu.services.values():
        assert re.search(r":v?\d+\.\d+\.\d+", service.image), service.image


def test_health_agrees_with_the_image(alone: Compose) -> None:
    health = alone.services["tongchuan"].healthcheck
    assert health is not None
    dockerfile = (ROOT / "docker" / "Dockerfile").read_text()
    assert f'["{health.test[1]}", "{health.test[2]}"]' in dockerfile
    for flag, value in (
        ("interval", health.interval),
        ("timeout", health.timeout),
        ("start-period", health.start_period),
        ("retries", health.retries),
    ):
        assert f"--{flag}={value}" in dockerfile


def test_weights_survive_the_container(gpu: Compose) -> None:
    mounted = {name: service.volumes for name, service in gpu.services.items()}
    assert mounted["tongchuan"] == ["weights:/weights", "glossaries:/glossaries"]
    assert {line.split(":")[0] for lines in mounted.values() for line in lines} == set(gpu.volumes)


def test_glossaries_survive_the_container(alone: Compose) -> None:
    service = alone.services["tongchuan"]
    url = DEFAULT.sub(r"\1", service.environment["TONGCHUAN_GLOSSARIES__URL"])
    database = GlossarySettings.model_validate({"url": url}).database
    assert database.database == "/glossaries/glossaries.db"
    assert f"TONGCHUAN_GLOSSARIES__URL={url}" in (ROOT / "docker" / "Dockerfile").read_text()


def test_uploads_find_room(alone: Compose) -> None:
    size = re.search(r"^/tmp:size=(\d+)m,", alone.services["tongchuan"].tmpfs[0])
    assert size is not None
    limits = Settings().glossaries
    assert int(size[1]) * 2**20 > limits.max_uploads * limits.max_file_bytes


def test_the_gpu_profile_has_its_model_server(gpu: Compose) -> None:
    service, llm = gpu.services["tongchuan"], gpu.services["llm"]
    assert service.environment["TONGCHUAN_PROFILE"] == "gpu"
    assert service.depends_on == {"llm": {"condition": "service_healthy"}}
    assert llm.healthcheck is not None
    environment = {name: DEFAULT.sub(r"\1", value) for name, value in service.environment.items()}
    config = models_config(environment=environment)
    assert config.profile == "gpu"
    assert config.llm.url == "http://llm:8001/v1"
    assert f"--model={config.llm.model}" in [DEFAULT.sub(r"\1", word) for word in llm.command]
    assert not llm.ports
    for each in (service, llm):
        assert each.deploy.resources.reservations is not None


def test_the_gpu_image_finds_its_cuda_library(gpu: Compose) -> None:
    service = gpu.services["tongchuan"]
    assert service.build is not None
    (extra,) = DEFAULT.sub(r"\1", service.build.args["EXTRA"]).split()
    assert "nvidia-cublas-cu12==" in (ROOT / "requirements" / f"{extra}.lock").read_text()
    python = re.search(r"python:(3\.\d+)", (ROOT / "docker" / "Dockerfile").read_text())
    assert python is not None
    folder = f"/opt/tongchuan/lib/python{python[1]}/site-packages/nvidia/cublas/lib"
    assert service.environment["LD_LIBRARY_PATH"] == folder
