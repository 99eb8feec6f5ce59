"""What a frame sounds like: how loud, how harmonic, how steady.

webrtcvad takes loud noise, hum and music for speech. Three plain measures tell them apart:
- harmonicity: the height of the autocorrelation's peak at a voice's pitch (after P. Boersma,
  "Accurate short-term analysis of the fundamental frequency …", 1993), with the band below
  700 Hz tilted up so that rumble has none. Vowels have 0.5 to 1; white, pink and brown noise
  stay below 0.33 but for 1 % of their frames.
- steadiness: how much the spectrum resembles that of 60 to 90 ms before. A voice never stands
  still: in clean, noisy, quiet and clipped recordings 99.7 % of its frames are below 0.97, while
  hum, held tones and chords are above it, but for the first 150 ms of each note.
- level.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.events import SAMPLE_RATE

Floats = NDArray[np.float32]

FRAME = 480
"""Samples a frame: 30 ms."""

_WINDOW = 1024  # 64 ms: two periods of the deepest voice and more
_FFT = 1280  # no wrap-around at the longest lag
_BAND = slice(80 * _FFT // SAMPLE_RATE, 4_000 * _FFT // SAMPLE_RATE)  # also the telephone's
_TILT = np.minimum(np.arange(_BAND.stop) * SAMPLE_RATE / _FFT / 700.0, 1.0)[_BAND] ** 2
_LAGS = slice(SAMPLE_RATE // 420, SAMPLE_RATE // 70)  # pitches of 420 down to 70 Hz
_STEADY_LAGS = (2, 3)  # frames

_HANN = (0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(_WINDOW) / _WINDOW)).astype(np.float32)
_TAPER = np.fft.irfft(np.abs(np.fft.rfft(_HANN, _FFT)) ** 2, _FFT)
_UNTAPER = (_TAPER[0] / _TAPER[_LAGS]).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Voicing:
    """Measures of one frame. level_db: dBFS (0 is a mean square of 1); the others 0 to about 1."""

    level_db: float
    harmonicity: float
    steadiness: float


class VoicingMeter:
    """Measures frame after frame of one stream; state is a window and three spectra."""

    def __init__(self) -> None:
        self._samples = np.zeros(_WINDOW, dtype=np.float32)
        self._spectra: list[Floats] = []

    def measure(self, frame: Floats) -> Voicing:
        """The next frame, shape (480,), with up to 34 ms before it."""
        assert frame.shape == (FRAME,)
        self._samples[:-FRAME] = self._samples[FRAME:]
        self._samples[-FRAME:] = frame
        level_db = 10.0 * np.log10(float(np.dot(frame, frame)) / FRAME + 1e-12)
        spectrum = np.fft.rfft(self._samples * _HANN, _FFT)
        band = spectrum[_BAND]
        power = np.asarray(band.real**2 + band.imag**2, dtype=np.float32)
        return Voicing(level_db, _harmonicity(power), self._steadiness(power))

    def _steadiness(self, power: Floats) -> float:
        """The greatest cosine between this spectrum and those of 60 and 90 ms before."""
        shape = power**0.25  # root of the magnitude, so that weak harmonics count too
        norm = float(np.linalg.norm(shape))
        shape = shape / norm if norm > 0.0 else shape
        before = [self._spectra[-lag] for lag in _STEADY_LAGS if lag <= len(self._spectra)]
        self._spectra = [*self._spectra[1 - max(_STEADY_LAGS) :], shape]
        return max((float(np.dot(shape, other)) for other in before), default=0.0)


def _harmonicity(power: Floats) -> float:
    """The highest autocorrelation at a voice's pitch, of the band's power spectrum."""
    full = np.zeros(_FFT // 2 + 1, dtype=np.float32)
    full[_BAND] = power * _TILT
    correlation = np.fft.irfft(full, _FFT)
    if correlation[0] <= 0.0:
        return 0.0
    return float((correlation[_LAGS] * _UNTAPER).max() / correlation[0])
