"""Files of all formats, pipes of all kinds, and what is not audio."""

from __future__ import annotations

import contextlib
import io
import itertools
import os
import struct
import threading
import wave
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from tests.tongchuan.sounds import Samples, encoded, tone, write
from tongchuan.errors import AudioFileError
from tongchuan.files import (
    SAMPLE_RATE,
    Recording,
    open_descriptor,
    open_recording,
    paced,
    raw_format,
    to_mono_16k,
)

SPEECH = Path(__file__).parents[1] / "data" / "zh-short.flac"
FORMATS = ["wav", "flac", "ogg", "mp3", "aiff", "au", "caf", "w64"]


def read(recording: Recording) -> Samples:
    with recording:
        return np.concatenate(list(recording.blocks()))


@contextmanager
def piped(data: bytes, step: int = 1 << 16) -> Iterator[int]:
    """The reading end of a pipe into which a thread writes `data`, `step` bytes at a time."""
    reading, writing = os.pipe()

    def feed() -> None:
        try:
            for begin in range(0, len(data), step):
                os.write(writing, data[begin : begin + step])
        except BrokenPipeError:
            pass
        finally:
            os.close(writing)

    thread = threading.Thread(target=feed)
    thread.start()
    try:
        yield reading
    finally:
        os.close(reading)
        thread.join(10)


def loudness(samples: Samples) -> float:
    return float(np.sqrt(np.mean(samples**2)))


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(("rate", "channels"), [(16_000, 1), (44_100, 2)])
def test_formats_rates_channels(tmp_path: Path, name: str, rate: int, channels: int) -> None:
    path = write(tmp_path / f"a.{name}", tone(1.0, rate, channels), rate)
    recording = open_recording(str(path))
    assert recording.duration_s == pytest.approx(1.0, abs=0.1)
    samples = read(recording)
    assert samples.dtype == np.float32
    assert len(samples) == pytest.approx(SAMPLE_RATE, rel=0.1)  # coders pad
    assert loudness(samples) == pytest.approx(0.25 / np.sqrt(2), rel=0.1)


@pytest.mark.parametrize(
    "subtype", ["PCM_U8", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW"]
)
def test_wav_samples_in_a_file_and_in_a_pipe(tmp_path: Path, subtype: str) -> None:
    path = write(tmp_path / "a.wav", tone(0.5, 8000, 2), 8000, subtype=subtype)
    direct = read(open_recording(str(path)))
    with piped(path.read_bytes(), step=997) as descriptor:
        recording = open_descriptor(descriptor, "a pipe")
        assert recording.duration_s is None
        assert np.array_equal(read(recording), direct)


@pytest.mark.parametrize("name", ["flac", "ogg", "mp3"])
def test_other_formats_from_a_pipe(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / f"a.{name}", tone(0.7))
    direct = read(open_recording(str(path)))
    with piped(path.read_bytes()) as descriptor:
        assert np.array_equal(read(open_descriptor(descriptor, "a pipe")), direct)


@pytest.mark.parametrize("size", [0, 0xFFFF_FFFF, 0x7FFF_FFFF, 0x7FFF_F000])
def test_a_wav_stream_of_unknown_length(size: int) -> None:
    data = bytearray(encoded(tone(0.5), format="WAV", subtype="PCM_16"))
    struct.pack_into("<I", data, 4, 0xFFFF_FFFF)
    struct.pack_into("<I", data, data.index(b"data") + 4, size)
    with piped(bytes(data)) as descriptor:
        assert len(read(open_descriptor(descriptor, "a pipe"))) == 8000


def test_a_pipe_is_read_as_it_comes_not_at_its_end() -> None:
    reading, writing = os.pipe()
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setparams((1, 2, 16_000, 0, "NONE", ""))
        out.writeframes(bytes(3200))
    os.write(writing, file.getvalue())
    blocks = open_descriptor(reading, "a pipe").blocks()
    assert len(next(blocks)) == 1600  # the writer still holds it open
    os.close(writing)
    assert list(blocks) == []
    os.close(reading)


def test_chunks_after_the_samples_are_not_heard() -> None:
    data = encoded(tone(0.1), format="WAV", subtype="PCM_16") + b"LIST" + bytes(1000)
    with piped(data) as descriptor:
        assert len(read(open_descriptor(descriptor, "a pipe"))) == 1600


@pytest.mark.parametrize(
    ("encoding", "subtype"), [("pcm_s16le", "PCM_16"), ("mulaw", "ULAW"), ("pcm_f32le", "FLOAT")]
)
def test_headerless_audio(tmp_path: Path, encoding: str, subtype: str) -> None:
    data = encoded(tone(0.5, 8000, 2), 8000, format="RAW", subtype=subtype, endian="LITTLE")
    path = tmp_path / "a.raw"
    path.write_bytes(data + b"\0")  # the last sample is not whole
    recording = open_recording(str(path), raw_format(encoding, 8000, 2))
    assert recording.duration_s == pytest.approx(0.5, abs=0.001)
    samples = read(recording)
    assert loudness(samples) == pytest.approx(0.25 / np.sqrt(2), rel=0.05)
    with piped(data, step=1001) as descriptor:
        again = read(open_descriptor(descriptor, "a pipe", raw_format(encoding, 8000, 2)))
    assert np.array_equal(again, samples)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"This is text and no audio at all.", "not audio"),
        (b"RIFF\x24\x00\x00\x00WAVE", "not audio|header"),
        (encoded(np.zeros(0, np.float32), format="WAV"), "no audio"),
        (b"ID3" + bytes(100), "not audio"),
        (bytes(1000), "not audio"),
    ],
)
def test_what_is_not_audio_is_named(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "talk.wav"
    path.write_bytes(content)
    with pytest.raises(AudioFileError, match=words) as caught:
        open_recording(str(path))
    assert "talk.wav" in str(caught.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"not audio, surely not", "not audio"),
        (b"RIFF\x24\x00\x00\x00WAVEfmt ", "within its header"),
        (b"RIFF\x24\x00\x00\x00WAVEdata\x10\x00\x00\x00", "before its format"),
        (b"RIFF\x24\x00\x00\x00WAVEjunk\xff\xff\xff\xff", "damaged"),
        (b"RIFF\x24\x00\x00\x00WAVEfmt \x04\x00\x00\x00abcd", "too short"),
        (
            b"RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00"
            + struct.pack("<HHIIHH", 85, 1, 16000, 1, 1, 0)
            + b"data\x10\x00\x00\x00",
            "format 85",
        ),
    ],
)
def test_what_is_not_audio_in_a_pipe(content: bytes, words: str) -> None:
    with piped(content) as descriptor, pytest.raises(AudioFileError, match=words):
        open_descriptor(descriptor, "a pipe")


