"""The image's install script in a clean folder, and the server that it makes, without Docker."""

from __future__ import annotations

import io
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import soundfile
import soxr

from models.weights import WeightsConfig
from tests.packaging.build_context import ROOT, context_files, copy_context
from tests.packaging.documents import blocks

pytestmark = [pytest.mark.real, pytest.mark.timeout(900)]

PACKAGES = ("models", "glossaries", "server", "tongchuan", "evaluation", "client_demo")
SAMPLE = ROOT / "tests" / "data" / "zh-short.flac"
START_LIMIT_S = 300.0


@dataclass(frozen=True)
class Image:
    """What the image would hold: the environment, its variables, and a folder to be in."""

    venv: Path
    source: Path
    env: dict[str, str]
    cwd: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.env['PORT']}"

    @property
    def site_packages(self) -> Path:
        return next(self.venv.glob("lib/python3.*/site-packages"))

    def run(self, *command: str | Path, timeout_s: float = 60) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=self.cwd, env=self.env, capture_output=True, text=True, timeout=timeout_s
        )


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    """Do what docker/Dockerfile does, in folders of our own."""
    base = tmp_path_factory.mktemp("image")
    source, venv, cwd = copy_context(base / "source"), base / "tongchuan", base / "cwd"
    cwd.mkdir()
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "VIRTUAL_ENV", "TONGCHUAN_"))
    }
    subprocess.run(
        ["sh", source / "docker" / "install.sh", venv],
        cwd=cwd,
        env=kept | {"PYTHON": sys.executable},
        check=True,
        timeout=600,
    )
    env = kept | {
        "PATH": f"{venv / 'bin'}:{os.environ['PATH']}",
        "HOST": "127.0.0.1",
        "PORT": str(_free_port()),
        "TONGCHUAN_PROFILE": "embedded",
        "TONGCHUAN_CACHE_DIR": str(WeightsConfig().root),
        "TONGCHUAN_GLOSSARIES__URL": str(base / "glossaries" / "glossaries.db"),
    }
    return Image(venv, source, env, cwd)


@pytest.fixture(scope="module")
def server(image: Image) -> Iterator[subprocess.Popen[bytes]]:
    """The entry point, ready for sessions."""
    log = image.cwd / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["sh", image.source / "docker" / "entrypoint.sh"],
            cwd=image.cwd,
            env=image.env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            _wait_until_ready(image, process, log)
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.wait(30)


def _wait_until_ready(image: Image, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_LIMIT_S
    while time.monotonic() < deadline:
        assert process.poll() is None, f"the server ended:\n{log.read_text()}"
        try:
            with urllib.request.urlopen(f"{image.url}/readyz", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.5)
    raise AssertionError(f"not ready after {START_LIMIT_S:g} s:\n{log.read_text()}")


def _get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=10) as response:
        body: bytes = response.read()
        return body


def test_the_install_holds_every_file_of_the_packages(image: Image) -> None:
    missing = [
        path
        for path in context_files()
        if path.startswith(tuple(f"{name}/" for name in PACKAGES))
        and (ROOT / path).is_file()
        and not (image.site_packages / path).is_file()
    ]
    assert not missing, "these are not in package-data of pyproject.toml"


def test_the_install_is_lean_and_whole(image: Image) -> None:
    pip = image.venv / "bin" / "pip"
    assert image.run(pip, "check").stdout.strip() == "No broken requirements found."
    names = image.run(pip, "list", "--format=freeze").stdout.lower()
    for unwanted in ("setuptools", "pytest", "torch", "nvidia"):
        assert f"\n{unwanted}" not in f"\n{names}"


def test_the_page_and_its_parts_are_served(image: Image, server: subprocess.Popen[bytes]) -> None:
    page = _get(f"{image.url}/")
    assert b"<html" in page.lower()
    assert b"tongchuan_" in _get(f"{image.url}/metrics")


def test_the_health_check_of_the_image_passes(
    image: Image, server: subprocess.Popen[bytes]
) -> None:
    done = image.run(image.venv / "bin" / "python", image.source / "docker" / "healthcheck.py")
    assert (done.returncode, done.stderr) == (0, "")


