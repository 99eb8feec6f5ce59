"""The page against the project's own server: microphone, file, sample, and its limits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.client_demo.visit import Visit
from tests.fakes import FakeBackend

pytestmark = pytest.mark.browser

Open = Callable[..., Visit]


def test_the_microphone_reaches_the_models(
    real_server: str, visit: Open, backend: FakeBackend
) -> None:
    page = visit(real_server).start()
    texts = page.chunks(3)
    assert texts[0] == "chunk 1 of sound."
    page.page.click("#start")
    page.state("idle")
    assert page.revisions() == []
    heard = backend.interpreters[0]
    assert heard.heard_samples > 16000
    assert "00:00:00" in page.download("srt")


def test_a_file_plays_to_its_end_and_the_session_ends(
    real_server: str, visit: Open, backend: FakeBackend, spoken_wav: Path
) -> None:
    page = visit(real_server).ready()
    page.page.check("[name=kind][value=file]", force=True)
    page.page.set_input_files("#file", spoken_wav)
    page.page.click("#start")
    page.state("live")
    page.page.wait_for_selector("#playing:visible")
    page.page.click("#mute")
    page.state("idle")
    played_s = (spoken_wav.stat().st_size - 44) / 2 / 24000
    assert backend.interpreters[0].heard_samples / 16000 >= played_s * 0.9
    assert page.captions()


def test_a_file_that_is_no_sound_says_so(real_server: str, visit: Open, tmp_path: Path) -> None:
    path = tmp_path / "notes.wav"
    path.write_text("this is not sound")
    page = visit(real_server).ready()
    page.page.check("[name=kind][value=file]", force=True)
    page.start()
    assert "No file was chosen" in page.banner()
    page.page.set_input_files("#file", path)
    page.page.click("#start")
    page.page.wait_for_selector("#banner-title:has-text('cannot be played')")
    page.state("idle")


def test_the_sample_plays(real_server: str, visit: Open, backend: FakeBackend) -> None:
    page = visit(real_server).ready()
    page.page.check("[name=kind][value=sample]", force=True)
    assert "Licence" in page.page.inner_text("#sample-hint")
    page.page.select_option("#sample", index=1)
    assert page.page.is_checked("[name=direction][value=en-zh]")
    page.page.select_option("#sample", index=0)
    page.start().chunks(2)
    spec = backend.specs[0]
    assert (spec.source, spec.target) == ("zh", "en")
    page.page.click("#start")
    page.state("idle")


def test_a_second_reader_of_a_full_server_waits(real_server: str, visit: Open) -> None:
    first = visit(real_server).start()
    first.state("live")
    second = visit(real_server).start()
    assert "The server is full" in second.banner()
    second.state("waiting")
    first.page.click("#start")
    first.state("idle")
    second.page.locator("#banner-act").click()
    second.state("live")
