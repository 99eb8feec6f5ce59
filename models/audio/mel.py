"""Whisper's log-mel spectrogram, computed as the audio arrives.

Definition (openai/whisper `whisper/audio.py`): 16 kHz, periodic Hann window of 400 samples, hop
160, frame i centred at sample 160 i with the start of the stream reflected, power spectrum,
Slaney mel filter bank (area-normalised), log10 of at least 1e-10. Normalisation over a window's
maximum is left to `normalise`, because a frame cannot know the windows it will be in.
"""

from __future__ import annotations

from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from models.events import SAMPLE_RATE

Floats = NDArray[np.float32]

N_FFT = 400
HOP = 160
FRAMES_PER_S = SAMPLE_RATE // HOP
FLOOR = -10.0
"""The least raw value: log10(1e-10), which is also that of digital silence."""

_HALF = N_FFT // 2
_BLOCK = 256  # frames computed at once: bounds the memory that one long push takes
_ROWS = 16  # frames in one product: small enough that BLAS does not wake its threads for it


def _mel_to_hz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    """Slaney's scale: linear to 1 kHz (15 mel), then 27 mel for each factor of 6.4."""
    linear = mel * (200.0 / 3.0)
    return np.where(mel < 15.0, linear, 1000.0 * np.exp((mel - 15.0) * (np.log(6.4) / 27.0)))


@cache
def mel_filters(n_mels: int) -> Floats:
    """Slaney's triangular filters of unit area, 0 to 8 kHz; shape (n_mels, 201). Read-only."""
    top = 15.0 + np.log(SAMPLE_RATE / 2 / 1000.0) * 27.0 / np.log(6.4)
    edges = _mel_to_hz(np.linspace(0.0, top, n_mels + 2))
    bins = np.linspace(0.0, SAMPLE_RATE / 2, N_FFT // 2 + 1)
    low, centre, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    rising, falling = (bins - low) / (centre - low), (high - bins) / (high - centre)
    filters = np.maximum(0.0, np.minimum(rising, falling)) * (2.0 / (high - low))
    filters32 = filters.astype(np.float32)
    filters32.flags.writeable = False
    return filters32


_WINDOW = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(N_FFT) / N_FFT)


def _log_mel(samples: Floats, filters: NDArray[np.float64]) -> Floats:
    """Raw frames of `samples` without padding: shape (1 + (n - 400) // 160, n_mels).

    filters: shape (201, n_mels). In float64 throughout, because in float32 a quiet band beside
    a loud one would depend on how many frames are computed together.
    """
    count = 1 + (len(samples) - N_FFT) // HOP
    step = samples.itemsize
    frames = np.lib.stride_tricks.as_strided(
        samples, (count, N_FFT), (HOP * step, step), writeable=False
    )
    spectrum = np.fft.rfft(frames * _WINDOW, axis=1)
    power = spectrum.real**2 + spectrum.imag**2
    mel = np.empty((count, filters.shape[1]))
    for row in range(0, count, _ROWS):
        np.matmul(power[row : row + _ROWS], filters, out=mel[row : row + _ROWS])
    np.log10(np.maximum(mel, 1e-10, out=mel), out=mel)
    return mel.astype(np.float32)


def normalise(frames: Floats) -> Floats:
    """Raw frames, shape (n, n_mels), as the encoder takes them: shape (n_mels, n), contiguous.

    Whisper's rule: at most 8 (80 dB) below the window's maximum, then (x + 4) / 4.
    """
    if len(frames) == 0:
        return np.zeros((frames.shape[1], 0), dtype=np.float32)
    limited = np.maximum(frames, frames.max() - np.float32(8.0))
    return np.ascontiguousarray((limited.T + np.float32(4.0)) / np.float32(4.0))


