"""The command line with the real weights."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tongchuan.cli import main

SPEECH = Path(__file__).parents[1] / "data" / "zh-short.flac"


@pytest.mark.real
@pytest.mark.timeout(600)
def test_a_mandarin_recording_becomes_english_subtitles(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    srt, out = tmp_path / "a.srt", tmp_path / "a.json"
    assert main(["translate", str(SPEECH), "--srt", str(srt), "--json", str(out)]) == 0
    document = json.loads(out.read_text("utf-8"))
    english = " ".join(chunk["translation"] for chunk in document["chunks"]).lower()
    assert "tomorrow" in english
    assert "library" in english
    assert "明天" in "".join(chunk["source"] for chunk in document["chunks"])
    assert srt.read_text("utf-8").count("-->") >= 1
    assert "tomorrow" in capsys.readouterr().out.lower()


@pytest.mark.real
@pytest.mark.timeout(600)
def test_the_doctor_measures_this_machine(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--port", "0", "--json"]) == 0
    checks = {check["name"]: check for check in json.loads(capsys.readouterr().out)["checks"]}
    assert "of real time" in checks["capacity"]["detail"]
