"""Audio from a file or standard input, as blocks of 16 kHz mono, at full or real speed."""

from __future__ import annotations

import asyncio
import io
import os
import stat
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any, BinaryIO

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from tongchuan.errors import AudioFileError
from tongchuan.pipe import Pipe
from tongchuan.wav import RawFormat, read_head

SAMPLE_RATE = 16_000
BLOCK_S = 0.1
"""Length of the blocks that are read at once: what a microphone would give."""

RAW_SUBTYPES = {
    "pcm_s16le": ("PCM_16", 2),
    "pcm_f32le": ("FLOAT", 4),
    "mulaw": ("ULAW", 1),
    "alaw": ("ALAW", 1),
}

Samples = NDArray[np.float32]


class Recording:
    """Audio to be read once. `duration_s` is None when it is not known beforehand (a pipe).

    Leaving its `with` block closes it, unless `blocks` was called: then the blocks do so at their
    end, perhaps in another thread.
    """

    def __init__(
        self,
        name: str,
        duration_s: float | None,
        blocks: Callable[[], Iterator[Samples]],
        close: Callable[[], None],
    ) -> None:
        self.name = name
        self.duration_s = duration_s
        self._blocks = blocks
        self._close = close
        self._taken = False

    def __enter__(self) -> Recording:
        return self

    def __exit__(self, *_error: object) -> None:
        if not self._taken:
            self._close()

    def blocks(self) -> Iterator[Samples]:
        """float32, shape (n,), 16 kHz mono. May wait for input; raises AudioFileError."""
        assert not self._taken
        self._taken = True
        return self._run()

    def _run(self) -> Iterator[Samples]:
        try:
            yield from self._blocks()
        finally:
            self._close()


def raw_format(encoding: str, sample_rate: int, channels: int) -> RawFormat:
    """The format of headerless audio. Raises AudioFileError for what cannot be."""
    if encoding not in RAW_SUBTYPES:
        raise AudioFileError(
            f"raw encoding {encoding!r} is not supported; use one of: {', '.join(RAW_SUBTYPES)}"
        )
    if not 1_000 <= sample_rate <= 768_000 or not 1 <= channels <= 64:
        raise AudioFileError(
            f"raw audio of {sample_rate} Hz and {channels} channels is not supported; "
            "use 1000 to 768000 Hz and 1 to 64 channels"
        )
    subtype, width = RAW_SUBTYPES[encoding]
    return RawFormat(subtype, sample_rate, channels, width * channels)


def open_recording(path: str, raw: RawFormat | None = None) -> Recording:
    """The audio in file `path`, or on standard input for "-".

    raw: its format when it has no header. Raises AudioFileError: missing, a folder, empty, not
    audio.
    """
    if path == "-":
        return open_descriptor(0, "standard input", raw)
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError as error:
        raise AudioFileError(f"cannot read {path}: {error.strerror}") from None
    return open_descriptor(descriptor, path, raw, owned=True)


def open_descriptor(
    descriptor: int, name: str, raw: RawFormat | None = None, *, owned: bool = False
) -> Recording:
    """The audio behind an open file descriptor: a file, or a pipe read as it comes.

    owned: close it when the blocks have been read.
    """
    try:
        status = os.fstat(descriptor)
        if stat.S_ISDIR(status.st_mode):
            raise AudioFileError(f"{name} is a folder; give a file")
        if os.isatty(descriptor):
            raise AudioFileError(f"{name} is a terminal; pipe audio into it, or give a file")
        size = status.st_size if stat.S_ISREG(status.st_mode) else None
        if size is not None:
            if size == 0:
                raise AudioFileError(f"{name} is empty")
            if raw is None:
                return _from_file(os.fdopen(os.dup(descriptor), "rb"), name)
        return _from_pipe(Pipe(os.dup(descriptor), name), raw, size)
    finally:
        if owned:
            os.close(descriptor)


class _Forward(soundfile.SoundFile):  # type: ignore[misc]
    """Read from start to end. soundfile seeks to where it is after each read of a file that can
    be sought in, at which an MP3 decoder forgets the bits it had saved: a click every block."""

    def seekable(self) -> bool:
        """As far as reads need to know."""
        return False


