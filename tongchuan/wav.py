"""The head of a WAV stream that cannot be sought in, as `ffmpeg -f wav -` writes it."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

from tongchuan.errors import AudioFileError

_PCM, _FLOAT, _ALAW, _MULAW, _EXTENSIBLE = 1, 3, 6, 7, 0xFFFE
SUBTYPES = {
    (_PCM, 8): "PCM_U8",
    (_PCM, 16): "PCM_16",
    (_PCM, 24): "PCM_24",
    (_PCM, 32): "PCM_32",
    (_FLOAT, 32): "FLOAT",
    (_FLOAT, 64): "DOUBLE",
    (_ALAW, 8): "ALAW",
    (_MULAW, 8): "ULAW",
}
_MOST_SKIPPED_BYTES = 1 << 20  # a longer chunk before the audio is no stream's


@dataclass(frozen=True, slots=True)
class RawFormat:
    """Headerless audio. subtype: libsndfile's name; frame_bytes: one sample of every channel."""

    subtype: str
    sample_rate: int
    channels: int
    frame_bytes: int
    data_bytes: int | None = None


def read_head(read_exactly: Callable[[int], bytes]) -> RawFormat:
    """The format, having read up to the first sample. `read_exactly` is at byte 0.

    `data_bytes` is None when the writer did not know the length. Raises AudioFileError.
    """
    form = read_exactly(12)
    if form[:4] != b"RIFF" or form[8:] != b"WAVE":
        raise AudioFileError("the input is not WAV")
    wanted: RawFormat | None = None
    while True:
        name, size = struct.unpack("<4sI", read_exactly(8))
        if name == b"data":
            if wanted is None:
                raise AudioFileError("the WAV input has samples before its format")
            # 0 and the largest sizes are what writers to a pipe put when they cannot know
            known = size if 0 < size < 0x7FFF_0000 else None
            return RawFormat(
                wanted.subtype, wanted.sample_rate, wanted.channels, wanted.frame_bytes, known
            )
        if size > _MOST_SKIPPED_BYTES:
            raise AudioFileError(f"the WAV input has a chunk {name!r} of {size} bytes: damaged?")
        body = read_exactly(size + size % 2)
        if name == b"fmt ":
            wanted = _format(body[:size])


def _format(body: bytes) -> RawFormat:
    if len(body) < 16:
        raise AudioFileError("the WAV input has a format chunk that is too short: damaged?")
    tag, channels, rate, _bytes_a_second, frame_bytes, bits = struct.unpack("<HHIIHH", body[:16])
    if tag == _EXTENSIBLE and len(body) >= 26:
        (tag,) = struct.unpack("<H", body[24:26])
    subtype = SUBTYPES.get((tag, bits))
    if (
        subtype is None
        or not 1 <= channels <= 256
        or not rate
        or frame_bytes != channels * bits // 8
    ):
        raise AudioFileError(
            f"the WAV input has format {tag} with {bits} bits, {channels} channels, {rate} Hz, "
            "which cannot be read from a pipe; save it to a file first"
        )
    return RawFormat(subtype, rate, channels, frame_bytes)
