"""One process at a time fetches a model; the others wait, are told for whom, and not for ever."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from models.errors import WeightsError
from models.weights.progress import Progress

_PATIENCE_S = 1.0
"""Seconds to wait silently before telling who is waited for."""


@contextlib.contextmanager
def fetch_lock(name: str, folder: Path, timeout_s: float, progress: Progress) -> Iterator[None]:
    """Hold the lock of model `name` in the cache `folder`.

    Raises WeightsError naming the holder if it cannot be had within `timeout_s`, OSError if the
    folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / f".{name}.lock")
    holder = folder / f".{name}.holder"
    patience = min(_PATIENCE_S, timeout_s)
    try:
        lock.acquire(timeout=patience)
    except Timeout:
        progress.note(f"waiting for {_read(holder)}, which is fetching {name}")
        try:
            lock.acquire(timeout=timeout_s - patience)
        except Timeout:
            raise WeightsError(
                f"{name}: {_read(holder)} has been fetching it and was waited for "
                f"{timeout_s:.0f} s; let it finish, or end that process, and try again"
            ) from None
    try:
        since = datetime.now().astimezone().isoformat(timespec="seconds")
        holder.write_text(f"process {os.getpid()} on {socket.gethostname()} (since {since})")
        yield
    finally:
        with contextlib.suppress(OSError):
            holder.unlink(missing_ok=True)
        lock.release()


def _read(holder: Path) -> str:
    try:
        return holder.read_text() or "another process"
    except OSError:
        return "another process"
