"""Degradations do what their names say, keep the time, never wrap, and repeat."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from evaluation.degrade import DegradationError, active_power, conditions, parse

Samples = NDArray[np.int16]
RATE = 16_000
PACKET = 320


def apply(samples: Samples, *specs: str, seed: int = 0, name: str = "zh-a") -> Samples:
    return conditions(specs, seed).apply(samples, name)


def tone(hertz: float, seconds: float = 1.0, peak: float = 8000) -> Samples:
    clock = np.arange(round(seconds * RATE)) / RATE
    return np.rint(peak * np.sin(2 * np.pi * hertz * clock)).astype(np.int16)


def click(at: int, count: int, peak: int = 20_000) -> Samples:
    samples = np.zeros(count, np.int16)
    samples[at] = peak
    return samples


def babble(seconds: float, seed: int = 3) -> Samples:
    """Noise that comes and goes four times a second, as syllables do."""
    count = round(seconds * RATE)
    swell = np.abs(np.sin(2 * np.pi * 2 * np.arange(count) / RATE))
    chance = np.random.default_rng(seed)
    return np.rint(chance.standard_normal(count) * 2000 * swell).astype(np.int16)


def decibels(ratio: float) -> float:
    return float(10 * np.log10(ratio))


SPECS = ["noise=10", "telephone", "reverb=0.4", "speed=1.1", "speed=0.7", "loss=5", "loss=20:gaps"]


def test_degradations_are_named_in_their_order() -> None:
    condition = conditions(["noise=10", "speed=1.25", "loss=5:gaps", "speed=2"])
    assert str(condition) == "noise=10 speed=1.25 loss=5:gaps speed=2"
    assert condition.tempo == 2.5
    first, second = (
        apply(babble(1), "telephone", "noise=5"),
        apply(babble(1), "noise=5", "telephone"),
    )
    assert not np.array_equal(first, second)


UNKNOWN = """hiss=3 noise noise= noise=loud noise=nan noise=61 telephone=8 reverb=0 reverb=inf
speed=0.4 speed=1.1:gaps loss=51 loss=5:gap loss=-1 Telephone"""


@pytest.mark.parametrize("spec", ["", *UNKNOWN.split()])
def test_an_unknown_degradation_is_named_with_the_known(spec: str) -> None:
    with pytest.raises(DegradationError) as caught:
        parse(spec)
    message = str(caught.value)
    assert message.startswith(f"degradation {spec!r} is not known")
    for form in ("telephone", "noise=SNR_DB (-20 to 60)", "loss=PERCENT:gaps (0 to 50)"):
        assert form in message


def test_a_negative_seed_is_refused() -> None:
    with pytest.raises(DegradationError, match="seed -1"):
        conditions(["noise=10"], -1)


@settings(max_examples=60)
@given(
    specs=st.lists(st.sampled_from(SPECS), max_size=4),
    count=st.integers(1, 4000),
    loud=st.booleans(),
    seed=st.integers(0, 9),
)
def test_the_same_seed_gives_the_same_audio_of_the_right_length(
    specs: list[str], count: int, loud: bool, seed: int
) -> None:
    samples = np.random.default_rng(seed).integers(-32768, 32768, count).astype(np.int16)
    samples = samples if loud else samples // np.int16(256)
    first = apply(samples, *specs, seed=seed)
    assert first.dtype == np.int16
    assert abs(len(first) - count / conditions(specs).tempo) <= 1 + len(specs)
    np.testing.assert_array_equal(first, apply(samples, *specs, seed=seed))


@pytest.mark.parametrize("spec", ["noise=10", "reverb=0.4", "loss=20", "loss=20:gaps"])
def test_seeds_and_recordings_differ(spec: str) -> None:
    here = apply(babble(2), spec, seed=1, name="zh-a")
    assert not np.array_equal(here, apply(babble(2), spec, seed=2, name="zh-a"))
    assert not np.array_equal(here, apply(babble(2), spec, seed=1, name="zh-b"))


@pytest.mark.parametrize("spec", SPECS)
def test_silence_stays_silent_and_nothing_stays_nothing(spec: str) -> None:
    assert not apply(np.zeros(5000, np.int16), spec).any()
    assert len(apply(np.zeros(0, np.int16), spec)) == 0


def test_too_loud_is_clipped_and_does_not_wrap() -> None:
    high = apply(np.full(RATE, 32_767, np.int16), "noise=20")
    assert high.max() == 32_767
    assert high.min() > 10_000  # 20 dB below: 3,277, seven of which would be needed
    low = apply(np.full(RATE, -32_768, np.int16), "noise=20")
    assert low.min() == -32_768
    assert low.max() < -10_000


@pytest.mark.parametrize(("below", "power"), [(0.05, 0.25), (0.5 / 10**0.5, 0.1375), (0.0, 0.25)])
def test_the_active_level_leaves_pauses_out(below: float, power: float) -> None:
    """0.5 has power 0.25. What is 20 dB below is a pause; what is 10 dB below (0.025) is speech:
    (0.25 + 0.025) / 2 = 0.1375."""
    samples = np.repeat(np.array([0.5, below], np.float32), 50 * PACKET)
    assert active_power(samples) == pytest.approx(power, rel=1e-5)


def test_noise_is_as_loud_as_said_whatever_the_pauses() -> None:
    """A tone of peak 8,000 has mean square 3.2e7; 10 dB below it, noise deviates by 1,789."""
    for pause_s in (0.0, 2.0, 8.0):
        samples = np.concatenate([tone(500, 4), np.zeros(round(pause_s * RATE), np.int16)])
        noise = apply(samples, "noise=10").astype(float) - samples
        assert noise.std() == pytest.approx(1789, rel=0.02)
        spectrum = np.abs(np.fft.rfft(noise)) ** 2
        halves = np.array_split(spectrum, 2)
        assert decibels(halves[0].sum() / halves[1].sum()) == pytest.approx(0, abs=0.3)  # white


def test_a_telephone_passes_what_is_below_4_khz_with_the_noise_of_mu_law() -> None:
    inner = slice(2000, 14_000)
    sent = tone(1000)
    heard = apply(sent, "telephone").astype(float)
    ratio = decibels(np.mean(sent[inner] ** 2.0) / np.mean((heard - sent)[inner] ** 2))
    assert 33 < ratio < 45  # G.711 has about 38 dB; the resampler alone has more than 70
    assert np.abs(apply(tone(6000), "telephone")[inner]).max() < 40


def test_a_telephone_does_not_shift() -> None:
    heard = apply(click(5000, RATE), "telephone")
    assert abs(int(np.argmax(np.abs(heard))) - 5000) <= 1


def test_a_room_fades_by_60_db_in_its_time() -> None:
    """Schroeder's backward integral from -5 to -25 dB, times three."""
    heard = apply(click(1000, RATE), "reverb=0.4").astype(float)
    assert not heard[:1000].any()
    assert heard[1000] == pytest.approx(20_000 / 2**0.5, abs=1)
    tail = heard[1001:] ** 2
    assert tail.sum() == pytest.approx(heard[1000] ** 2, rel=0.01)
    left = np.cumsum(tail[::-1])[::-1] / tail.sum()
    took_s = (np.argmax(left < 10**-2.5) - np.argmax(left < 10**-0.5)) / RATE
    assert 3 * took_s == pytest.approx(0.4, rel=0.1)


