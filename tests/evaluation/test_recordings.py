"""Recordings load as they are described, and what is wrong with one is said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from evaluation.recordings import RecordingError, load, load_folder

DATA = Path(__file__).resolve().parent.parent / "data"
NOTE: dict[str, Any] = {
    "id": "zh-a",
    "duration": 1.0,
    "segments": [{"start": 0.0, "end": 0.5, "source": "你好", "target": "Hello", "terms": []}],
}


def write(folder: Path, note: Any, *, rate: int = 16_000, seconds: float = 1.0) -> Path:
    path = folder / "a.json"
    path.write_text(note if isinstance(note, str) else json.dumps(note), encoding="utf-8")
    soundfile.write(folder / "a.flac", np.zeros(round(rate * seconds), np.int16), rate)
    return path


def test_our_own_recordings_are_whole() -> None:
    recordings = load_folder(DATA)
    assert {"zh-talk", "zh-short", "zh-numbers", "zh-fillers", "en-short"} <= {
        recording.id for recording in recordings
    }
    for recording in recordings:
        samples = recording.samples()
        assert len(samples) / 16_000 == pytest.approx(recording.duration_s, abs=1e-3)
        for segment in recording.segments:
            voiced = samples[round(segment.start_s * 16_000) : round(segment.end_s * 16_000)]
            assert np.abs(voiced).max() > 1000
        for before, after in zip(recording.segments, recording.segments[1:], strict=False):
            pause = samples[round(before.end_s * 16_000) : round(after.start_s * 16_000)]
            assert not pause.any()
        assert np.abs(samples).max() < 32767 * 0.75  # -3 dBFS, nothing clipped


def test_a_prefix_chooses_and_the_direction_is_the_ids() -> None:
    (english,) = load_folder(DATA, "en-")
    assert (english.source, english.target) == ("en", "zh")
    terms = load_folder(DATA, "zh-talk")[0].terms()
    assert len(terms) == len(set(terms))
    assert ("逆变器", "inverter") in {(term.source, term.target) for term in terms}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"id": "fr-a"}, ("fr-a", "zh or en")),
        ({"duration": -1}, ("duration",)),
        ({"segments": []}, ("segments",)),
        ({"segments": [{**NOTE["segments"][0], "end": "soon"}]}, ("segments[0].end",)),
        ({"segments": [{**NOTE["segments"][0], "start": 0.5}]}, ("segments[0]", "0.5 to 0.5")),
        ({"segments": NOTE["segments"] * 2}, ("segments[1]", "at or after 0.5")),
    ],
)
def test_a_bad_note_names_its_field(
    tmp_path: Path, change: dict[str, Any], words: tuple[str, ...]
) -> None:
    path = write(tmp_path, NOTE | change)
    with pytest.raises(RecordingError) as caught:
        load(path)
    assert all(word in str(caught.value) for word in (str(path), *words))


def test_what_is_no_json_is_said(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"a\.json"):
        load(write(tmp_path, "{"))


def test_a_folder_that_holds_nothing(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"NAME\.json"):
        load_folder(tmp_path)
    with pytest.raises(RecordingError, match="there is no folder"):
        load_folder(tmp_path / "none")
    write(tmp_path, NOTE)
    with pytest.raises(RecordingError, match="there are: zh-a"):
        load_folder(tmp_path, "en")


@pytest.mark.parametrize(
    ("rate", "seconds", "words"), [(8000, 1.0, "8000 Hz"), (16_000, 0.2, "another recording")]
)
def test_audio_that_does_not_fit(tmp_path: Path, rate: int, seconds: float, words: str) -> None:
    found = load(write(tmp_path, NOTE, rate=rate, seconds=seconds))
    with pytest.raises(RecordingError, match=words):
        found.samples()


def test_audio_that_is_none(tmp_path: Path) -> None:
    path = write(tmp_path, NOTE)
    path.with_suffix(".flac").write_bytes(b"not audio")
    with pytest.raises(RecordingError, match=r"a\.flac"):
        load(path).samples()


def test_the_first_seconds_hold_whole_segments() -> None:
    whole = load_folder(DATA, "zh-talk")[0]
    second = whole.segments[1]
    cut = whole.first(second.end_s + 0.01)
    assert cut.segments == whole.segments[:2]
    assert second.end_s <= cut.duration_s <= whole.segments[2].start_s
    samples = cut.samples()
    assert len(samples) == round(cut.duration_s * 16_000)
    assert np.array_equal(samples, whole.samples()[: len(samples)])


def test_more_seconds_than_there_are_change_nothing() -> None:
    whole = load_folder(DATA, "zh-short")[0]
    assert whole.first(whole.duration_s + 1) is whole


def test_seconds_that_hold_no_segment() -> None:
    with pytest.raises(RecordingError, match=r"zh-talk: the first segment ends at"):
        load_folder(DATA, "zh-talk")[0].first(0.1)
