"""Captions in a terminal: live where it can be drawn on, plain lines where it cannot."""

from __future__ import annotations

import os
import sys
from types import TracebackType
from typing import Protocol, Self, TextIO

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from tongchuan.cues import clean
from tongchuan.errors import OutputError
from tongchuan.events import ChunkFinal, ErrorEvent, Event, Notice
from tongchuan.transcript import Transcript

_REFRESH_HZ = 8
_BAR_COLUMNS = 30


class View(Protocol):
    """What shows a session to a person. Used as a context manager around it."""

    previews: bool
    """Whether it shows what is not committed yet."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...

    def event(self, event: Event, transcript: Transcript) -> None:
        """`event` came; `transcript` has it already."""

    def progress(self, heard_s: float, total_s: float | None) -> None:
        """So much audio was taken by the session, of so much, if that is known."""

    def note(self, text: str) -> None:
        """Something to know that is not a caption."""


def make_view(*, quiet: bool, bilingual: bool) -> View:
    """The view that suits standard output as it is now."""
    if quiet:
        return QuietView(sys.stderr)
    console = Console(file=sys.stdout, highlight=False)
    if console.is_terminal and not console.is_dumb_terminal:
        return LiveView(console, bilingual=bilingual)
    return PlainView(sys.stdout, sys.stderr, bilingual=bilingual)


def _problem(event: Event) -> str | None:
    if isinstance(event, ErrorEvent):
        return f"error: {event.message or event.code}"
    if isinstance(event, Notice):
        return event.message or event.code
    return None


class QuietView:
    """Nothing but what went wrong."""

    previews = False

    def __init__(self, errors: TextIO) -> None:
        self._errors = errors

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        return None

    def event(self, event: Event, transcript: Transcript) -> None:
        """Errors only."""
        if isinstance(event, ErrorEvent):
            print(f"tongchuan: {_problem(event)}", file=self._errors, flush=True)

    def progress(self, heard_s: float, total_s: float | None) -> None:
        """Not shown."""

    def note(self, text: str) -> None:
        """Not shown."""


class PlainView(QuietView):
    """A line for each committed chunk, append-only; the rest goes to standard error."""

    def __init__(self, captions: TextIO, errors: TextIO, *, bilingual: bool) -> None:
        super().__init__(errors)
        self._captions = captions
        self._bilingual = bilingual

    def event(self, event: Event, transcript: Transcript) -> None:
        """Chunks as they are final."""
        problem = _problem(event)
        if problem is not None:
            self.note(problem)
        if not isinstance(event, ChunkFinal):
            return
        lines = [clean(event.source)] if self._bilingual else []
        lines += [clean(event.translation)]
        try:
            for line in filter(None, lines):
                print(line, file=self._captions, flush=True)
        except BrokenPipeError:
            _silence(self._captions)
            raise OutputError("standard output was closed; nothing more is written to it") from None

    def note(self, text: str) -> None:
        """A line on standard error."""
        print(f"tongchuan: {text}", file=self._errors, flush=True)


class LiveView:
    """Committed chunks scroll up; under them the growing chunk, the preview, the progress."""

    previews = True

    def __init__(self, console: Console, *, bilingual: bool) -> None:
        self._console = console
        self._bilingual = bilingual
        self._transcript = Transcript()
        self._heard_s = 0.0
        self._total_s: float | None = None
        self._live = Live(
            console=console,
            get_renderable=self._drawn,
            refresh_per_second=_REFRESH_HZ,
            transient=True,
            redirect_stderr=False,
        )

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._live.stop()

    def event(self, event: Event, transcript: Transcript) -> None:
        """What is final scrolls up and stays; the rest is drawn over."""
        self._transcript = transcript
        problem = _problem(event)
        if problem is not None:
            self.note(problem)
        if isinstance(event, ChunkFinal):
            if self._bilingual and event.source:
                self._console.print(Text(clean(event.source), style="cyan"))
            if event.translation:
                self._console.print(Text(clean(event.translation)))

    def progress(self, heard_s: float, total_s: float | None) -> None:
        """Drawn at the next refresh."""
        self._heard_s, self._total_s = heard_s, total_s

    def note(self, text: str) -> None:
        """A dim line among the captions."""
        self._console.print(Text(text, style="yellow"))

    def _drawn(self) -> RenderableType:
        state = self._transcript
        rows: list[RenderableType] = []
        caption = Text(clean(state.growing), style="bold")
        if state.preview:
            caption.append((" " if caption else "") + clean(state.preview), style="dim")
        if caption:
            rows.append(caption)
        if state.partial:
            rows.append(Text(clean(state.partial), style="dim cyan"))
        return Group(*rows, self._bar())

    def _bar(self) -> RenderableType:
        row = Table.grid(padding=(0, 1))
        words = _clock(self._heard_s)
        if self._total_s is None:
            row.add_row(Text("●", style="red"), Text(words, style="dim"))
            return row
        bar = ProgressBar(total=self._total_s, completed=self._heard_s, width=_BAR_COLUMNS)
        row.add_row(bar, Text(f"{words} / {_clock(self._total_s)}", style="dim"))
        return row


def _clock(seconds: float) -> str:
    minutes, whole = divmod(int(seconds), 60)
    return f"{minutes}:{whole:02}"


def _silence(stream: TextIO) -> None:
    """Let what the interpreter still flushes at its exit go nowhere instead of failing again."""
    try:
        descriptor = stream.fileno()
    except (OSError, ValueError):  # not a real file: nothing to flush either
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)