def test_a_room_answers_everywhere_alike() -> None:
    """Also where two of the pieces that are convolved meet, after 4 s."""
    early, late = 1000, 4 * RATE - 50
    heard = apply(click(early, 5 * RATE) + click(late, 5 * RATE), "reverb=0.2").astype(int)
    response = slice(0, 3200)
    assert np.abs(heard[early:][response] - heard[late:][response]).max() <= 1


@pytest.mark.parametrize("rt60_s", ["0.2", "0.4", "1.2"])
def test_a_room_keeps_the_level(rt60_s: str) -> None:
    sent = babble(6)
    heard = apply(sent, f"reverb={rt60_s}")
    ratio = np.mean(heard.astype(float) ** 2) / np.mean(sent.astype(float) ** 2)
    assert decibels(float(ratio)) == pytest.approx(0, abs=0.5)


def test_faster_speech_is_shorter_higher_and_in_time() -> None:
    heard = apply(tone(440, 2), "speed=1.25")
    assert len(heard) == 25_600
    spectrum = np.abs(np.fft.rfft(heard))
    assert np.argmax(spectrum) * RATE / len(heard) == pytest.approx(550, abs=1)
    assert np.abs(heard[2000:-2000]).max() == pytest.approx(8000, rel=0.01)
    clicked = apply(click(RATE, 2 * RATE), "speed=1.25")
    assert int(np.argmax(np.abs(clicked))) == 12_800


def lost(samples: Samples) -> NDArray[np.bool_]:
    """Which packets of a signal without zeros are gaps; the others have to be whole."""
    packets = samples.reshape(-1, PACKET)
    gaps: NDArray[np.bool_] = (packets == 0).all(axis=1)
    assert np.all(packets[~gaps] == 10_000)
    return gaps


def test_as_many_packets_are_lost_as_said_in_bursts() -> None:
    gaps = lost(apply(np.full(200 * RATE, 10_000, np.int16), "loss=10:gaps"))
    assert gaps.mean() == pytest.approx(0.1, abs=0.02)
    bursts = [len(list(run)) for gap, run in itertools.groupby(gaps.tolist()) if gap]
    assert np.mean(bursts) == pytest.approx(3, abs=0.4)


def test_concealment_repeats_the_last_packet_and_fades_within_60_ms() -> None:
    """In the same gaps: sample n of a gap is sample n (mod 320) of the packet before it, times
    1 - n / 960."""
    steady = np.full(60 * RATE, 10_000, np.int16)
    gaps = lost(apply(steady, "loss=20:gaps", seed=4))
    sent = babble(60)
    heard = apply(sent, "loss=20", seed=4).reshape(-1, PACKET)
    packets = sent.reshape(-1, PACKET)
    longest = 0
    for at in range(len(packets)):
        if not gaps[at]:
            last = at
            np.testing.assert_array_equal(heard[at], packets[at])
            continue
        gone = at - last - 1
        gain = np.maximum(0, 1 - (gone * PACKET + np.arange(PACKET)) / 960)
        np.testing.assert_allclose(heard[at], packets[last] * gain, atol=0.51)
        longest = max(longest, gone + 1)
    assert longest > 3  # so that silence after the fade was seen as well


def test_a_recording_that_begins_with_a_loss_begins_with_silence() -> None:
    steady = np.full(PACKET * 8, 10_000, np.int16)
    heard = [apply(steady, "loss=50", seed=seed) for seed in range(20)]
    begins = [samples for samples in heard if not samples[0]]
    assert 3 < len(begins) < 17
    assert all(not samples[:PACKET].any() for samples in begins)


def test_no_loss_changes_nothing() -> None:
    np.testing.assert_array_equal(apply(babble(1.01), "loss=0"), babble(1.01))