def _from_file(file: BinaryIO, name: str) -> Recording:
    try:
        sound = _Forward(file)
    except (soundfile.LibsndfileError, RuntimeError, TypeError) as error:
        file.close()
        reason = getattr(error, "error_string", str(error)).strip().rstrip(".")
        raise AudioFileError(
            f"{name} is not audio that libsndfile reads ({reason}); "
            "convert it, e.g. `ffmpeg -i IN out.wav`, or describe raw audio with --raw-encoding"
        ) from None

    def close() -> None:
        sound.close()
        file.close()

    if sound.frames == 0:
        close()
        raise AudioFileError(f"{name} holds no audio")
    known = 0 < sound.frames < 1 << 40
    duration_s = sound.frames / sound.samplerate if known else None
    return Recording(
        name, duration_s, lambda: to_mono_16k(_read(sound, name), sound.samplerate), close
    )


def _read(sound: soundfile.SoundFile, name: str) -> Iterator[NDArray[Any]]:
    """Blocks of float32, shape (n, channels)."""
    size = max(1, int(sound.samplerate * BLOCK_S))
    while True:
        try:
            block = sound.read(size, dtype="float32", always_2d=True)
        except (soundfile.LibsndfileError, RuntimeError) as error:
            raise AudioFileError(f"{name} is damaged: {error}") from None
        if not len(block):
            return
        yield block


def _from_pipe(pipe: Pipe, raw: RawFormat | None, size: int | None) -> Recording:
    try:
        if raw is None:
            magic = pipe.peek(12)
            if not magic:
                raise AudioFileError(f"{pipe.name} is empty")
            if magic[:4] != b"RIFF" or magic[8:] != b"WAVE":
                return _from_file(pipe.spool(), pipe.name)  # libsndfile seeks in all the others
            raw = read_head(pipe.read_exactly)
    except BaseException:
        pipe.close()
        raise
    wanted, duration_s = raw, None
    if size is not None:
        duration_s = size / raw.frame_bytes / raw.sample_rate
    return Recording(
        pipe.name,
        duration_s,
        lambda: to_mono_16k(_decoded(pipe, wanted), raw.sample_rate),
        pipe.close,
    )


def _decoded(pipe: Pipe, raw: RawFormat) -> Iterator[NDArray[Any]]:
    """Blocks of float32, shape (n, channels); a last incomplete frame is dropped."""
    size = max(1, int(raw.sample_rate * BLOCK_S)) * raw.frame_bytes
    left = raw.data_bytes
    while left is None or left > 0:
        data = pipe.read(size if left is None else min(size, left))
        left = None if left is None else left - len(data)
        data = data[: len(data) - len(data) % raw.frame_bytes]
        if not data:
            return
        block, _rate = soundfile.read(
            io.BytesIO(data),
            dtype="float32",
            always_2d=True,
            format="RAW",
            endian="LITTLE",
            subtype=raw.subtype,
            samplerate=raw.sample_rate,
            channels=raw.channels,
        )
        yield block


def to_mono_16k(blocks: Iterator[NDArray[Any]], sample_rate: int) -> Iterator[Samples]:
    """Blocks of shape (n, channels) at any rate to (m,) at 16 kHz: channels averaged."""
    resampler = (
        None
        if sample_rate == SAMPLE_RATE
        else soxr.ResampleStream(sample_rate, SAMPLE_RATE, 1, dtype="float32")
    )
    for block in blocks:
        mono = np.nan_to_num(block.mean(axis=1, dtype=np.float32))
        if resampler is not None:
            mono = resampler.resample_chunk(mono)
        if len(mono):
            yield np.ascontiguousarray(mono, dtype=np.float32)
    if resampler is not None:
        tail = resampler.resample_chunk(np.zeros(0, np.float32), last=True)
        if len(tail):
            yield tail


async def paced(
    blocks: AsyncIterator[Samples],
    clock: Callable[[], float],
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> AsyncIterator[Samples]:
    """Each block no sooner than a microphone would give it: when its last sample is over."""
    begin, position_s = clock(), 0.0
    async for block in blocks:
        position_s += len(block) / SAMPLE_RATE
        wait_s = begin + position_s - clock()
        if wait_s > 0:
            await sleep(wait_s)
        yield block
