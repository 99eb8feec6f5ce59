"""A replay with a simulated clock gives a client's log, on time and repeatably."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from evaluation import measure, virtual
from evaluation.charge import Charge, Fixed, Free
from evaluation.conversation import ReplayError
from evaluation.costs import Costs
from evaluation.emissions import transcript, translation
from evaluation.engines import Engines
from evaluation.log import SessionLog
from evaluation.recordings import Recording
from evaluation.systems import System
from models.config import profile_config
from models.errors import EngineError
from tests.evaluation.talks import TEXTS, make_talk
from tests.fakes import FakeBackend, FakePlan
from tests.models.fakes_engines import FakeLLM, FakeWhisper, ears
from tongchuan.events import ChunkFinal, ErrorEvent, SessionEnded, TranslationPreview

CONFIG = profile_config("embedded", {"policy": {"boundary_after_ms": 0}})
SYSTEM = System("cascade", CONFIG)
SLOW = Fixed(hearing_s=0.3, prompt_token_s=0.01, output_token_s=0.05)


@pytest.fixture
def talk(tmp_path: Path) -> Recording:
    """Two sentences, 1 s apart."""
    return make_talk(tmp_path / "zh-fake.flac")


def replayed(
    recording: Recording,
    charge: Charge,
    *,
    previews: bool = True,
    whisper: FakeWhisper | None = None,
    llm: FakeLLM | None = None,
) -> tuple[SessionLog, Costs]:
    engines = Engines(ears(whisper or FakeWhisper()), llm or FakeLLM())
    return virtual.replay(recording, engines, SYSTEM, charge=charge, previews=previews)


@pytest.mark.parametrize("charge", [Free(), SLOW], ids=lambda charge: charge.name)
def test_twice_the_same(talk: Recording, charge: Charge) -> None:
    first, costs = replayed(talk, charge)
    second, again = replayed(talk, charge)
    assert first == second
    assert costs.elapsed == pytest.approx(again.elapsed)  # sums of floats
    spent, anew = measure.simulated_cost(costs), measure.simulated_cost(again)
    assert spent.compute == pytest.approx(anew.compute)
    assert costs.counts == again.counts


@pytest.mark.parametrize("charge", [Free(), SLOW], ids=lambda charge: charge.name)
def test_everything_is_said_in_order_and_never_before_it_is_spoken(
    talk: Recording, charge: Charge
) -> None:
    log, costs = replayed(talk, charge)
    assert transcript(log, "zh").replace("，", "") == "".join(TEXTS).replace("，", "")
    assert "sky earth dark gold" in translation(log, "en")
    times = [item.at_s for item in log.received]
    assert times == sorted(times)
    assert [item.event.seq for item in log.received] == list(range(2, len(times) + 2))
    assert all(item.sent_ms <= item.at_s * 1000 + 1 for item in log.received)
    last = log.received[-1].event
    assert isinstance(last, SessionEnded)
    assert last.audio_ms == round(log.duration_s * 1000)
    finals = [item for item in log.received if isinstance(item.event, ChunkFinal)]
    assert last.chunks == len(finals) == costs.counts["chunks"]
    for item in finals:  # the lag that the server tells is that of the simulated clock
        assert isinstance(item.event, ChunkFinal)
        assert item.event.lag_ms <= item.at_s * 1000 - item.event.end_ms + 1


def test_the_figures_work_on_it_and_cost_shows_in_aware_latency_only(talk: Recording) -> None:
    free, slow = (
        measure.streamed([(talk, replayed(talk, charge, previews=False)[0])])
        for charge in (Free(), SLOW)
    )
    assert free.times is not None
    assert slow.times is not None
    assert free.times.yaal_aware == pytest.approx(free.times.yaal_unaware, abs=0.1)
    assert slow.times.yaal_aware is not None
    assert slow.times.yaal_unaware is not None
    assert slow.times.yaal_aware > slow.times.yaal_unaware + 0.2
    assert slow.texts.by_segment is not None


def test_costs_are_those_of_this_replay(talk: Recording) -> None:
    log, costs = replayed(talk, SLOW)
    assert costs.audio_s == log.duration_s
    assert set(costs.stages) >= {"encode", "translate"}
    assert costs.elapsed["encode"] >= 0.3
    alone = measure.simulated_cost(costs)
    again = measure.pooled([(costs.audio_s, alone)] * 2)
    assert again.stages == pytest.approx(alone.stages)
    assert again.counts["chunks"] == 2 * costs.counts["chunks"]


def test_previews_come_if_they_are_wanted(talk: Recording) -> None:
    shown = [
        [item for item in replayed(talk, Free(), previews=wanted)[0].received
         if isinstance(item.event, TranslationPreview) and item.event.text]
        for wanted in (True, False)
    ]  # fmt: skip
    assert shown[0]
    assert not shown[1]


def test_a_failing_llm_is_in_the_log(talk: Recording) -> None:
    llm = FakeLLM(faults=[EngineError("gone"), EngineError("gone")])
    log, _ = replayed(talk, Free(), previews=False, llm=llm)
    errors = [item.event for item in log.received if isinstance(item.event, ErrorEvent)]
    assert [error.code for error in errors] == ["translation_failed"]


def test_a_session_that_fails_names_the_recording(talk: Recording) -> None:
    plan = FakePlan(chunk_ms=400, fail_at=1, error=lambda: EngineError("the model is gone"))
    backend = FakeBackend(plan)
    with pytest.raises(ReplayError, match=r"zh-fake: engine_failed: .*the model is gone"):
        virtual.run(talk, backend)
    assert backend.running == 0
    assert backend.closed


def test_an_interpreter_that_never_ends_is_told(talk: Recording) -> None:
    """The server gives up after its finish_timeout_s, of simulated time."""
    with pytest.raises(ReplayError, match="zh-fake: finish_timeout"):
        virtual.run(talk, FakeBackend(FakePlan(chunk_ms=400, delay_s=100_000)))


def test_any_backend_is_timed_by_the_simulated_clock(talk: Recording) -> None:
    log = virtual.run(talk, FakeBackend(FakePlan(chunk_ms=1000, delay_s=0.5)))
    finals = [item for item in log.received if isinstance(item.event, ChunkFinal)]
    assert len(finals) > 2
    for before, after in pairwise(finals):
        assert after.at_s - before.at_s >= 0.5 - 1e-6
    for item in finals:
        assert isinstance(item.event, ChunkFinal)
        assert item.event.lag_ms >= 500
