"""A run against another project's server: its figures, and no costs."""

from __future__ import annotations

from pathlib import Path

import pytest

from evaluation import bench, options, runs
from evaluation.adapters import ADAPTERS
from evaluation.measured import measured
from evaluation.systems import systems
from models.config import profile_config
from tests.evaluation import others
from tests.evaluation.others import Simulstream, at

ANSWERS = [
    {"new": "Alpha", "deleted": ""},
    {"new": " beat", "deleted": ""},
    {"new": "ta", "deleted": "at"},
]


def test_every_adapter_can_be_asked_for() -> None:
    assert tuple(ADAPTERS) == options.SPOKEN


async def test_a_run_has_its_figures_and_no_costs(tmp_path: Path) -> None:
    talk = others.spoken(tmp_path / "made.flac")
    async with at(Simulstream(ANSWERS)) as url:
        server = runs.Server(url, "embedded", 2, speaks="simulstream")
        outcome = await runs.real(
            [talk], server, runs.Plan(streams=2, logs=tmp_path), lambda s: None
        )
    assert not outcome.problems
    assert outcome.cost is None
    (run,) = outcome.runs
    assert len(run.logs) == 2
    assert (tmp_path / "zh-made.2.json").exists()
    (system,) = systems([], profile_config("embedded"))
    row = measured(system, outcome, {}).rows[-1]
    assert row.cost is None
    texts, times = row.streamed.texts, row.streamed.times
    assert texts.by_segment is not None
    assert texts.by_segment.chrf == pytest.approx(100)
    assert texts.error is None  # no source is written down
    assert row.streamed.erasure == pytest.approx(1 / 2)  # `beat` of two words in the end
    assert times is not None
    assert times.yaal_aware is not None
    assert (times.lag_p50, times.first_committed) == (None, None)  # no chunks are told


async def test_a_server_that_fails_is_a_problem_of_the_recording(tmp_path: Path) -> None:
    talk = others.spoken(tmp_path / "made.flac")
    async with at(others.saying("no JSON")) as url:
        server = runs.Server(url, "embedded", 2, speaks="simulstream")
        outcome = await runs.real([talk], server, runs.Plan(), lambda s: None)
    (problem,) = outcome.problems
    assert "zh-made: the server sent what is no JSON object" in problem.message


@pytest.mark.parametrize(
    "words", [["--speaks", "simulstream"], ["--speaks", "simulstream", "--url", "x", "--terms"]]
)
def test_what_does_not_go_together(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        bench.main(words)
    assert "--speaks is for another server at --url" in capsys.readouterr().err