class LogMel:
    """Raw log-mel frames of one stream.

    Frame i is centred at sample 160 i. It is complete once the 200 samples from its centre on
    have arrived (201 for frame 0, which is made of its reflection). Frames from `first_frame` up
    to `frame_count` can be had; `drop_before` lets old ones go, and the store takes no more than
    a small multiple of what is kept. Frames are computed many at once, when they are asked for
    or a block of samples is full, so that short pushes cost little.
    """

    def __init__(self, n_mels: int = 80) -> None:
        self.n_mels = n_mels
        self.first_frame = 0
        self.samples_in = 0
        self._filters = np.ascontiguousarray(mel_filters(n_mels).T.astype(np.float64))
        self._store = np.zeros((_BLOCK, n_mels), dtype=np.float32)
        self._base = 0  # the frame in the store's row 0; at most first_frame
        self._computed = 0  # frames in the store end here; at most frame_count
        # The reflected start's room, then samples from the next frame's left edge on.
        self._pending = np.zeros(_BLOCK * HOP + N_FFT, dtype=np.float32)
        self._filled = _HALF

    @property
    def frame_count(self) -> int:
        """Frames complete so far, dropped ones included."""
        return 0 if self.samples_in <= _HALF else (self.samples_in - _HALF) // HOP + 1

    def push(self, samples: Floats) -> int:
        """More samples, shape (n,), any n. Returns how many frames became complete."""
        before = self.frame_count
        taken = 0
        while taken < len(samples):
            piece = samples[taken : taken + len(self._pending) - self._filled]
            self._pending[self._filled : self._filled + len(piece)] = piece
            self._filled += len(piece)
            taken += len(piece)
            self.samples_in += len(piece)
            if self._filled == len(self._pending):
                self._compute()
        return self.frame_count - before

    def _compute(self) -> None:
        """Put every complete frame into the store."""
        if self._computed == self.frame_count:
            return
        if self._computed == 0:
            self._pending[:_HALF] = self._pending[2 * _HALF : _HALF : -1]
        frames = _log_mel(self._pending[: self._filled], self._filters)
        self._append(frames)
        used = len(frames) * HOP
        self._pending[: self._filled - used] = self._pending[used : self._filled].copy()
        self._filled -= used

    def _append(self, frames: Floats) -> None:
        """Store `frames`, making room by dropping what is no longer kept, else by doubling."""
        if self._computed - self._base + len(frames) > len(self._store):
            kept = self._store[self.first_frame - self._base : self._computed - self._base]
            rows = max(_BLOCK, 2 * (len(kept) + len(frames)))
            store = np.zeros((rows, self.n_mels), dtype=np.float32)
            store[: len(kept)] = kept
            self._store, self._base = store, self.first_frame
        row = self._computed - self._base
        self._store[row : row + len(frames)] = frames
        self._computed += len(frames)

    def frames(self, start: int, stop: int) -> Floats:
        """A copy of frames start to stop (exclusive); shape (stop - start, n_mels).

        Raises IndexError when any of them was dropped or is not complete.
        """
        if not self.first_frame <= start <= stop <= self.frame_count:
            raise IndexError(
                f"frames {start} to {stop} are not stored: "
                f"{self.first_frame} to {self.frame_count} are; keep more or wait"
            )
        self._compute()
        return self._store[start - self._base : stop - self._base].copy()

    def tail(self, padding: Literal["zero", "reflect"] = "zero") -> Floats:
        """Frames from `frame_count` up to the samples so far (n // 160), as if the stream ended.

        Shape (k, n_mels), k at most 2; nothing is stored. "zero" is what Whisper computes when
        silence follows, "reflect" what it computes of just these samples.
        """
        count = self.samples_in // HOP - self.frame_count
        if count <= 0:
            return np.zeros((0, self.n_mels), dtype=np.float32)
        self._compute()
        needed = (count - 1) * HOP + N_FFT
        pending = self._pending[: self._filled]
        if self._computed == 0:  # too short for its own reflection: frame 0 alone
            heard = pending[_HALF:]
            if padding == "zero":
                heard = np.pad(heard, (0, N_FFT - len(heard)))
            pending = np.pad(heard, _HALF, mode="reflect")
        elif padding == "zero":
            pending = np.pad(pending, (0, max(0, needed - len(pending))))
        else:
            pending = np.pad(pending, (0, max(0, needed - len(pending))), mode="reflect")
        return _log_mel(pending[:needed], self._filters)

    def drop_before(self, frame: int) -> None:
        """Let frames before `frame` go (those not complete yet are never dropped)."""
        frame = min(frame, self.frame_count)
        if frame > self._computed:
            self._compute()
        self.first_frame = max(self.first_frame, frame)
