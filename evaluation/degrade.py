"""Harder conditions for a recording: noise, a telephone line, a room, faster speech, lost packets.

A degradation is written as on a command line, `--degrade SPEC`; several are done in their order.
"""

from __future__ import annotations

import io
import math
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from models.audio.encoding import ENCODINGS
from models.errors import TongchuanError
from models.events import SAMPLE_RATE as RATE

Floats = NDArray[np.float32]
Samples = NDArray[np.int16]
Change = Callable[[Floats, np.random.Generator], Floats]
"""From 16 kHz mono, nominally in [-1, 1], shape (n,) with n > 0, to the same, not clipped."""

_FULL_SCALE = np.float32(32768)
_PACKET = RATE // 50  # 20 ms
_BURST = 3.0  # packets that are lost in a row, on average
_FADED = 3 * _PACKET  # concealment is silent after 60 ms, as that of G.711 Appendix I
_MARGIN = 10**-1.59  # P.56: what is more than 15.9 dB below the speech's level is pause
_LINE_RATE = 8_000


class DegradationError(TongchuanError):
    """A degradation that is not known. Names it, and those that are."""


@dataclass(frozen=True, slots=True)
class Degradation:
    """One thing that happens to the audio.

    spec: as it is written. change: what it does; the length stays, but for `tempo`: how many
    times as fast speech is afterwards.
    """

    spec: str
    change: Change = field(compare=False, repr=False)
    tempo: float = 1.0


@dataclass(frozen=True, slots=True)
class Condition:
    """Degradations in their order. seed: the same one gives the same audio."""

    steps: tuple[Degradation, ...] = ()
    seed: int = 0

    def __str__(self) -> str:
        return " ".join(step.spec for step in self.steps)

    @property
    def tempo(self) -> float:
        """How many times as fast speech is afterwards."""
        return math.prod(step.tempo for step in self.steps)

    def apply(self, samples: Samples, name: str = "") -> Samples:
        """The audio of recording `name` afterwards: int16, 16 kHz mono, shape (n,) before and about
        (n / tempo,) after. Too loud is clipped. Each recording has chances of its own."""
        if not self.steps or not len(samples):
            return samples
        floats = samples.astype(np.float32) / _FULL_SCALE
        for position, step in enumerate(self.steps):
            key = (self.seed, zlib.crc32(name.encode()), position)
            floats = step.change(floats, np.random.default_rng(key))
        return to_int16(floats)


CLEAN = Condition()
"""Nothing is done."""


def conditions(specs: Sequence[str], seed: int = 0) -> Condition:
    """All of `specs` (see `parse`), one after the other. Raises DegradationError."""
    if seed < 0:
        raise DegradationError(f"seed {seed} is negative; use 0 or more")
    return Condition(tuple(parse(spec) for spec in specs), seed)


def parse(spec: str) -> Degradation:
    """`noise=10`, `telephone`, `reverb=0.4`, `speed=1.1`, `loss=5` or `loss=5:gaps`.

    Raises DegradationError.
    """
    if spec == "telephone":
        return Degradation(spec, _telephone)
    for form in _FORMS:
        if spec.startswith(form.before) and spec.endswith(form.after):
            number = _number(spec.removeprefix(form.before).removesuffix(form.after))
            if form.least <= number <= form.most:
                tempo = number if form.is_tempo else 1.0
                return Degradation(spec, partial(form.change, number), tempo)
    raise DegradationError(f"degradation {spec!r} is not known; there are: {ACCEPTED}")


def active_power(samples: Floats) -> float:
    """Mean square of speech without its pauses, float32, shape (n,) with n > 0.

    After ITU-T P.56: the level that what lies at most 15.9 dB below it has on average. Frames of
    20 ms stand for its envelope and hangover.
    """
    squares = samples.astype(np.float64) ** 2
    starts = np.arange(0, len(squares), _PACKET)
    powers = np.add.reduceat(squares, starts) / np.diff([*starts, len(squares)])
    before, power = -1.0, float(powers.mean())
    while power > before:
        before, power = power, float(powers[powers >= power * _MARGIN].mean())
    return power


def to_int16(samples: Floats) -> Samples:
    """Rounded, and clipped where it is too loud. From [-1, 1], shape (n,)."""
    within: Floats = np.clip(np.rint(samples * _FULL_SCALE), -32768, 32767)
    return within.astype(np.int16)


def _noise(snr_db: float, samples: Floats, chance: np.random.Generator) -> Floats:
    """White Gaussian noise, `snr_db` below the speech's active level; silence stays silent."""
    deviation = np.float32(math.sqrt(active_power(samples) * 10 ** (-snr_db / 10)))
    return samples + deviation * chance.standard_normal(len(samples), dtype=np.float32)


def _telephone(samples: Floats, _: np.random.Generator) -> Floats:
    """8 kHz, G.711 mu-law, and back. Nothing below 300 Hz is taken away."""
    sent = to_int16(_resampled(samples, RATE, _LINE_RATE, math.ceil(len(samples) / 2)))
    line = io.BytesIO()
    soundfile.write(line, sent, _LINE_RATE, format="RAW", subtype="ULAW")
    heard = ENCODINGS["mulaw"].decode(line.getvalue())
    return _resampled(heard, _LINE_RATE, RATE, len(samples))


