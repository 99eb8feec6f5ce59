from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.audio.resample import Resampler

Floats = NDArray[np.float32]


def noise(count: int) -> Floats:
    return (0.2 * np.random.default_rng(7).standard_normal(count)).astype(np.float32)


def run(resampler: Resampler, samples: Floats, size: int) -> Floats:
    out = [resampler.push(samples[at : at + size]) for at in range(0, len(samples), size)]
    return np.concatenate([*out, resampler.flush()])


def test_16_khz_passes_unchanged_and_at_once() -> None:
    samples = noise(1000)
    resampler = Resampler(16_000)
    assert resampler.push(samples) is samples
    assert resampler.latency_samples == 0
    assert len(resampler.flush()) == 0


@settings(max_examples=40, deadline=None)
@given(
    rate=st.one_of(st.integers(8_000, 48_000), st.sampled_from([8_000, 24_000, 44_100, 48_000])),
    count=st.integers(0, 6_000),
    size=st.integers(1, 6_000),
)
def test_any_division_gives_the_same_samples_of_the_right_length(
    rate: int, count: int, size: int
) -> None:
    samples = noise(count)
    streamed = run(Resampler(rate), samples, size)
    np.testing.assert_array_equal(streamed, run(Resampler(rate), samples, count or 1))
    assert abs(len(streamed) - count * 16_000 / rate) <= 1


@pytest.mark.parametrize("rate", [8_000, 44_100])
def test_one_sample_at_a_time(rate: int) -> None:
    samples = noise(5_000)
    np.testing.assert_array_equal(
        run(Resampler(rate), samples, 1), run(Resampler(rate), samples, 5_000)
    )


@pytest.mark.parametrize("rate", [8_000, 22_050, 24_000, 44_100, 48_000])
def test_a_tone_keeps_its_pitch_level_and_time(rate: int) -> None:
    def tone(at: int, seconds: float) -> Floats:
        return np.sin(2 * np.pi * 440 * np.arange(int(at * seconds)) / at).astype(np.float32)

    got = run(Resampler(rate), tone(rate, 1.0), 480)
    inner = slice(2_000, 14_000)  # away from the edges, where the filter sees silence
    np.testing.assert_allclose(got[inner], tone(16_000, 1.0)[inner], atol=2e-4)


def test_what_is_above_8_khz_does_not_fold_back() -> None:
    tone = np.sin(2 * np.pi * 11_000 * np.arange(48_000) / 48_000).astype(np.float32)
    assert np.abs(run(Resampler(48_000), tone, 960)[2_000:14_000]).max() < 1e-4


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100, 48_000])
def test_latency_tells_what_is_withheld_and_stays_small(rate: int) -> None:
    resampler, arrived, given_out = Resampler(rate), 0, 0
    for _ in range(200):
        arrived += rate // 50
        given_out += len(resampler.push(noise(rate // 50)))
        assert resampler.latency_samples == round(arrived * 16_000 / rate) - given_out
        assert resampler.latency_samples <= 0.12 * 16_000
    withheld = resampler.latency_samples
    assert abs(len(resampler.flush()) - withheld) <= 1
    assert resampler.latency_samples == 0


def test_pushing_goes_on_after_a_flush() -> None:
    resampler = Resampler(48_000)
    first = run(resampler, noise(4_800), 480)
    np.testing.assert_array_equal(run(resampler, noise(4_800), 480), first)
