from __future__ import annotations

import itertools
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.audio.decoder import AudioDecoder
from models.audio.encoding import ENCODINGS
from models.errors import AudioFormatError

Floats = NDArray[np.float32]


def decoded(decoder: AudioDecoder, data: bytes, sizes: list[int]) -> Floats:
    """`data` pushed in pieces of `sizes`, over and over, and flushed."""
    out, at = [], 0
    for size in itertools.cycle(sizes):
        if at >= len(data):
            break
        out.append(decoder.push(memoryview(data)[at : at + size]))
        at += size
    return np.concatenate([*out, decoder.flush()])


def g711_mulaw(code: int) -> int:
    """ITU-T G.711 table 2, scaled to 16 bits: the standard's own arithmetic for one code."""
    inverted = code ^ 0xFF
    segment, step = (inverted & 0x70) >> 4, inverted & 0x0F
    value = (((2 * step + 33) << segment) - 33) * 4
    return -value if inverted & 0x80 else value


def g711_alaw(code: int) -> int:
    """ITU-T G.711 table 1, scaled to 16 bits."""
    even = code ^ 0x55
    segment, step = (even & 0x70) >> 4, even & 0x0F
    value = 2 * step + 1 if segment == 0 else (2 * step + 33) << (segment - 1)
    return value * 8 if even & 0x80 else -value * 8


@pytest.mark.parametrize(("encoding", "law"), [("mulaw", g711_mulaw), ("alaw", g711_alaw)])
def test_companded_codes_have_the_standards_values(encoding: str, law: object) -> None:
    assert callable(law)
    got = AudioDecoder(encoding, 16_000, 1).push(bytes(range(256)))
    assert [round(float(x) * 32768) for x in got] == [law(code) for code in range(256)]


def test_a_few_g711_values_as_printed_in_the_standard() -> None:
    mulaw = AudioDecoder("mulaw", 16_000, 1).push(bytes([0x00, 0x80, 0xFF, 0x7F, 0xF0])) * 32768
    assert mulaw.tolist() == [-32124, 32124, 0, 0, 120]
    alaw = AudioDecoder("alaw", 16_000, 1).push(bytes([0x2A, 0xAA, 0xD5, 0x55])) * 32768
    assert alaw.tolist() == [-32256, 32256, 8, -8]


def test_integers_and_floats_decode_to_their_value() -> None:
    s16 = AudioDecoder("pcm_s16le", 16_000, 1).push(struct.pack("<4h", -32768, 32767, 0, 16384))
    assert s16.tolist() == [-1.0, 32767 / 32768, 0.0, 0.5]
    f32 = AudioDecoder("pcm_f32le", 16_000, 1).push(struct.pack("<3f", -1.0, 0.25, 1.0))
    assert f32.tolist() == [-1.0, 0.25, 1.0]
    assert f32.dtype == s16.dtype == np.float32


def test_stereo_is_the_mean_of_both() -> None:
    decoder = AudioDecoder("pcm_s16le", 16_000, 2)
    out = decoder.push(struct.pack("<4h", 16384, 0, -32768, 32767))
    assert out.tolist() == [0.25, pytest.approx(-0.5 / 32768)]
    assert decoder.samples_in == 2


def test_broken_floats_are_cleaned_and_loud_ones_clipped() -> None:
    values = [float("nan"), float("inf"), -float("inf"), 2.0, -1.5, 0.5, 1.0]
    decoder = AudioDecoder("pcm_f32le", 16_000, 1)
    out = decoder.push(struct.pack("<7f", *values))
    assert out.tolist() == [0.0, 0.0, 0.0, 1.0, -1.0, 0.5, 1.0]
    assert (decoder.cleaned, decoder.clipped) == (3, 2)


@given(
    data=st.binary(max_size=600),
    sizes=st.lists(st.integers(1, 37), min_size=1, max_size=5),
    encoding=st.sampled_from(sorted(ENCODINGS)),
    rate=st.sampled_from([8_000, 11_025, 16_000, 44_100, 48_000]),
    channels=st.sampled_from([1, 2]),
)
def test_any_bytes_in_any_pieces_give_the_same_clean_audio(
    data: bytes, sizes: list[int], encoding: str, rate: int, channels: int
) -> None:
    whole, pieces = (AudioDecoder(encoding, rate, channels) for _ in range(2))
    offline = decoded(whole, data, [len(data) or 1])
    streamed = decoded(pieces, data, sizes)
    np.testing.assert_array_equal(streamed, offline)
    assert streamed.dtype == np.float32
    assert np.isfinite(streamed).all()
    assert np.abs(streamed).max(initial=0.0) <= 1.0
    for decoder in (whole, pieces):
        frames, rest = divmod(len(data), ENCODINGS[encoding].width * channels)
        assert (decoder.samples_in, decoder.dropped_bytes) == (frames, rest)
        assert abs(len(streamed) - frames * 16_000 / rate) <= 1
    assert (whole.cleaned, whole.clipped) == (pieces.cleaned, pieces.clipped)


def test_flushing_inside_a_sample_keeps_the_streams_alignment() -> None:
    decoder = AudioDecoder("pcm_s16le", 16_000, 1)
    data = struct.pack("<3h", 1000, 2000, 3000)
    first = decoder.push(data[:3])
    assert decoder.dropped_bytes == 1
    assert len(decoder.flush()) == 0
    rest = decoder.push(data[3:])
    assert (np.concatenate([first, rest]) * 32768).tolist() == [1000, 2000, 3000]
    assert decoder.dropped_bytes == 0


@pytest.mark.parametrize(
    ("encoding", "rate", "channels", "accepted"),
    [
        ("mp3", 16_000, 1, "pcm_s16le, pcm_f32le, mulaw, alaw"),
        ("pcm_s16le", 7_999, 1, "8000 to 48000"),
        ("pcm_s16le", 96_000, 1, "8000 to 48000"),
        ("pcm_s16le", 16_000, 0, "1 or 2"),
        ("pcm_s16le", 16_000, 6, "1 or 2"),
    ],
)
def test_a_format_not_accepted_is_refused_with_what_is(
    encoding: str, rate: int, channels: int, accepted: str
) -> None:
    with pytest.raises(AudioFormatError, match=accepted):
        AudioDecoder(encoding, rate, channels)