def _reverb(rt60_s: float, samples: Floats, chance: np.random.Generator) -> Floats:
    """A room in which sound fades by 60 dB within `rt60_s`.

    Its response is the direct path, undelayed, and white noise that decays exponentially (Polack
    1988), both of the same energy: the speaker is at the critical distance. Together they have
    energy 1, so the level stays.
    """
    clock_s = np.arange(1, round(rt60_s * RATE) + 1) / RATE
    tail = chance.standard_normal(len(clock_s)) * 10 ** (-3 * clock_s / rt60_s)
    response = np.concatenate([[1.0], tail / np.linalg.norm(tail)]) / math.sqrt(2)
    return _convolved(samples, response)


def _speed(factor: float, samples: Floats, _: np.random.Generator) -> Floats:
    """`factor` times as fast by resampling (Ko et al. 2015): the pitch changes with the tempo."""
    count = max(1, round(len(samples) / factor))
    return _resampled(samples, RATE * factor, RATE, count)


def _concealed_loss(percent: float, samples: Floats, chance: np.random.Generator) -> Floats:
    """Lost packets; the last one before them is repeated, and fades within 60 ms."""
    packets, lost = _packets(samples, percent, chance)
    numbers = np.arange(len(packets))
    last = np.maximum.accumulate(np.where(lost, -1, numbers))  # the packet that is played
    into_gap = (numbers - last - 1)[:, None] * _PACKET + np.arange(_PACKET)  # < 0 outside gaps
    gain = np.clip(1 - into_gap / _FADED, 0, 1).astype(np.float32)
    gain[last < 0] = 0  # there is nothing to repeat yet
    return (packets[last] * gain).reshape(-1)[: len(samples)]


def _silent_loss(percent: float, samples: Floats, chance: np.random.Generator) -> Floats:
    """Lost packets, and silence for them."""
    packets, lost = _packets(samples, percent, chance)
    packets[lost] = 0
    return packets.reshape(-1)[: len(samples)]


def _packets(
    samples: Floats, percent: float, chance: np.random.Generator
) -> tuple[Floats, NDArray[np.bool_]]:
    """Packets of 20 ms, shape (packets, 320), and which are lost: `percent` of them, in bursts
    (Gilbert 1960: a chain of two states, received and lost)."""
    packets = np.pad(samples, (0, -len(samples) % _PACKET)).reshape(-1, _PACKET)
    share = percent / 100
    begins, goes_on = share / (1 - share) / _BURST, 1 - 1 / _BURST
    lost = np.zeros(len(packets), dtype=np.bool_)
    threshold = share  # before the first packet the chain has run for long
    for at, draw in enumerate(chance.random(len(packets))):
        lost[at] = draw < threshold
        threshold = goes_on if lost[at] else begins
    return packets, lost


def _resampled(samples: Floats, rate: float, to_rate: float, count: int) -> Floats:
    """At `to_rate`, by soxr's filter (linear phase: nothing shifts), `count` samples."""
    made: Floats = soxr.resample(samples, rate, to_rate, quality="HQ")[:count]
    return np.pad(made, (0, count - len(made)))


def _convolved(samples: Floats, response: NDArray[np.float64]) -> Floats:
    """`samples` through `response`, as long as before: overlap-add, 4 s at a time."""
    block = 4 * RATE
    size = 1 << (block + len(response)).bit_length()
    spectrum = np.fft.rfft(response, size)
    out = np.zeros(len(samples) + size)
    for start in range(0, len(samples), block):
        piece = np.fft.rfft(samples[start : start + block], size)
        out[start : start + size] += np.fft.irfft(piece * spectrum, size)
    return out[: len(samples)].astype(np.float32)


def _number(text: str) -> float:
    """The number in `text`; NaN when it is none."""
    try:
        return float(text)
    except ValueError:
        return math.nan


@dataclass(frozen=True, slots=True)
class _Form:
    """How a degradation is written around its number, and what that may be."""

    before: str
    number: str
    after: str
    least: float
    most: float
    change: Callable[[float, Floats, np.random.Generator], Floats]
    is_tempo: bool = False

    def __str__(self) -> str:
        return f"{self.before}{self.number}{self.after} ({self.least:g} to {self.most:g})"


_FORMS = (
    _Form("noise=", "SNR_DB", "", -20, 60, _noise),
    _Form("reverb=", "RT60_S", "", 0.05, 3, _reverb),
    _Form("speed=", "FACTOR", "", 0.5, 2, _speed, is_tempo=True),
    _Form("loss=", "PERCENT", "", 0, 50, _concealed_loss),
    _Form("loss=", "PERCENT", ":gaps", 0, 50, _silent_loss),
)
ACCEPTED = ", ".join(["telephone", *map(str, _FORMS)])
"""What may be written, for people."""
