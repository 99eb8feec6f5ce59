"""Bytes of a file as text: which encoding, where it breaks, how much there may be."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from typing import BinaryIO

from glossaries.errors import GlossaryFileError, GlossaryLimitError, UnsupportedFormatError

_CHUNK_BYTES = 65_536
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_ACCEPTED = {
    "utf-8": "utf-8",
    "utf-8-sig": "utf-8",
    "ascii": "utf-8",
    "utf-16": "utf-16-le",  # without a mark; with one the mark decides
    "utf-16-le": "utf-16-le",
    "utf-16-be": "utf-16-be",
    "gb2312": "gb18030",  # each the subset of the next
    "gbk": "gb18030",
    "gb18030": "gb18030",
    "big5": "cp950",
    "cp950": "cp950",
    "big5hkscs": "big5hkscs",
    "shift_jis": "cp932",
    "cp932": "cp932",
    "euc_jp": "euc_jp",
    "euc_kr": "cp949",
    "cp949": "cp949",
    "iso8859-1": "cp1252",  # as browsers read it
    **{name: name for name in ("iso8859-2", "iso8859-15", "koi8-r")},
    **{f"cp{page}": f"cp{page}" for page in range(1250, 1259)},
}
"""Python's name of an encoding to that of the codec that reads it."""


def decoded(file: BinaryIO, encoding: str | None, most_bytes: int) -> Iterator[str]:
    """The text of `file`, piece by piece, with "\\n" for every line end.

    A byte order mark (UTF-8, UTF-16) decides; else `encoding`; else it is UTF-8.
    Raises UnsupportedFormatError for an encoding that is not accepted, GlossaryFileError for
    bytes that it does not have, GlossaryLimitError above `most_bytes`.
    """
    chunk = file.read(_CHUNK_BYTES)
    codec = codec_of(encoding) if encoding else "utf-8"
    for mark, marked in _MARKS:
        if chunk.startswith(mark):
            chunk, codec = chunk[len(mark) :], marked
            break
    decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder(codec)(), translate=True)
    taken, line, more = 0, 1, True
    while more:
        taken += len(chunk)
        if taken > most_bytes:
            raise GlossaryLimitError(f"the file is longer than the limit of {most_bytes} bytes")
        more = bool(chunk)
        try:
            text = decoder.decode(chunk, final=not more)
        except UnicodeDecodeError as error:
            raise GlossaryFileError(_complaint(error, line)) from None
        line += text.count("\n")
        yield text
        chunk = file.read(_CHUNK_BYTES) if more else b""


def codec_of(encoding: str) -> str:
    """The codec for an encoding by any of its usual names. Raises UnsupportedFormatError."""
    try:
        found = _ACCEPTED.get(codecs.lookup(encoding).name)
    except (LookupError, ValueError):  # ValueError: a name with a NUL
        found = None
    if found is None:
        raise UnsupportedFormatError(
            f"the encoding {encoding[:40]!r} is not accepted; use utf-8, utf-16, gb18030, gbk, "
            "big5, shift_jis, euc_jp, euc_kr, windows-1250 to -1258, iso-8859-1, -2, -15 or koi8-r"
        )
    return found


def _complaint(error: UnicodeDecodeError, line: int) -> str:
    before = error.object[: error.start].decode(error.encoding, "replace")
    line += before.replace("\r\n", "\n").replace("\r", "\n").count("\n")
    byte = error.object[error.start]
    advice = "save the file as UTF-8, or name its encoding, e.g. encoding=gb18030"
    return f"line {line}: the byte 0x{byte:02X} is not {error.encoding}; {advice}"
