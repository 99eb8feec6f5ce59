from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.audio.mel import FLOOR, HOP, LogMel, mel_filters, normalise

Floats = NDArray[np.float32]


def offline(samples: Floats, n_mels: int = 80) -> Floats:
    """Whisper's log-mel written directly from its definition, one frame at a time.

    Raw (not normalised), shape (len(samples) // 160, n_mels).
    """
    padded = np.pad(samples.astype(np.float64), 200, mode="reflect")
    window = np.hanning(401)[:-1]
    rows = []
    for frame in range(len(samples) // HOP):
        spectrum = np.fft.rfft(padded[frame * HOP : frame * HOP + 400] * window)
        rows.append(np.log10(np.maximum(mel_filters(n_mels) @ np.abs(spectrum) ** 2, 1e-10)))
    return np.array(rows, dtype=np.float32).reshape(-1, n_mels)


def speechlike(count: int, seed: int = 3) -> Floats:
    """Tones, noise and near-silence in turn: loud bands beside quiet ones."""
    time = np.arange(count) / 16_000
    tones = 0.3 * np.sin(2 * np.pi * 220 * time) * (np.sin(2 * np.pi * 3 * time) > 0)
    noise = np.random.default_rng(seed).standard_normal(count) * 1e-3
    return (tones + noise).astype(np.float32)


@settings(max_examples=60, deadline=None)
@given(
    count=st.integers(0, 6_000),
    sizes=st.lists(st.integers(1, 2_500), min_size=1, max_size=6),
)
def test_any_division_gives_the_offline_frames(count: int, sizes: list[int]) -> None:
    samples, mel, at, turn = speechlike(count), LogMel(), 0, 0
    while at < count:
        size = sizes[turn % len(sizes)]
        before = mel.frame_count
        assert mel.push(samples[at : at + size]) == mel.frame_count - before
        at, turn = at + size, turn + 1
    complete = mel.frames(0, mel.frame_count)
    expected = offline(samples) if count else np.zeros((0, 80), np.float32)
    np.testing.assert_allclose(complete, expected[: len(complete)], atol=1e-5)
    whole = np.concatenate([complete, mel.tail("reflect")])
    np.testing.assert_allclose(whole, expected, atol=1e-5)


def test_one_sample_at_a_time() -> None:
    samples, mel = speechlike(4_000), LogMel()
    for at in range(len(samples)):
        mel.push(samples[at : at + 1])
    np.testing.assert_allclose(
        mel.frames(0, mel.frame_count), offline(samples)[: mel.frame_count], atol=1e-5
    )


@pytest.mark.parametrize("count", [0, 1, 159, 160, 161, 199, 200, 201, 400, 1_000, 1_119, 1_120])
def test_the_tail_is_what_silence_after_now_would_give(count: int) -> None:
    samples, mel = speechlike(count), LogMel()
    mel.push(samples)
    tail = mel.tail("zero")
    silence = np.zeros(1_000, np.float32)
    expected = offline(np.concatenate([samples, silence]))[mel.frame_count : count // HOP]
    np.testing.assert_allclose(tail, expected, atol=1e-5)
    assert len(tail) <= 2
    frames = mel.frame_count
    mel.push(speechlike(800, seed=9))  # the tail left no trace
    both = np.concatenate([samples, speechlike(800, seed=9)])
    assert mel.frame_count >= frames
    np.testing.assert_allclose(
        mel.frames(0, mel.frame_count), offline(both)[: mel.frame_count], atol=1e-5
    )


def test_a_frame_is_there_once_200_samples_after_its_centre_are() -> None:
    mel = LogMel()
    for arrived in range(1, 2_000):
        mel.push(np.zeros(1, np.float32))
        assert mel.frame_count == (0 if arrived <= 200 else (arrived - 200) // HOP + 1)


def test_frames_dropped_are_gone_and_the_rest_stays() -> None:
    samples, mel = speechlike(48_000), LogMel()
    expected = offline(samples)
    for at in range(0, 48_000, 500):
        mel.push(samples[at : at + 500])
        mel.drop_before(mel.frame_count - 20)
        kept = mel.frames(mel.first_frame, mel.frame_count)
        np.testing.assert_allclose(kept, expected[mel.first_frame : mel.frame_count], atol=1e-5)
    with pytest.raises(IndexError, match="not stored"):
        mel.frames(mel.first_frame - 1, mel.frame_count)
    with pytest.raises(IndexError, match="not stored"):
        mel.frames(mel.first_frame, mel.frame_count + 1)


def test_dropping_never_goes_past_what_is_complete() -> None:
    mel = LogMel()
    mel.push(np.zeros(1_000, np.float32))
    mel.drop_before(10_000)
    assert mel.first_frame == mel.frame_count
    mel.drop_before(0)
    assert mel.first_frame == mel.frame_count


def test_memory_follows_what_is_kept_not_what_was_heard() -> None:
    mel = LogMel()
    sizes = set()
    for _ in range(300):
        mel.push(np.zeros(16_000, np.float32))
        mel.drop_before(mel.frame_count - 1_200)
        sizes.add(sum(v.nbytes for v in vars(mel).values() if isinstance(v, np.ndarray)))
    assert max(sizes) < 4 * 1_300 * 80 * 4


def test_a_very_long_push_is_worked_off_in_blocks() -> None:
    samples = speechlike(200_000)
    mel = LogMel()
    assert mel.push(samples) == (200_000 - 200) // HOP + 1
    np.testing.assert_allclose(
        mel.frames(0, mel.frame_count), offline(samples)[: mel.frame_count], atol=1e-5
    )


@pytest.mark.parametrize("n_mels", [80, 128])
def test_filters_are_slaneys(n_mels: int) -> None:
    filters = mel_filters(n_mels).astype(np.float64)
    assert filters.shape == (n_mels, 201)
    assert (filters >= 0).all()
    # Unit area (in Hz) where the bins are fine enough to sample the triangle well.
    np.testing.assert_allclose(filters[-20:].sum(axis=1) * 40.0, 1.0, rtol=0.03)
    assert (np.diff(filters.argmax(axis=1)) >= 0).all()
    assert not filters[:, 0].any()


def test_filters_have_the_known_values_of_whispers_80_bands() -> None:
    filters = mel_filters(80)
    # Below 1 kHz the 80-band filters are 37.24 Hz apart, so bin 1 (40 Hz) falls on the second
    # side of filter 0: height 2 / (2 * 37.239) times (74.478 - 40) / 37.239.
    assert filters[0, 1] == pytest.approx(0.0248626, abs=1e-6)
    assert filters[1, 1] == pytest.approx(0.0019908, abs=1e-6)
    assert filters[0, 0] == filters[79, 200] == 0.0


def test_normalise_is_whispers_rule() -> None:
    frames = np.array([[1.0, -2.0], [-9.0, -7.0]], np.float32)
    np.testing.assert_allclose(normalise(frames), [[1.25, -0.75], [0.5, -0.75]])
    assert normalise(frames).flags.c_contiguous
    assert normalise(np.zeros((0, 80), np.float32)).shape == (80, 0)


def test_silence_is_the_floor() -> None:
    mel = LogMel(128)
    mel.push(np.zeros(1_600, np.float32))
    assert (mel.frames(0, mel.frame_count) == FLOOR).all()
