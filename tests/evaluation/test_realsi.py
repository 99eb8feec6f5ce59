"""RealSI as it is published: its texts, times and terms; which audio is missing, and how to get it.

The texts are made up; fields and layout are those of the repository.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from evaluation.realsi import is_checkout, load
from evaluation.recordings import RecordingError, Segment
from tongchuan.events import Term


def utterance(start: int, end: int, source: str, target: str, *terms: str) -> dict[str, Any]:
    """terms: `source=target`."""
    return {
        "sub_start_time": start,
        "sub_end_time": end,
        "sub_src_text": source,
        "sub_trg_text": target,
        "term": [dict(zip(("src", "trg"), term.split("="), strict=True)) for term in terms],
    }


def segment(start: int, end: int, *utterances: dict[str, Any]) -> dict[str, Any]:
    texts = {
        f"{side}_text": "".join(each[f"sub_{side}_text"] for each in utterances)
        for side in ("src", "trg")
    }
    return {"start_time": start, "end_time": end, **texts, "utterance": list(utterances)}


ENGLISH = segment(
    250,
    1790,
    utterance(250, 900, "The cache is um cold, ", "缓存是空的，", "cache=缓存"),
    utterance(900, 1790, "so we wait.", "所以我们等。"),
)
CHINESE = segment(
    0,
    1500,
    utterance(0, 800, "缓存是空的，", "The cache is cold,", "缓存=cache"),
    utterance(800, 1500, "我们等缓存。", "so we wait for the cache.", "缓存=cache"),
)


def note(checkout: Path, vid: str, *segments: dict[str, Any], duration: int = 2000) -> Path:
    folder = checkout / "data" / vid[:5] / "json"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{vid}.json"
    body = {"vid": vid, "duration": duration, "segment": list(segments)}
    path.write_text(json.dumps(body, ensure_ascii=False), encoding="utf-8")
    return path


def sound(path: Path, seconds: float = 2.0, rate: int = 44_100) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    chance = np.random.default_rng(0)
    soundfile.write(path, 0.1 * chance.standard_normal((round(seconds * rate), 2)), rate)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """One recording a direction, without audio."""
    folder = tmp_path / "RealSI"
    note(folder, "en2zh-01-tech", ENGLISH)
    note(folder, "zh2en-01-tech", CHINESE)
    return folder


def test_a_recording_is_as_published(checkout: Path) -> None:
    """Audio as RealSI's own script leaves it. English utterances get the space that the published
    joins lack; times of ms become seconds."""
    sound(checkout / "data" / "zh2en" / "audio" / "zh2en-01-tech.mp3")
    sound(checkout / "data" / "en2zh" / "audio" / "en2zh-01-tech.mp3")
    loaded = load(checkout)
    assert loaded.problems == ()
    chinese, english = loaded.recordings
    assert (chinese.id, chinese.source, chinese.target) == ("zh2en-01-tech", "zh", "en")
    assert chinese.segments == (
        Segment(
            0.0,
            1.5,
            "缓存是空的，我们等缓存。",
            "The cache is cold, so we wait for the cache.",
            (Term("缓存", "cache"), Term("缓存", "cache")),
        ),
    )
    assert (english.id, english.source, english.target) == ("en2zh-01-tech", "en", "zh")
    assert english.segments == (
        Segment(
            0.25,
            1.79,
            "The cache is um cold, so we wait.",
            "缓存是空的，所以我们等。",
            (Term("cache", "缓存"),),
        ),
    )
    assert chinese.duration_s == pytest.approx(2, abs=0.06)  # MP3 has whole frames
    assert len(chinese.samples()) / 16_000 == pytest.approx(chinese.duration_s, abs=1e-3)


@pytest.mark.parametrize("suffix", [".flac", ".WAV", ".ogg"])
def test_audio_of_any_format_may_lie_in_one_folder(
    checkout: Path, tmp_path: Path, suffix: str
) -> None:
    for vid in ("zh2en-01-tech", "en2zh-01-tech"):
        sound(tmp_path / "sounds" / f"{vid}{suffix}", rate=48_000)
    (tmp_path / "sounds" / "zh2en-01-tech.txt").write_text("notes", encoding="utf-8")
    loaded = load(checkout, tmp_path / "sounds")
    assert loaded.problems == ()
    assert [recording.audio.suffix for recording in loaded.recordings] == [suffix] * 2
    assert all(recording.samples().shape == (32_000,) for recording in loaded.recordings)


def test_missing_audio_is_named_with_how_to_get_it(checkout: Path, tmp_path: Path) -> None:
    note(checkout, "zh2en-02-health", CHINESE)
    sound(tmp_path / "sounds" / "zh2en-01-tech.flac")
    loaded = load(checkout, tmp_path / "sounds")
    assert [recording.id for recording in loaded.recordings] == ["zh2en-01-tech"]
    (problem,) = loaded.problems
    assert "no audio of zh2en-02-health, en2zh-01-tech. " in problem
    assert all(word in problem for word in ("README", "download_audio.py", "VID.flac"))
    assert "en2zh" not in load(checkout, tmp_path / "sounds", "zh").problems[0].split(". ")[0]


def test_without_a_folder_of_audio(checkout: Path, tmp_path: Path) -> None:
    assert load(checkout).recordings == ()
    with pytest.raises(RecordingError, match=r"no folder .*none.* README"):
        load(checkout, tmp_path / "none")


@pytest.mark.parametrize(
    ("segments", "words"),
    [
        ([], ("segment: ", "at least 1")),
        ([{**CHINESE, "start_time": "soon"}], ("segment[0].start_time: ", "integer")),
        ([{**CHINESE, "utterance": []}], ("segment[0].utterance: ", "at least 1")),
        (
            [segment(0, 9, {"sub_src_text": "a", "sub_trg_text": "b", "term": [{"src": "a"}]})],
            ("segment[0].utterance[0].term[0].trg: ", "required"),
        ),
        ([CHINESE, CHINESE], ("segment[1] spans 1.5 to 1.5 s",)),
    ],
)
def test_a_bad_note_is_named_and_the_others_kept(
    checkout: Path, tmp_path: Path, segments: list[dict[str, Any]], words: tuple[str, ...]
) -> None:
    for vid in ("zh2en-01-tech", "en2zh-01-tech"):
        sound(tmp_path / "sounds" / f"{vid}.wav")
    path = note(checkout, "zh2en-01-tech", *segments)
    loaded = load(checkout, tmp_path / "sounds")
    assert [recording.id for recording in loaded.recordings] == ["en2zh-01-tech"]
    (problem,) = loaded.problems
    assert problem.startswith(f"{path}: ")
    assert all(word in problem for word in words)


def test_segments_that_overlap_a_little_follow_each_other(checkout: Path, tmp_path: Path) -> None:
    """As in zh2en-06-env: 1.5 s, where the first one ends, instead of 1.2 s."""
    sound(tmp_path / "sounds" / "zh2en-01-tech.wav")
    note(checkout, "zh2en-01-tech", CHINESE, {**CHINESE, "start_time": 1200, "end_time": 1900})
    (recording,) = load(checkout, tmp_path / "sounds", "zh").recordings
    assert [(s.start_s, s.end_s) for s in recording.segments] == [(0, 1.5), (1.5, 1.9)]


@pytest.mark.parametrize(
    ("seconds", "duration", "end", "kept"),
    [
        (2.0, 2000, 3100, 2.0),  # cut where `duration` says, before the last segment ends
        (3.2, 2000, 3100, 3.1),  # cut where that does
        (1.95, 2000, 3100, 1.95),
        (1.8, 2000, 3100, None),
        (2.0, 3000, 1500, 1.5),  # silence at the end may be missing
    ],
)
def test_audio_is_as_long_as_the_duration_or_the_last_segment_says(
    checkout: Path, tmp_path: Path, seconds: float, duration: int, end: int, kept: float | None
) -> None:
    sound(tmp_path / "sounds" / "zh2en-01-tech.wav", seconds)
    path = note(checkout, "zh2en-01-tech", {**CHINESE, "end_time": end}, duration=duration)
    loaded = load(checkout, tmp_path / "sounds", "zh")
    if kept is None:
        assert loaded.recordings == ()
        assert loaded.problems[0].startswith(f"{path}: duration: should be 2 s, and ")
        assert "zh2en-01-tech.wav has 1.80 s" in loaded.problems[0]
    else:
        (recording,) = loaded.recordings
        assert recording.segments[-1].end_s == pytest.approx(kept)
        assert len(recording.samples()) == round(seconds * 16_000)


def test_a_file_that_is_no_audio(checkout: Path, tmp_path: Path) -> None:
    sound(tmp_path / "sounds" / "zh2en-01-tech.flac")
    (tmp_path / "sounds" / "en2zh-01-tech.flac").write_bytes(b"none")
    loaded = load(checkout, tmp_path / "sounds")
    assert [recording.id for recording in loaded.recordings] == ["zh2en-01-tech"]
    assert "en2zh-01-tech.flac: no audio could be read" in loaded.problems[0]


def test_a_checkout_is_known_by_its_layout(checkout: Path, tmp_path: Path) -> None:
    assert is_checkout(checkout)
    assert not is_checkout(tmp_path)
    assert not is_checkout(checkout / "data")
