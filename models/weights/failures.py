"""Why one source could not deliver. Collected, and told in one `WeightsError` at the end."""

from __future__ import annotations

import errno
from pathlib import Path


class SourceFailedError(Exception):
    """One source could not deliver. `advice` is what a person can do about it ("" if nothing)."""

    def __init__(self, reason: str, advice: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.advice = advice


class StalePartialError(Exception):
    """A file that was continued from an earlier try came out wrong; it starts again from zero."""


_DISK_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}
_FREE_SPACE = "free some space there, or choose another folder with TONGCHUAN_CACHE_DIR"


def from_os_error(error: OSError, doing: str, folder: Path) -> SourceFailedError:
    """A file-system error as a reason, with advice that fits it."""
    if error.errno in _DISK_FULL:
        return SourceFailedError(f"the disk of {folder} is full while {doing}", _FREE_SPACE)
    if isinstance(error, PermissionError):
        advice = "make the folder writable, or choose another one with TONGCHUAN_CACHE_DIR"
        return SourceFailedError(f"{error.filename or folder} is not writable", advice)
    return SourceFailedError(f"{doing} in {folder} failed: {error}")


def too_little_space(needed: int, free: int, folder: Path) -> SourceFailedError:
    """Not enough room, found out before anything was downloaded. Amounts in bytes."""
    return SourceFailedError(
        f"it needs {megabytes(needed)} in {folder}, and {megabytes(free)} are free", _FREE_SPACE
    )


def megabytes(count: int) -> str:
    """A byte count for people."""
    return f"{count / 1e6:,.0f} MB" if count >= 1e6 else f"{count / 1e3:,.1f} kB"
