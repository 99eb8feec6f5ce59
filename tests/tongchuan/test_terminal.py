"""Captions on a terminal, in a pipe, and not at all."""

from __future__ import annotations

import io
import os
import re

import pytest
from rich.console import Console

from tongchuan.errors import OutputError
from tongchuan.events import (
    ChunkFinal,
    ErrorEvent,
    Event,
    Notice,
    TranscriptPartial,
    TranslationDelta,
    TranslationPreview,
)
from tongchuan.terminal import LiveView, PlainView, QuietView, View, make_view
from tongchuan.transcript import Transcript

TALK: list[Event] = [
    TranscriptPartial(1, 0, "你好", 0, 500),
    TranslationPreview(2, 0, "maybe hello"),
    TranslationDelta(3, 0, 1, "Hello "),
    TranslationDelta(4, 0, 1, "[world]."),
    ChunkFinal(5, 0, 1, "你好世界", "Hello [world].", 0, 900),
    Notice(6, 0, "lagging", "the server is behind"),
    ErrorEvent(7, 0, "engine_failed", "a chunk was lost"),
    ChunkFinal(8, 0, 2, "嗯", "", 900, 1000),
    ChunkFinal(9, 0, 3, "再见", "Bye.\nNow.", 1000, 1500),
]


def play(view: View, events: list[Event] = TALK) -> None:
    transcript = Transcript()
    with view:
        for event in events:
            transcript.apply(event)
            view.event(event, transcript)
            view.progress(event.seq / 10, 1.0)
        view.note("finishing")


def live_view(**options: bool) -> tuple[LiveView, io.StringIO]:
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=80, height=20, color_system=None)
    return LiveView(console, **{"bilingual": False, **options}), out


def test_a_pipe_gets_a_line_for_each_chunk() -> None:
    out, errors = io.StringIO(), io.StringIO()
    play(PlainView(out, errors, bilingual=False))
    assert out.getvalue() == "Hello [world].\nBye. Now.\n"
    assert errors.getvalue().splitlines() == [
        "tongchuan: the server is behind",
        "tongchuan: error: a chunk was lost",
        "tongchuan: finishing",
    ]


def test_both_languages_in_a_pipe() -> None:
    out = io.StringIO()
    play(PlainView(out, io.StringIO(), bilingual=True))
    assert out.getvalue() == "你好世界\nHello [world].\n嗯\n再见\nBye. Now.\n"


def test_quiet_says_only_what_went_wrong() -> None:
    errors = io.StringIO()
    play(QuietView(errors))
    assert errors.getvalue() == "tongchuan: error: a chunk was lost\n"


def test_committed_text_stays_on_the_terminal() -> None:
    view, out = live_view()
    play(view)
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", out.getvalue())
    lines = [line.strip() for line in re.split(r"[\r\n]+", plain)]
    assert lines.count("Hello [world].") == 1
    assert lines.count("Bye. Now.") == 1
    assert "the server is behind" in out.getvalue()


def drawn(view: LiveView) -> str:
    console = Console(file=io.StringIO(), width=60, color_system=None)
    with console.capture() as capture:
        console.print(view._drawn())
    return capture.get()


def test_what_grows_is_drawn_with_the_preview_and_the_progress() -> None:
    view, _out = live_view()
    transcript = Transcript()
    with view:
        for event in TALK[:3]:
            transcript.apply(event)
            view.event(event, transcript)
        view.progress(65.0, 130.0)
        text = drawn(view)
    assert "Hello maybe hello" in text
    assert "你好" in text
    assert "1:05 / 2:10" in text


def test_without_a_length_the_time_counts_up() -> None:
    view, _out = live_view()
    with view:
        view.progress(5.0, None)
        assert "0:05" in drawn(view)
        assert "/" not in drawn(view)


def test_the_view_suits_the_output(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(make_view(quiet=True, bilingual=False), QuietView)
    assert isinstance(make_view(quiet=False, bilingual=False), PlainView)
    leader, follower = os.openpty()
    with os.fdopen(follower, "w") as terminal:
        monkeypatch.setattr("sys.stdout", terminal)
        monkeypatch.setenv("TERM", "xterm")
        assert isinstance(make_view(quiet=False, bilingual=False), LiveView)
        monkeypatch.setenv("TERM", "dumb")
        assert isinstance(make_view(quiet=False, bilingual=False), PlainView)
    os.close(leader)


def test_a_reader_that_left_is_told_once() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as out:
        view = PlainView(out, io.StringIO(), bilingual=False)
        with pytest.raises(OutputError, match="closed"):
            play(view)
        out.write("what Python flushes at its end goes nowhere")
