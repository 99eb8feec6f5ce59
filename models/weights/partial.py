"""A file on its way: `<name>.partial` grows from any source and lands only if its hash is right.

Bytes are the same wherever they come from, so what one source left behind another continues.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from models.weights.failures import SourceFailedError, StalePartialError
from models.weights.manifest import FileEntry

BLOCK_BYTES = 4 << 20


def sha256_of(path: Path, on_bytes: Callable[[int], None] | None = None) -> str:
    """Hex digest of the file; `on_bytes` is told the size of every block read."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(BLOCK_BYTES):
            digest.update(block)
            if on_bytes is not None:
                on_bytes(len(block))
    return digest.hexdigest()


class Partial:
    """The growing file of `entry` in `folder`. A context manager; leaving it keeps what is there.

    `size` is the number of bytes so far. Raises OSError from the file system.
    """

    def __init__(self, entry: FileEntry, folder: Path) -> None:
        self.entry = entry
        self.path = folder / f"{entry.path}.partial"
        self.size = 0
        self._resumed = False
        self._digest = hashlib.sha256()
        self._stream: BinaryIO | None = None

    def __enter__(self) -> Self:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._stream = self.path.open("ab")
        self.size = self._stream.tell()
        if self.size > self.entry.size:
            self.cut(0)
        elif self.size:
            self._rehash()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def append(self, block: bytes) -> None:
        """Write `block` at the end. Raises SourceFailedError if the file grows too long."""
        assert self._stream is not None
        if self.size + len(block) > self.entry.size:
            self.cut(0)
            raise SourceFailedError(
                f"{self.entry.path} is longer than the {self.entry.size} bytes it should have"
            )
        self._stream.write(block)
        self._digest.update(block)
        self.size += len(block)

    def cut(self, size: int) -> None:
        """Forget everything after the first `size` bytes."""
        assert self._stream is not None
        self._stream.flush()
        self._stream.truncate(size)
        self._stream.seek(0, os.SEEK_END)
        self.size = size
        self._rehash()

    def land(self, target: Path) -> None:
        """Check length and hash, then move the file to `target` in one step.

        Raises SourceFailedError for wrong bytes (the partial file is removed), StalePartialError
        if an earlier try may be to blame.
        """
        assert self._stream is not None
        if self.size != self.entry.size:
            raise SourceFailedError(
                f"{self.entry.path} ended after {self.size} of {self.entry.size} bytes"
            )
        self._stream.flush()
        os.fsync(self._stream.fileno())
        self._stream.close()
        self._stream = None
        found = self._digest.hexdigest()
        if found != self.entry.sha256:
            self.path.unlink()
            if self._resumed:
                raise StalePartialError(self.entry.path)
            raise SourceFailedError(
                f"{self.entry.path} has the wrong content: SHA-256 {found}, "
                f"expected {self.entry.sha256}"
            )
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(self.path, target)

    def _rehash(self) -> None:
        self._digest = hashlib.sha256()
        self._resumed = self.size > 0
        with self.path.open("rb") as stream:
            while block := stream.read(BLOCK_BYTES):
                self._digest.update(block)
