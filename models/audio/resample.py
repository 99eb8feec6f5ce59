"""Streaming resampler to the one rate that `models` works at."""

from __future__ import annotations

import numpy as np
import soxr
from numpy.typing import NDArray

from models.events import SAMPLE_RATE

Floats = NDArray[np.float32]


class Resampler:
    """Mono float32 at `rate` to mono float32 at 16 kHz, by soxr's HQ filter (linear phase).

    The output is the same, bit for bit, for any division of the input into pushes. The filter
    looks ahead: `latency_samples` of output are withheld, at most 40 ms from 22 kHz and above
    and 116 ms from 8 kHz, until more input or `flush` brings them.
    """

    def __init__(self, rate: int) -> None:
        assert rate > 0
        self.rate = rate
        self._samples_in = 0  # since the last flush
        self._samples_out = 0
        self._stream = self._fresh()

    def _fresh(self) -> soxr.ResampleStream | None:
        """A soxr stream; None at 16 kHz, which passes through unchanged and undelayed."""
        if self.rate == SAMPLE_RATE:
            return None
        return soxr.ResampleStream(self.rate, SAMPLE_RATE, 1, dtype="float32", quality="HQ")

    @property
    def latency_samples(self) -> int:
        """Output samples (16 kHz) that the input so far is worth and that are still withheld."""
        due = (self._samples_in * SAMPLE_RATE + self.rate // 2) // self.rate
        return max(0, due - self._samples_out)

    def push(self, samples: Floats) -> Floats:
        """More input, shape (n,), any n. Returns what is ready, shape (m,)."""
        if self._stream is None or len(samples) == 0:
            return samples
        self._samples_in += len(samples)
        out: Floats = self._stream.resample_chunk(samples)
        self._samples_out += len(out)
        return out

    def flush(self) -> Floats:
        """The withheld rest, as if silence followed; shape (m,).

        All output since the last flush is then as long as the input, within one sample.
        Pushing may go on: it starts a new run of the filter.
        """
        if self._stream is None:
            return np.zeros(0, dtype=np.float32)
        out: Floats = self._stream.resample_chunk(np.zeros(0, dtype=np.float32), last=True)
        self._stream = self._fresh()
        self._samples_in = self._samples_out = 0
        return out
