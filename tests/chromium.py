"""One Chromium for the whole suite: its driver keeps an event loop, and allows one in a process."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import soundfile

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SPEECH = Path(__file__).parent / "data" / "zh-short.flac"

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
    "--use-fake-device-for-media-stream",
)


def _chromium() -> str:
    """Its path. Without one a test is skipped, but fails where CI=true asks for all of them."""
    names = ("chromium", "chromium-browser", "google-chrome")
    path = next((found for name in names if (found := shutil.which(name))), None)
    if path is None:
        message = "no Chromium: install it (Debian: apt-get install chromium) to test the pages"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return path


@pytest.fixture(scope="session")
def spoken_wav(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Mandarin as a WAV file, as Chromium's fake microphone wants it."""
    samples, rate = soundfile.read(SPEECH, dtype="int16")
    path = tmp_path_factory.mktemp("speech") / "speech.wav"
    soundfile.write(path, samples, rate, subtype="PCM_16")
    return path


@pytest.fixture(scope="session")
def browser(spoken_wav: Path) -> Iterator[Browser]:
    """One Chromium for all tests; each takes a fresh context."""
    from playwright.sync_api import sync_playwright

    path = _chromium()
    flags = [*FLAGS, f"--use-file-for-fake-audio-capture={spoken_wav}"]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=flags)
        yield chromium
        chromium.close()
