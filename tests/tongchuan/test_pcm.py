"""Samples become the bytes that the wire's encodings have."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from models.errors import AudioFormatError
from tongchuan.pcm import check_format, to_bytes


def test_full_scale_and_beyond() -> None:
    samples = np.array([0.0, 1.0, -1.0, 2.0, -9.0, np.nan, np.inf, -np.inf], np.float32)
    whole = np.frombuffer(to_bytes(samples, "pcm_s16le", 1), "<i2")
    assert whole.tolist() == [0, 32767, -32767, 32767, -32768, 0, 32767, -32767]


@given(hnp.arrays(np.float32, st.integers(0, 50), elements=st.floats(-1, 1, width=32)))
def test_16_bits_are_within_half_a_step(samples: np.ndarray) -> None:
    whole = np.frombuffer(to_bytes(samples, "pcm_s16le", 1), "<i2")
    assert np.all(np.abs(whole / 32767 - samples) <= 0.5 / 32767 + 1e-7)


def test_integers_stay_as_they_are() -> None:
    samples = np.array([-32768, 0, 5, 32767], ">i2")
    assert to_bytes(samples, "pcm_s16le", 1) == samples.astype("<i2").tobytes()
    floats = np.frombuffer(to_bytes(samples, "pcm_f32le", 1), "<f4")
    assert floats.tolist() == [-1.0, 0.0, 5 / 32768, 32767 / 32768]


def test_floats_and_channels() -> None:
    samples = np.array([[0.5, -0.5], [0.25, 0.0]])
    assert np.frombuffer(to_bytes(samples, "pcm_f32le", 2), "<f4").tolist() == [0.5, -0.5, 0.25, 0]


def test_companded_samples_are_bytes_already() -> None:
    assert to_bytes(np.array([255, 0], np.uint8), "mulaw", 1) == b"\xff\x00"
    with pytest.raises(AudioFormatError, match="uint8"):
        to_bytes(np.zeros(2, np.float32), "alaw", 1)


@pytest.mark.parametrize(
    ("samples", "words"),
    [
        (np.zeros((4, 2), np.float32), r"\(n, 1\)"),
        (np.zeros((1, 1, 1), np.float32), "shape"),
        (np.zeros(4, np.int32), "int32"),
        (np.zeros(4, np.complex64), "complex64"),
    ],
)
def test_what_does_not_fit_is_named(samples: np.ndarray, words: str) -> None:
    with pytest.raises(AudioFormatError, match=words):
        to_bytes(samples, "pcm_s16le", 1)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(("mp3", 16000, 1), "pcm_s16le"), (("alaw", 7999, 1), "8000"), (("alaw", 8000, 3), "1 or 2")],
)
def test_formats_no_server_takes(arguments: tuple[str, int, int], words: str) -> None:
    with pytest.raises(AudioFormatError, match=words):
        check_format(*arguments)
