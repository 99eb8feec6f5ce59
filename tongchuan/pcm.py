"""Samples to the bytes of a wire encoding."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.errors import AudioFormatError

ENCODINGS = ("pcm_s16le", "pcm_f32le", "mulaw", "alaw")
RATES = (8_000, 48_000)
CHANNELS = (1, 2)


def check_format(encoding: str, sample_rate: int, channels: int) -> None:
    """Raises AudioFormatError, naming the accepted values, for what no server accepts."""
    if encoding not in ENCODINGS:
        raise AudioFormatError(
            f"encoding {encoding!r} is not supported; use one of: {', '.join(ENCODINGS)}"
        )
    if not RATES[0] <= sample_rate <= RATES[1]:
        raise AudioFormatError(
            f"sample_rate {sample_rate} is not supported; use {RATES[0]} to {RATES[1]} Hz"
        )
    if channels not in CHANNELS:
        raise AudioFormatError(f"channels {channels} is not supported; use 1 or 2")


def to_bytes(samples: NDArray[Any], encoding: str, channels: int) -> bytes:
    """The bytes of `samples`, shape (n,) or (n, channels), in wire `encoding`.

    Floats are in [-1, 1] (clipped beyond); int16 is full scale; uint8 is μ-law or A-law already.
    Raises AudioFormatError for any other dtype or shape.
    """
    if samples.ndim not in (1, 2) or (samples.ndim == 2 and samples.shape[1] != channels):
        raise AudioFormatError(
            f"samples of shape {samples.shape} do not fit; use (n,) or (n, {channels})"
        )
    if encoding in ("mulaw", "alaw"):
        if samples.dtype != np.uint8:
            raise AudioFormatError(
                f"{encoding} takes bytes or uint8 arrays, not {samples.dtype}; "
                "open the session with encoding pcm_s16le to send samples"
            )
        return samples.tobytes()
    samples = samples.astype(samples.dtype.newbyteorder("="), copy=False)
    if samples.dtype == np.int16:
        if encoding == "pcm_s16le":
            return samples.astype("<i2").tobytes()
        samples = samples.astype(np.float32) / np.float32(32_768)
    if samples.dtype not in (np.float32, np.float64):
        raise AudioFormatError(
            f"samples of {samples.dtype} are not supported; use float32, float64 or int16"
        )
    if encoding == "pcm_f32le":
        return samples.astype("<f4").tobytes()
    clean = np.nan_to_num(samples, nan=0.0, posinf=1.0, neginf=-1.0)
    whole: NDArray[Any] = np.clip(np.rint(clean * 32_767), -32_768, 32_767)
    return whole.astype("<i2").tobytes()