def test_the_health_check_fails_where_nothing_listens(image: Image) -> None:
    script = image.source / "docker" / "healthcheck.py"
    env = image.env | {"PORT": str(_free_port())}
    done = subprocess.run(
        [sys.executable, script], env=env, capture_output=True, text=True, timeout=30
    )
    assert done.returncode == 1
    assert "/healthz" in done.stderr


def test_glossaries_are_kept_in_their_volume(image: Image, server: subprocess.Popen[bytes]) -> None:
    terms = image.cwd / "terms.txt"
    terms.write_text("同传 = interpreting\n", encoding="utf-8")
    tongchuan = image.venv / "bin" / "tongchuan"
    words = ("glossaries", "import", "names", terms, "--url", image.url)
    done = image.run(tongchuan, *words)
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 added" in done.stdout
    assert Path(image.env["TONGCHUAN_GLOSSARIES__URL"]).is_file()


def test_it_interprets(image: Image, server: subprocess.Popen[bytes]) -> None:
    url = f"ws://127.0.0.1:{image.env['PORT']}/v1/interpret"
    out = image.cwd / "out.txt"
    tongchuan = image.venv / "bin" / "tongchuan"
    done = image.run(
        tongchuan, "translate", SAMPLE, "--url", url, "--txt", out, "--quiet", timeout_s=180
    )
    assert done.returncode == 0, done.stderr
    words = out.read_text().split()
    assert len(words) >= 3
    assert all(ord(letter) < 0x2E80 for word in words for letter in word)


def test_the_readmes_python_runs(image: Image, server: subprocess.Popen[bytes]) -> None:
    shutil.copy(SAMPLE, image.cwd / "talk.flac")
    example = next(text for text in blocks("README.md", "python") if "talk.flac" in text)
    script = image.cwd / "talk.py"
    script.write_text(example.replace(":8000", f":{image.env['PORT']}"))
    done = image.run(image.venv / "bin" / "python", script, timeout_s=180)
    assert done.returncode == 0, done.stderr
    assert re.search(r"^ +\d+\.\d s  [A-Z].+", done.stdout, re.MULTILINE), done.stdout


def test_the_readmes_bridge_takes_g711(image: Image, server: subprocess.Popen[bytes]) -> None:
    port = _free_port()
    example = next(text for text in blocks("README.md", "python") if "mulaw" in text)
    script = image.cwd / "bridge.py"
    script.write_text(example.replace(":8000", f":{image.env['PORT']}").replace("5004", str(port)))
    bridge = subprocess.Popen([image.venv / "bin" / "python", script], cwd=image.cwd, env=image.env)
    try:
        said = _through(port, _as_mulaw(SAMPLE))
    finally:
        bridge.terminate()
        bridge.wait(30)
    assert re.search(r"[A-Za-z]{3}", said)


def _as_mulaw(recording: Path) -> bytes:
    """The recording as raw G.711 µ-law, 8 kHz."""
    samples, rate = soundfile.read(recording, dtype="float32")
    resampled = soxr.resample(samples, rate, 8000)
    file = io.BytesIO()
    soundfile.write(file, resampled, 8000, format="RAW", subtype="ULAW")
    return file.getvalue()


def _through(port: int, data: bytes) -> str:
    """Send `data` to the bridge at the speed of speech; what it writes until it closes."""
    deadline = time.monotonic() + 30
    while True:
        try:
            connection = socket.create_connection(("127.0.0.1", port), timeout=90)
            break
        except ConnectionRefusedError:
            assert time.monotonic() < deadline, "the bridge does not listen"
            time.sleep(0.2)
    with connection:
        for start in range(0, len(data), 800):
            connection.sendall(data[start : start + 800])
            time.sleep(0.1)
        connection.shutdown(socket.SHUT_WR)
        with connection.makefile(encoding="utf-8") as lines:
            return lines.read()


def test_a_stop_signal_ends_it_well(image: Image, server: subprocess.Popen[bytes]) -> None:
    server.send_signal(signal.SIGTERM)
    assert server.wait(60) == 0
