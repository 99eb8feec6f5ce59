"""What happens to speech before it is encoded: noise, rooms, telephones, haste."""

from __future__ import annotations

import random

import numpy as np
from numpy.typing import NDArray

from evaluation.degrade import Condition, active_power, conditions, to_int16
from training.retriever.recipe import RATE

Samples = NDArray[np.int16]
MEASURED = ("clean", "noise", "hum", "babble", "reverb", "telephone", "fast")
"""Conditions that validation and test sets have, each at one strength."""
_FIXED = {
    "noise": "noise=10",
    "reverb": "reverb=0.4",
    "telephone": "telephone",
    "fast": "speed=1.1",
}
_FIXED_SNR_DB = 10.0


def measured(name: str, samples: Samples, others: Samples, seed: int) -> tuple[Samples, float]:
    """`samples` in one of MEASURED, and how many times as fast they are. others: any speech."""
    if name in ("hum", "babble"):
        return _background(samples, others, name, _FIXED_SNR_DB, seed), 1.0
    condition = conditions([_FIXED[name]], seed) if name in _FIXED else Condition()
    return condition.apply(samples), condition.tempo


def drawn(samples: Samples, others: Samples, chance: random.Random) -> tuple[Samples, float]:
    """`samples` spoilt in one to three ways of random strength, and how fast they are then."""
    specs: list[str] = []
    if chance.random() < 0.6:  # pitch and formants change with it: other speakers
        specs.append(f"speed={chance.uniform(0.8, 1.18):.3f}")
    if chance.random() < 0.35:
        specs.append(f"reverb={chance.uniform(0.1, 0.6):.3f}")
    noise = chance.random()
    if noise < 0.35:
        specs.append(f"noise={chance.uniform(5, 30):.1f}")
    if chance.random() < 0.2:
        specs.append("telephone")
    condition = conditions(specs, chance.getrandbits(31))
    spoilt = condition.apply(samples)
    if noise > 0.55:
        kind = chance.choice(("hum", "babble"))
        seed = chance.getrandbits(31)
        spoilt = _background(spoilt, others, kind, chance.uniform(5, 25), seed)
    gain = 10 ** (chance.uniform(-18, 3) / 20)
    return to_int16(_floats(spoilt) * np.float32(gain)), condition.tempo


def _background(samples: Samples, others: Samples, kind: str, snr_db: float, seed: int) -> Samples:
    """With noise that is `snr_db` below the speech: `hum`, whose power falls with the frequency
    (to the power of 1 to 2), or `babble`, three voices backwards, which say no words."""
    chance = np.random.default_rng(seed)
    speech = _floats(samples)
    count = len(speech)
    made: NDArray[np.float64]
    if kind == "hum":
        size = 1 << (count - 1).bit_length()
        white: NDArray[np.float64] = chance.standard_normal(size)
        hertz = np.maximum(np.fft.rfftfreq(size, 1 / RATE), 20.0)
        falling = np.fft.rfft(white) * np.power(hertz, -chance.uniform(0.5, 1.0))
        made = np.resize(np.fft.irfft(falling, size), count)
    else:
        starts = chance.integers(0, max(1, len(others) - count), 3)
        voices = [np.resize(others[start : start + count], count) for start in starts]
        made = np.flip(np.sum(np.stack(voices), axis=0, dtype=np.float64))
    power = float(np.mean(made**2)) or 1.0
    gain = np.sqrt(active_power(speech) * 10 ** (-snr_db / 10) / power)
    return to_int16((speech + gain * made).astype(np.float32))


def _floats(samples: Samples) -> NDArray[np.float32]:
    """In [-1, 1]."""
    floats: NDArray[np.float32] = samples.astype(np.float32) / np.float32(32768)
    return floats
