"""Recordings load as they are described, and what is wrong with one is said."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from evaluation import inputs
from evaluation.degrade import DegradationError
from evaluation.recordings import (
    RecordingError,
    Segment,
    length_s,
    load,
    misplaced,
)

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
    recordings = inputs.load(DATA).recordings
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
    (english,) = inputs.load(DATA, "en-").recordings
    assert (english.source, english.target) == ("en", "zh")
    terms = inputs.load(DATA, "zh-talk").recordings[0].terms()
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
        inputs.load(tmp_path)
    with pytest.raises(RecordingError, match="there is no folder"):
        inputs.load(tmp_path / "none")
    write(tmp_path, NOTE)
    with pytest.raises(RecordingError, match="there are: zh-a"):
        inputs.load(tmp_path, "en")


def test_audio_that_does_not_fit(tmp_path: Path) -> None:
    found = load(write(tmp_path, NOTE, seconds=0.2))
    with pytest.raises(RecordingError, match=r"ends at 0\.2 s, .*\(0\.5 s\): .*another recording"):
        found.samples()


@pytest.mark.parametrize(("rate", "channels"), [(8_000, 1), (16_000, 2), (44_100, 2), (48_000, 3)])
def test_any_rate_and_channels_become_16_khz_mono(tmp_path: Path, rate: int, channels: int) -> None:
    """A tone of peak 0.4, in the first channel only: the mean of the channels is kept."""
    path = write(tmp_path, NOTE)
    sound = np.zeros((rate, channels))
    sound[:, 0] = 0.4 * np.sin(2 * np.pi * 440 * np.arange(rate) / rate)
    soundfile.write(path.with_suffix(".flac"), sound, rate)
    samples = load(path).samples()
    assert samples.dtype == np.int16
    assert samples.shape == (16_000,)
    clock = np.arange(16_000) / 16_000
    expected = 0.4 * 32768 / channels * np.sin(2 * np.pi * 440 * clock)
    assert np.abs(samples - expected)[2000:-2000].max() < 8


def test_16_khz_mono_is_not_touched(tmp_path: Path) -> None:
    path = write(tmp_path, NOTE)
    sound = np.random.default_rng(0).integers(-32768, 32768, 16_000).astype(np.int16)
    soundfile.write(path.with_suffix(".flac"), sound, 16_000)
    np.testing.assert_array_equal(load(path).samples(), sound)


def test_audio_of_no_numbers(tmp_path: Path) -> None:
    found = replace(load(write(tmp_path, NOTE)), audio=tmp_path / "a.wav")
    soundfile.write(found.audio, np.full(16_000, np.nan), 16_000, subtype="FLOAT")
    with pytest.raises(RecordingError, match=r"a\.wav holds samples that are no numbers"):
        found.samples()


def test_the_length_of_audio_is_in_its_header(tmp_path: Path) -> None:
    audio = write(tmp_path, NOTE, rate=44_100, seconds=1.5).with_suffix(".flac")
    assert length_s(audio) == pytest.approx(1.5)
    with pytest.raises(RecordingError, match=r"none\.flac"):
        length_s(tmp_path / "none.flac")


def test_mistakes_of_times_are_all_told() -> None:
    segments = [Segment(0, 2, "", ""), Segment(1, 1.5, "", ""), Segment(3, 3, "", "")]
    assert misplaced(segments) == [
        "segments[1] spans 1 to 1.5 s; it should begin at or after 2 s and end after it begins",
        "segments[2] spans 3 to 3 s; it should begin at or after 2 s and end after it begins",
    ]
    assert misplaced(segments[:1]) == []


def test_audio_that_is_none(tmp_path: Path) -> None:
    path = write(tmp_path, NOTE)
    path.with_suffix(".flac").write_bytes(b"not audio")
    with pytest.raises(RecordingError, match=r"a\.flac"):
        load(path).samples()


def test_the_first_seconds_hold_whole_segments() -> None:
    whole = inputs.load(DATA, "zh-talk").recordings[0]
    second = whole.segments[1]
    cut = whole.first(second.end_s + 0.01)
    assert cut.segments == whole.segments[:2]
    assert second.end_s <= cut.duration_s <= whole.segments[2].start_s
    samples = cut.samples()
    assert len(samples) == round(cut.duration_s * 16_000)
    assert np.array_equal(samples, whole.samples()[: len(samples)])


def test_more_seconds_than_there_are_change_nothing() -> None:
    whole = inputs.load(DATA, "zh-short").recordings[0]
    assert whole.first(whole.duration_s + 1) is whole


def test_seconds_that_hold_no_segment() -> None:
    with pytest.raises(RecordingError, match=r"zh-talk: the first segment ends at"):
        inputs.load(DATA, "zh-talk").recordings[0].first(0.1)


def test_faster_speech_has_its_segments_where_it_now_is() -> None:
    """1.25 times as fast: a time of 5 s is 4 s. Between the segments there is silence."""
    whole = inputs.load(DATA, "zh-talk").recordings[0]
    fast = whole.degraded(["speed=1.25"])
    samples = fast.samples()
    assert len(samples) / 16_000 == pytest.approx(fast.duration_s, abs=1e-3)
    assert fast.duration_s == pytest.approx(whole.duration_s * 0.8)
    assert [s.target for s in fast.segments] == [s.target for s in whole.segments]
    for before, after in zip(fast.segments, fast.segments[1:], strict=False):
        begin, end = round(before.end_s * 16_000), round(after.start_s * 16_000)
        assert np.abs(samples[begin + 320 : end - 320]).max() < 50
        assert np.abs(samples[end : round(after.end_s * 16_000)]).max() > 1000


def test_a_condition_without_tempo_keeps_the_times() -> None:
    whole = inputs.load(DATA, "zh-short").recordings[0]
    harder = whole.degraded(["noise=15", "reverb=0.3"])
    assert (harder.segments, harder.duration_s) == (whole.segments, whole.duration_s)
    assert str(harder.condition) == "noise=15 reverb=0.3"
    assert len(harder.samples()) == len(whole.samples())
    assert not np.array_equal(harder.samples(), whole.samples())
    np.testing.assert_array_equal(harder.samples(), harder.samples())
    for other in (
        whole.degraded(["noise=15", "reverb=0.3"], seed=1),
        replace(whole, id="zh-other").degraded(["noise=15", "reverb=0.3"]),
    ):
        assert not np.array_equal(harder.samples(), other.samples())


def test_degraded_bit_by_bit_is_degraded_at_once() -> None:
    whole = inputs.load(DATA, "zh-short").recordings[0]
    at_once = whole.degraded(["speed=1.25", "noise=15"])
    one_by_one = whole.degraded(["speed=1.25"]).degraded(["noise=15"])
    assert one_by_one == at_once
    np.testing.assert_array_equal(one_by_one.samples(), at_once.samples())
    assert whole.degraded([]) == whole


def test_the_first_seconds_of_a_degraded_recording_are_degraded_as_all_of_it_is() -> None:
    whole = inputs.load(DATA, "zh-talk").recordings[0]
    seconds = whole.segments[1].end_s + 0.25
    specs = ["speed=1.25", "noise=10", "loss=10"]
    cut = whole.first(seconds).degraded(specs)
    assert cut == whole.degraded(specs).first(seconds / 1.25)
    assert len(cut.segments) == 2
    samples = cut.samples()
    assert len(samples) == round(cut.duration_s * 16_000)
    np.testing.assert_array_equal(samples, whole.degraded(specs).samples()[: len(samples)])


def test_audio_that_does_not_fit_is_told_in_its_own_times(tmp_path: Path) -> None:
    found = load(write(tmp_path, NOTE, seconds=0.2)).degraded(["speed=2"])
    with pytest.raises(RecordingError, match=r"ends at 0\.2 s, .*\(0\.5 s\)"):
        found.samples()


def test_an_unknown_degradation() -> None:
    with pytest.raises(DegradationError, match="'echo=1' is not known"):
        inputs.load(DATA, "zh-short").recordings[0].degraded(["echo=1"])
