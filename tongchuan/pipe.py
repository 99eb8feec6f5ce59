"""Input that cannot be sought in."""

from __future__ import annotations

import os
import tempfile
from typing import BinaryIO

from tongchuan.errors import AudioFileError


class Pipe:
    """Unseekable input. Reads the descriptor itself: a thread blocked in Python's buffered
    standard input would hold a lock that the interpreter needs to exit."""

    def __init__(self, descriptor: int, name: str) -> None:
        self.name = name
        self._descriptor = descriptor
        self._ahead = b""

    def __enter__(self) -> Pipe:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Idempotent."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def peek(self, size: int) -> bytes:
        """The next `size` bytes, fewer at the end, without taking them."""
        self._ahead = self.read(size)
        return self._ahead

    def read(self, size: int) -> bytes:
        """The next `size` bytes, fewer only at the end."""
        parts, self._ahead = [self._ahead[:size]], self._ahead[size:]
        missing = size - len(parts[0])
        while missing > 0:
            part = os.read(self._descriptor, missing)
            if not part:
                break
            parts.append(part)
            missing -= len(part)
        return b"".join(parts)

    def read_exactly(self, size: int) -> bytes:
        """The next `size` bytes. Raises AudioFileError when the input ends before."""
        data = self.read(size)
        if len(data) < size:
            raise AudioFileError(f"{self.name} ends within its header")
        return data

    def spool(self) -> BinaryIO:
        """All of it in a temporary file, which is gone when closed; the pipe is closed."""
        with self:
            file: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115 - the caller's to close
            try:
                while data := self.read(1 << 16):
                    file.write(data)
            except BaseException:
                file.close()
                raise
            file.seek(0)
            return file
