"""How a fetch tells what it is doing: a protocol, and forms of it for a terminal and for a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Protocol, TextIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.progress import Progress as RichBar
from rich.table import Column


class Progress(Protocol):
    """Told from one thread at a time. Byte counts are of the whole model."""

    def begin(self, model: str, what: str, total_bytes: int) -> None:
        """Work on `model` starts; `what` is "fetching" or "verifying"."""

    def update(self, file: str, done_bytes: int) -> None:
        """`done_bytes` of the total are done; may go back when a file starts again."""

    def note(self, message: str) -> None:
        """Something a person should know, e.g. that another source is tried."""

    def end(self) -> None:
        """The work begun last is over, well or not."""


class SilentProgress:
    """Tells nobody."""

    def begin(self, model: str, what: str, total_bytes: int) -> None:
        """Nothing."""

    def update(self, file: str, done_bytes: int) -> None:
        """Nothing."""

    def note(self, message: str) -> None:
        """Nothing."""

    def end(self) -> None:
        """Nothing."""


class BarProgress:
    """A live bar for a terminal: what arrives, bytes, speed, time left."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._console = Console(file=stream or sys.stderr, highlight=False)
        self._bar: RichBar | None = None
        self._task = TaskID(0)

    def begin(self, model: str, what: str, total_bytes: int) -> None:
        """Show a new bar under a line that says what it is."""
        self.note(f"{what} {model}")
        name = Column(no_wrap=True, overflow="ellipsis", max_width=28)
        self._bar = RichBar(
            TextColumn("{task.description}", markup=False, table_column=name),
            BarColumn(bar_width=14),
            DownloadColumn(table_column=Column(no_wrap=True)),
            TransferSpeedColumn(table_column=Column(no_wrap=True)),
            TimeRemainingColumn(compact=True, table_column=Column(no_wrap=True)),
            console=self._console,
        )
        self._task = self._bar.add_task("", total=total_bytes)
        self._bar.start()

    def update(self, file: str, done_bytes: int) -> None:
        """Move the bar."""
        if self._bar is not None:
            self._bar.update(self._task, completed=done_bytes, description=file)

    def note(self, message: str) -> None:
        """Print a line above the bar."""
        self._console.print(message, markup=False, soft_wrap=True)

    def end(self) -> None:
        """Leave the bar as it is."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None


class LineProgress:
    """Lines for a log: every `every_s`, or at a further tenth once `apart_s` have passed.

    Nothing is printed of work that never moved.
    """

    def __init__(
        self,
        stream: TextIO | None = None,
        every_s: float = 5.0,
        apart_s: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stream = stream or sys.stderr
        self._every_s, self._apart_s = every_s, apart_s
        self._clock = clock
        self._head, self._total, self._done, self._first = "", 0, 0, 0
        self._began = self._told_at = 0.0
        self._told_tenth = 0
        self._moved = False

    def begin(self, model: str, what: str, total_bytes: int) -> None:
        """Remember what starts."""
        self._head, self._total, self._done = f"{what} {model}", total_bytes, 0
        self._moved = False

    def update(self, file: str, done_bytes: int) -> None:
        """Print a line if enough happened since the last one."""
        now = self._clock()
        tenth = 10 * done_bytes // max(self._total, 1)
        self._done = done_bytes
        if not self._moved:
            self._moved, self._first, self._told_tenth = True, done_bytes, tenth
            self._began = self._told_at = now
            self.note(f"{self._head}: {self._total / 1e6:,.1f} MB")
            return
        due = self._apart_s if tenth > self._told_tenth else self._every_s
        if now - self._told_at < due:
            return
        self._told_at, self._told_tenth = now, tenth
        speed = (done_bytes - self._first) / 1e6 / max(now - self._began, 1e-3)
        self.note(
            f"{self._head}: {100 * done_bytes // max(self._total, 1)} % "
            f"({done_bytes / 1e6:,.1f} MB, {speed:,.1f} MB/s, {file})"
        )

    def note(self, message: str) -> None:
        """Print a line."""
        self._stream.write(message + "\n")
        self._stream.flush()

    def end(self) -> None:
        """Print how it ended."""
        if self._moved:
            state = "done" if self._done >= self._total else "stopped"
            self.note(f"{self._head}: {state} after {self._clock() - self._began:.1f} s")


def terminal_progress(stream: TextIO | None = None) -> Progress:
    """A bar if `stream` (standard error by default) is a terminal, lines otherwise."""
    target = stream or sys.stderr
    return BarProgress(target) if target.isatty() else LineProgress(target)
