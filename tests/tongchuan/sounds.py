"""Recordings for tests: tones and pauses that the fake backend hears as chunks."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

Samples = NDArray[np.float32]


def tone(seconds: float, rate: int = 16_000, channels: int = 1) -> Samples:
    """440 Hz at a quarter of full scale. Shape (n,) or (n, channels)."""
    wave = 0.25 * np.sin(2 * np.pi * 440 * np.arange(round(seconds * rate)) / rate)
    mono = wave.astype(np.float32)
    return mono if channels == 1 else np.stack([mono] * channels, axis=1)


def write(path: Path, samples: Samples, rate: int = 16_000, **options: str) -> Path:
    """A file in the format of its name."""
    soundfile.write(path, samples, rate, **options)
    return path


def encoded(samples: Samples, rate: int = 16_000, **options: str) -> bytes:
    """The bytes of such a file."""
    file = io.BytesIO()
    soundfile.write(file, samples, rate, **options)
    return file.getvalue()
