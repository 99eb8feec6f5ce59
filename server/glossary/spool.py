"""Whole files of requests: in memory while they are small, else in the temporary folder."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, cast

from server.glossary.errors import HttpError

_IN_MEMORY_BYTES = 1_048_576
_FULL = {errno.ENOSPC, errno.EDQUOT}
_RETRY_S = "30"


@contextmanager
def spool() -> Iterator[BinaryIO]:
    """An empty file that is gone after the block. Raises HttpError 503 when the disk is full."""
    try:
        with SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES) as file:
            yield cast(BinaryIO, file)
    except OSError as error:
        if error.errno not in _FULL:
            raise
        message = "the server's temporary folder is full; try again later"
        raise HttpError(503, message, headers={"Retry-After": _RETRY_S}) from error
