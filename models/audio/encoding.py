"""Sample encodings a client may send, each as a function from bytes to float32.

G.711 tables follow ITU-T G.711 (11/88); the decoded 14-bit (mu-law) and 13-bit (A-law) values
are scaled as usual to 16 bits and then to [-1, 1).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_FULL_SCALE_16 = 32768.0


def _mulaw_table() -> Floats:
    """The 256 mu-law codes as float32, shape (256,)."""
    code = ~np.arange(256, dtype=np.int32) & 0xFF  # every bit is sent inverted
    exponent, mantissa = (code >> 4) & 0x07, code & 0x0F
    magnitude = (((mantissa << 3) + 0x84) << exponent) - 0x84
    return (np.where(code & 0x80, -magnitude, magnitude) / _FULL_SCALE_16).astype(np.float32)


def _alaw_table() -> Floats:
    """The 256 A-law codes as float32, shape (256,)."""
    code = np.arange(256, dtype=np.int32) ^ 0x55  # every other bit is sent inverted
    exponent, mantissa = (code >> 4) & 0x07, code & 0x0F
    linear = (mantissa << 4) + 0x08  # the first segment has no implicit leading bit
    magnitude = np.where(exponent == 0, linear, (linear + 0x100) << np.maximum(exponent - 1, 0))
    return (np.where(code & 0x80, magnitude, -magnitude) / _FULL_SCALE_16).astype(np.float32)


_MULAW = _mulaw_table()
_ALAW = _alaw_table()


def _from_s16le(data: bytes) -> Floats:
    return np.frombuffer(data, dtype="<i2").astype(np.float32) / np.float32(_FULL_SCALE_16)


def _from_f32le(data: bytes) -> Floats:
    return np.frombuffer(data, dtype="<f4").astype(np.float32)


def _from_mulaw(data: bytes) -> Floats:
    return _MULAW[np.frombuffer(data, dtype=np.uint8)]


def _from_alaw(data: bytes) -> Floats:
    return _ALAW[np.frombuffer(data, dtype=np.uint8)]


@dataclass(frozen=True, slots=True)
class Encoding:
    """How one sample is written.

    width: bytes a sample.
    decode: bytes (a multiple of `width`) to a new float32 array, shape (samples,), nominally in
        [-1, 1]; `pcm_f32le` passes on whatever was sent, NaN and infinities included.
    """

    name: str
    width: int
    decode: Callable[[bytes], Floats]


ENCODINGS: dict[str, Encoding] = {
    encoding.name: encoding
    for encoding in (
        Encoding("pcm_s16le", 2, _from_s16le),
        Encoding("pcm_f32le", 4, _from_f32le),
        Encoding("mulaw", 1, _from_mulaw),
        Encoding("alaw", 1, _from_alaw),
    )
}
"""Accepted encodings by their wire name."""
