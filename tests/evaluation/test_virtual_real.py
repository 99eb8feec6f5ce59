"""With the real weights: computation-unaware replays repeat exactly, and charged ones take time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from evaluation import inputs, measure, virtual
from evaluation.charge import Free, Measured
from evaluation.engines import Engines, open_engines
from evaluation.recordings import Recording
from evaluation.systems import System
from models.config import profile_config

DATA = Path(__file__).resolve().parent.parent / "data"
CONFIG = profile_config("embedded")
SYSTEM = System("cascade", CONFIG)


@pytest.fixture(scope="module")
def engines() -> Iterator[Engines]:
    with open_engines(CONFIG) as found:
        yield found


@pytest.fixture
def talk() -> Recording:
    return inputs.load(DATA, "zh-talk").recordings[0].first(15)


@pytest.mark.real
@pytest.mark.timeout(600)
def test_free_of_charge_a_replay_repeats_exactly(engines: Engines, talk: Recording) -> None:
    first, costs = virtual.replay(talk, engines, SYSTEM, charge=Free())
    second, again = virtual.replay(talk, engines, SYSTEM, charge=Free())
    assert first == second
    assert costs.counts == again.counts
    assert costs.counts["prompt_tokens"] > 0
    assert {"encode", "decode", "translate", "preview"} <= set(costs.stages)
    figures = measure.streamed([(talk, first)])
    assert figures.texts.error is not None
    assert figures.texts.error < 0.3
    assert figures.errors == ()


@pytest.mark.real
@pytest.mark.timeout(600)
def test_what_was_measured_is_charged(engines: Engines, talk: Recording) -> None:
    log, costs = virtual.replay(talk, engines, SYSTEM, charge=Measured(), previews=False)
    assert all(costs.elapsed[name] >= costs.stages[name] * 0.99 for name in costs.stages)
    assert "preview" not in costs.stages
    times = measure.streamed([(talk, log)]).times
    assert times is not None
    assert times.yaal_aware is not None
    assert times.yaal_unaware is not None
    assert times.yaal_aware > times.yaal_unaware