def test_missing_folder_unreadable_terminal(tmp_path: Path) -> None:
    with pytest.raises(AudioFileError, match="No such file"):
        open_recording(str(tmp_path / "none.wav"))
    with pytest.raises(AudioFileError, match="is a folder"):
        open_recording(str(tmp_path))
    leader, follower = os.openpty()
    with pytest.raises(AudioFileError, match="terminal"):
        open_descriptor(follower, "standard input")
    os.close(leader)
    os.close(follower)


def test_raw_formats_that_cannot_be() -> None:
    for arguments in (("mp3", 8000, 1), ("alaw", 0, 1), ("alaw", 8000, 0)):
        with pytest.raises(AudioFileError, match="use"):
            raw_format(*arguments)


@given(data=st.binary(max_size=200), cut=st.integers(0, 60))
def test_any_bytes_read_or_are_refused(data: bytes, cut: int) -> None:
    head = encoded(tone(0.01), format="WAV", subtype="PCM_16")[:cut]
    with piped(head + data) as descriptor:
        try:
            read_all = list(open_descriptor(descriptor, "a pipe").blocks())
        except AudioFileError:
            return
        assert all(block.ndim == 1 for block in read_all)


def test_a_file_that_breaks_off_gives_what_it_has_and_says_so(tmp_path: Path) -> None:
    path = write(tmp_path / "a.flac", np.random.default_rng(1).random(160_000, np.float32) - 0.5)
    path.write_bytes(path.read_bytes()[:100_000])
    blocks: list[Samples] = []
    with contextlib.suppress(AudioFileError):  # libsndfile may also take it for its end
        blocks.extend(open_recording(str(path)).blocks())
    assert sum(map(len, blocks)) > 16_000


@pytest.mark.parametrize("name", FORMATS)
def test_blocks_are_what_the_whole_file_holds(tmp_path: Path, name: str) -> None:
    speech, rate = soundfile.read(SPEECH, dtype="float32")
    path = write(tmp_path / f"a.{name}", speech, rate)
    whole, _rate = soundfile.read(path, dtype="float32")
    assert np.allclose(read(open_recording(str(path))), whole, atol=1e-6)


def test_nothing_stays_open_when_nobody_reads(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", tone(0.1))
    before = len(os.listdir("/proc/self/fd"))
    with open_recording(str(path)):
        pass
    with open_recording(str(path), raw_format("pcm_s16le", 16_000, 1)):
        pass
    read(open_recording(str(path)))
    assert len(os.listdir("/proc/self/fd")) == before


@given(
    rate=st.sampled_from([8000, 11_025, 16_000, 44_100, 48_000, 96_000]),
    sizes=st.lists(st.integers(1, 3000), min_size=1, max_size=20),
)
def test_resampling_in_blocks_equals_resampling_at_once(rate: int, sizes: list[int]) -> None:
    samples = np.random.default_rng(0).normal(0, 0.2, (sum(sizes), 2)).astype(np.float32)
    edges = np.cumsum([0, *sizes])
    parts = [samples[a:b] for a, b in itertools.pairwise(edges)]
    pieces = list(to_mono_16k(iter(parts), rate))
    whole = list(to_mono_16k(iter([samples]), rate))
    joined, at_once = (
        np.concatenate([np.zeros(0, np.float32), *found]) for found in (pieces, whole)
    )
    assert len(joined) == len(at_once)
    assert np.allclose(joined, at_once, atol=1e-5)


async def test_pacing_gives_each_block_when_its_last_sample_is_over() -> None:
    now, given_at = [100.0], []

    async def sleep(seconds: float) -> None:
        assert seconds > 0
        now[0] += seconds

    async def blocks() -> AsyncIterator[Samples]:
        for seconds, took in ((0.5, 0.0), (0.5, 0.7), (1.0, 0.0), (1.0, 3.0), (0.5, 0.0)):
            now[0] += took
            yield np.zeros(int(seconds * SAMPLE_RATE), np.float32)

    clock: Callable[[], float] = lambda: now[0]  # noqa: E731
    async for _block in paced(blocks(), clock, sleep):
        given_at.append(round(now[0] - 100.0, 6))
    assert given_at == [0.5, 1.2, 2.0, 5.0, 5.0]  # a late source is not made later


def test_the_bundled_libsndfile_reads_what_we_promise() -> None:
    assert {"WAV", "FLAC", "OGG", "MP3"} <= set(soundfile.available_formats())
