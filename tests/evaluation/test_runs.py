"""A recording that fails, or a server that dies, costs itself and no other recording."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from evaluation import runs
from evaluation.charge import Free
from evaluation.conversation import ReplayError
from evaluation.engines import Engines
from evaluation.log import SessionLog
from evaluation.recordings import Recording
from evaluation.serving import Served, ServingError, Usage
from evaluation.systems import systems
from models.config import profile_config
from tests.evaluation.talks import make_talk
from tests.models.fakes_engines import FakeLLM, FakeWhisper, ears


class Machine(Served):
    """A server that is told when to die."""

    def __init__(self) -> None:
        super().__init__("ws://nowhere")
        self.dead = False

    @property
    def alive(self) -> bool:
        """See `Served`."""
        return not self.dead

    async def usage(self) -> Usage:
        """See `Served`."""
        if self.dead:
            raise ServingError("the server stopped")
        return Usage({"encode": 1.0})


@pytest.fixture
def talks(tmp_path: Path) -> list[Recording]:
    return [make_talk(tmp_path / f"zh-{name}.flac") for name in "abc"]


async def real(
    talks: list[Recording],
    monkeypatch: pytest.MonkeyPatch,
    *,
    fails: set[str],
    kills: set[str],
    starts: int = 9,
) -> tuple[runs.Outcome, int]:
    started: list[Machine] = []

    @asynccontextmanager
    async def serve(*_arguments: object) -> AsyncIterator[Machine]:
        if len(started) == starts:
            raise ServingError("it does not start")
        started.append(Machine())
        yield started[-1]

    async def replay(recording: Recording, _url: str, **_options: object) -> SessionLog:
        started[-1].dead = recording.id in kills
        if recording.id in fails:
            raise ReplayError(f"{recording.id}: broke off")
        return SessionLog(recording.id, recording.duration_s, 1.0, ())

    monkeypatch.setattr(runs, "serve", serve)
    monkeypatch.setattr(runs, "ADAPTERS", {"tongchuan": replay})
    done: list[float] = []
    outcome = await runs.real(talks, runs.Server(None, "embedded", 1), runs.Plan(), done.append)
    assert len(done) <= len(talks)
    return outcome, len(started)


async def test_a_recording_that_fails_is_told_and_the_rest_goes_on(
    talks: list[Recording], monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome, started = await real(talks, monkeypatch, fails={"zh-b"}, kills=set())
    assert [run.recording.id for run in outcome.runs] == ["zh-a", "zh-c"]
    assert outcome.problems == [runs.Problem("zh-b", "zh-b: broke off")]
    assert started == 1
    assert outcome.cost is not None


async def test_a_server_that_dies_is_started_again(
    talks: list[Recording], monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome, started = await real(talks, monkeypatch, fails=set(), kills={"zh-a"})
    assert [run.recording.id for run in outcome.runs] == ["zh-b", "zh-c"]
    assert outcome.problems == [runs.Problem("zh-a", "the server stopped")]
    assert started == 2


async def test_when_no_server_starts_again_what_was_measured_stays(
    talks: list[Recording], monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome, _ = await real(talks, monkeypatch, fails=set(), kills={"zh-b"}, starts=1)
    assert [run.recording.id for run in outcome.runs] == ["zh-a"]
    assert [problem.recording for problem in outcome.problems] == ["zh-b", "zh-c"]
    assert outcome.problems[1].message == "it does not start"


async def test_a_server_that_never_starts_is_an_error(
    talks: list[Recording], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ServingError, match="does not start"):
        await real(talks, monkeypatch, fails=set(), kills=set(), starts=0)


def test_with_a_simulated_clock_too(talks: list[Recording]) -> None:
    talks[1].audio.write_bytes(b"no audio")
    done: list[float] = []
    (system,) = systems([], profile_config("embedded"))
    engines = Engines(ears(FakeWhisper()), FakeLLM())
    outcome = runs.simulated(talks, engines, system, Free(), runs.Plan(), done.append)
    assert [run.recording.id for run in outcome.runs] == ["zh-a", "zh-c"]
    assert [problem.recording for problem in outcome.problems] == ["zh-b"]
    assert "no audio could be read" in outcome.problems[0].message
    assert len(done) == 3
    assert runs.Outcome([], outcome.problems).cost is None
