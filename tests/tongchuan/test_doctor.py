"""The doctor finds what is missing, and each cure is a command that exists."""

from __future__ import annotations

import json
import shlex
import socket
import sys
from pathlib import Path

import pytest

from models.config import ModelsConfig, profile_config
from models.errors import EngineError
from models.interpreter import Capacity
from tests.fakes import FakeBackend
from tests.tongchuan import fake_models
from tongchuan import cli, doctor, machine
from tongchuan.doctor import Check

PLENTY = machine.Machine(8, 8.0, 64 << 30, 32 << 30)


@pytest.fixture(autouse=True)
def _plenty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "look", lambda: PLENTY)


@pytest.fixture
def absent(tmp_path: Path) -> ModelsConfig:
    """An embedded profile without a single file."""
    return profile_config("embedded", {"weights": {"cache_dir": tmp_path / "cache"}})


@pytest.fixture
def present(tmp_path: Path) -> ModelsConfig:
    """Models of one's own, by path: nothing to fetch or to verify."""
    for name in ("whisper", "llm.gguf"):
        (tmp_path / name).touch()
    return profile_config(
        "embedded",
        {
            "recogniser": {"model": str(tmp_path / "whisper"), "compute_type": "float32"},
            "llm": {"model": str(tmp_path / "llm.gguf")},
            "weights": {"cache_dir": tmp_path / "cache"},
        },
    )


def examined(
    config: ModelsConfig, backend: FakeBackend | None = None, port: int = 0
) -> dict[str, Check]:
    build = (lambda _config: backend) if backend else None
    checks = doctor.examine(config, "127.0.0.1", port, build)
    return {check.name: check for check in checks}


def test_all_is_well(present: ModelsConfig) -> None:
    backend = FakeBackend(capacity=Capacity(0.42, 2, {"llm_token_s": 0.03}))
    checks = examined(present, backend)
    assert doctor.healthy(list(checks.values())), checks
    assert "2 sessions at once" in checks["capacity"].detail
    assert "0.42 of real time" in checks["capacity"].detail
    assert "llm_token_s 0.03" in checks["capacity"].detail
    assert backend.closed


def test_missing_weights_come_with_the_command_that_fetches_them(absent: ModelsConfig) -> None:
    backend = FakeBackend()
    checks = examined(absent, backend)
    wanted = {f"model {absent.recogniser.model}", f"model {absent.llm.model}"}
    assert {name for name, check in checks.items() if check.status == "missing"} == wanted
    for name in wanted:
        assert checks[name].fix == f"tongchuan models fetch {name.removeprefix('model ')}"
    assert "not measured" in checks["capacity"].detail
    assert not backend.closed  # it was not even tried


def test_every_command_it_names_is_one(
    absent: ModelsConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "look", lambda: machine.Machine(1, 0.5, 1 << 29, 1 << 28))
    fixes = [check.fix for check in examined(absent).values() if check.fix]
    commands = [fix for fix in fixes if fix.startswith("tongchuan ")]
    assert commands
    for command in commands:
        cli._parser().parse_args(shlex.split(command.split(",")[0])[1:])


def test_an_unknown_model_is_named(absent: ModelsConfig) -> None:
    config = absent.model_copy(
        update={"llm": absent.llm.model_copy(update={"model": "no-such-model"})}
    )
    assert "no-such-model" in examined(config)["model no-such-model"].detail


def test_an_endpoint_needs_no_weights(absent: ModelsConfig) -> None:
    llm = absent.llm.model_copy(update={"engine": "endpoint", "url": "http://llm/v1"})
    checks = examined(absent.model_copy(update={"llm": llm}))
    assert [name for name in checks if name.startswith("model ")] == ["model whisper-base"]


def test_a_gpu_that_is_not_there(absent: ModelsConfig) -> None:
    recogniser = absent.recogniser.model_copy(update={"device": "cuda"})
    checks = examined(absent.model_copy(update={"recogniser": recogniser}))
    assert checks["cuda"].status == "missing"
    assert "--profile embedded" in checks["cuda"].fix


def test_a_compute_type_that_is_not_there(present: ModelsConfig) -> None:
    recogniser = present.recogniser.model_copy(update={"compute_type": "int3"})
    checks = examined(present.model_copy(update={"recogniser": recogniser}))
    assert checks["ctranslate2"].status == "missing"
    assert "TONGCHUAN_RECOGNISER__COMPUTE_TYPE" in checks["ctranslate2"].fix


@pytest.mark.parametrize(
    ("here", "name", "status"),
    [
        (machine.Machine(8, 1.5, 64 << 30, 32 << 30), "cores", "note"),
        (machine.Machine(8, 8.0, 1 << 29, 1 << 29), "memory", "missing"),
        (machine.Machine(8, 8.0, 64 << 30, 1 << 29), "memory", "note"),
        (machine.Machine(8, 8.0, None, None), "memory", "note"),
    ],
)
def test_a_small_machine(
    present: ModelsConfig,
    monkeypatch: pytest.MonkeyPatch,
    here: machine.Machine,
    name: str,
    status: str,
) -> None:
    monkeypatch.setattr(machine, "look", lambda: here)
    assert examined(present)[name].status == status


def test_a_full_disk(absent: ModelsConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    class Usage:
        free = 1000

    monkeypatch.setattr("shutil.disk_usage", lambda _path: Usage)
    disk = examined(absent)["disk"]
    assert disk.status == "missing"
    assert "TONGCHUAN_CACHE_DIR" in disk.fix


def test_a_port_in_use(present: ModelsConfig) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        check = examined(present, port=port)[f"port {port}"]
    assert check.status == "note"
    assert "--port" in check.fix


def test_models_that_do_not_start(present: ModelsConfig) -> None:
    checks = examined(present, FakeBackend(start_error=EngineError("a broken file")))
    assert checks["capacity"].status == "missing"
    assert "a broken file" in checks["capacity"].detail


def test_a_machine_that_cannot_keep_up(present: ModelsConfig) -> None:
    checks = examined(present, FakeBackend(capacity=Capacity(1.7, 1)))
    assert checks["capacity"].status == "note"
    assert "--profile small" in checks["capacity"].fix


def run(
    monkeypatch: pytest.MonkeyPatch, present: ModelsConfig, *words: str, share: float = 0.4
) -> int:
    backend = FakeBackend(capacity=Capacity(share, 2))
    monkeypatch.setitem(sys.modules, "models.factory", fake_models.module(backend))
    monkeypatch.setenv("TONGCHUAN_RECOGNISER__MODEL", present.recogniser.model)
    monkeypatch.setenv("TONGCHUAN_RECOGNISER__COMPUTE_TYPE", "float32")
    monkeypatch.setenv("TONGCHUAN_LLM__MODEL", present.llm.model)
    return cli.main(["doctor", "--port", "0", *words])


def test_the_command(
    present: ModelsConfig, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, present) == 0
    out = capsys.readouterr().out
    assert "All that is needed is here." in out
    assert "2 sessions at once" in out


def test_the_command_for_programs(
    present: ModelsConfig, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path(present.llm.model).unlink()
    assert run(monkeypatch, present, "--json", "--no-measure") == 1
    document = json.loads(capsys.readouterr().out)
    assert document["ok"] is False
    assert {"name", "status", "detail", "fix"} == set(document["checks"][0])
    assert [check["status"] for check in document["checks"]].count("missing") == 1
