"""Each kind of input is told apart, and what holds nothing says why."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from evaluation import recordings
from evaluation.inputs import load
from evaluation.recordings import RecordingError

DATA = Path(__file__).resolve().parent.parent / "data"


def sound(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.zeros(16_000, np.int16), 16_000)


def checkout(folder: Path, *vids: str) -> Path:
    for vid in vids:
        path = folder / "data" / vid[:5] / "json" / f"{vid}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        spoken = [{"sub_src_text": "a", "sub_trg_text": "b", "term": []}]
        segments = [{"start_time": 0, "end_time": 900, "utterance": spoken}]
        path.write_text(json.dumps({"duration": 1000, "segment": segments}), encoding="utf-8")
    return folder


def manifest(folder: Path, *ids: str) -> Path:
    segments = [{"start": 0, "end": 0.9, "source": "a", "target": "b"}]
    rows: list[dict[str, Any]] = [
        {"id": each, "audio": "a.flac", "source": "zh", "target": "en", "segments": segments}
        for each in ids
    ]
    path = folder / "mine.json"
    path.write_text(json.dumps({"recordings": rows}), encoding="utf-8")
    sound(folder / "a.flac")
    return path


def test_a_folder_of_pairs() -> None:
    loaded = load(DATA, "zh-")
    assert list(loaded.recordings) == [
        recordings.load(note) for note in sorted(DATA.glob("zh-*.json"))
    ]
    assert loaded.problems == ()


def test_a_bad_pair_does_not_lose_the_others(tmp_path: Path) -> None:
    for name in ("zh-short.json", "zh-short.flac"):
        (tmp_path / name).write_bytes((DATA / name).read_bytes())
    (tmp_path / "zh-bad.json").write_text("{}", encoding="utf-8")
    sound(tmp_path / "zh-bad.flac")
    loaded = load(tmp_path)
    assert [recording.id for recording in loaded.recordings] == ["zh-short"]
    (problem,) = loaded.problems
    assert problem.startswith(f"{tmp_path / 'zh-bad.json'}: id: ")


def test_realsi(tmp_path: Path) -> None:
    folder = checkout(tmp_path / "RealSI", "zh2en-01-tech", "en2zh-01-tech")
    sound(tmp_path / "sounds" / "zh2en-01-tech.flac")
    loaded = load(folder, "", tmp_path / "sounds")
    assert [recording.id for recording in loaded.recordings] == ["zh2en-01-tech"]
    assert "no audio of en2zh-01-tech" in loaded.problems[0]
    assert load(folder, "zh", tmp_path / "sounds").problems == ()


def test_a_manifest(tmp_path: Path) -> None:
    loaded = load(manifest(tmp_path, "one", "two"), "tw")
    assert [recording.id for recording in loaded.recordings] == ["two"]


def test_nothing_with_that_prefix(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"no usable id starts with 'x'; there are: one, two"):
        load(manifest(tmp_path, "one", "two"), "x")
    with pytest.raises(RecordingError, match=r"starts with 'fr'; there are: en-short, "):
        load(DATA, "fr")


def test_nothing_that_can_be_used_says_why(tmp_path: Path) -> None:
    with pytest.raises(RecordingError) as caught:
        load(checkout(tmp_path, "zh2en-01-tech"), "zh")
    message = str(caught.value)
    assert message.startswith(f"nothing to measure in {tmp_path}: there is no audio of zh2en-01-te")
    assert message.endswith("no usable id starts with 'zh'; there are: none")


def test_what_is_none_of_the_kinds(tmp_path: Path) -> None:
    for path, words in ((tmp_path / "none", "there is no"), (tmp_path, "holds no recordings")):
        with pytest.raises(RecordingError, match=words) as caught:
            load(path)
        assert all(kind in str(caught.value) for kind in ("NAME.json", "RealSI", "manifest"))


def test_a_folder_of_audio_is_for_realsi(tmp_path: Path) -> None:
    for path in (manifest(tmp_path, "one"), DATA):
        with pytest.raises(RecordingError, match="for RealSI only"):
            load(path, "", tmp_path)
