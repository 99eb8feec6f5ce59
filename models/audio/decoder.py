"""Bytes of a client's audio stream to clean 16 kHz mono samples."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.audio.encoding import ENCODINGS
from models.audio.resample import Resampler
from models.errors import AudioFormatError

MIN_RATE = 8_000
MAX_RATE = 48_000
MAX_CHANNELS = 2

Floats = NDArray[np.float32]


class AudioDecoder:
    """One stream's decoder: any cut of the bytes gives the same samples.

    Counters, over the life of the stream:
        samples_in: samples a channel that were decoded.
        cleaned: values that were NaN or infinite and became 0 (counted in each channel).
        clipped: values beyond ±1 that were clipped (counted in each channel).

    Raises AudioFormatError for an encoding, rate or channel count that is not accepted.
    """

    def __init__(self, encoding: str, sample_rate: int, channels: int) -> None:
        if encoding not in ENCODINGS:
            accepted = ", ".join(ENCODINGS)
            raise AudioFormatError(
                f"encoding {encoding!r} is not supported; use one of: {accepted}"
            )
        if not MIN_RATE <= sample_rate <= MAX_RATE:
            raise AudioFormatError(
                f"sample_rate {sample_rate} is not supported; use {MIN_RATE} to {MAX_RATE} Hz"
            )
        if not 1 <= channels <= MAX_CHANNELS:
            raise AudioFormatError(f"channels {channels} is not supported; use 1 or {MAX_CHANNELS}")
        self.sample_rate = sample_rate
        self.channels = channels
        self.samples_in = 0
        self.cleaned = 0
        self.clipped = 0
        self._encoding = ENCODINGS[encoding]
        self._frame_bytes = self._encoding.width * channels
        self._partial = b""
        self._resampler = Resampler(sample_rate)

    @property
    def dropped_bytes(self) -> int:
        """Bytes of a partial sample that nothing has completed; after the last push, lost."""
        return len(self._partial)

    @property
    def latency_samples(self) -> int:
        """Output samples (16 kHz) that the resampler withholds for its look-ahead just now."""
        return self._resampler.latency_samples

    def push(self, data: bytes | memoryview) -> Floats:
        """More bytes, any number. Returns what is ready: 16 kHz mono in [-1, 1], shape (n,).

        Bytes of a sample not yet whole wait for the next push.
        """
        whole = self._partial + bytes(data)
        cut = len(whole) - len(whole) % self._frame_bytes
        self._partial = whole[cut:]
        if cut == 0:
            return np.zeros(0, dtype=np.float32)
        samples = self._clean(self._encoding.decode(whole[:cut]))
        if self.channels > 1:
            samples = samples.reshape(-1, self.channels).mean(axis=1, dtype=np.float32)
        self.samples_in += len(samples)
        return _limited(self._resampler.push(samples))

    def flush(self) -> Floats:
        """What the resampler withheld, shape (n,). Pushing may go on afterwards.

        A partial sample stays where it is, so that the stream keeps its alignment;
        `dropped_bytes` tells of it.
        """
        return _limited(self._resampler.flush())

    def _clean(self, values: Floats) -> Floats:
        """`values` with NaN and infinities 0 and the rest within ±1; counts both."""
        broken = ~np.isfinite(values)
        count = int(np.count_nonzero(broken))
        if count:
            values[broken] = 0.0
            self.cleaned += count
        beyond = int(np.count_nonzero(np.abs(values) > 1.0))
        if beyond:
            self.clipped += beyond
            values = np.clip(values, -1.0, 1.0)
        return values


def _limited(samples: Floats) -> Floats:
    """Within ±1: a resampler's filter overshoots at full-scale edges."""
    return np.clip(samples, -1.0, 1.0)
