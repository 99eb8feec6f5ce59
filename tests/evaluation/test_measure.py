"""All figures of a run, and which of those to reach it reached."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from evaluation import measure, report
from evaluation.costs import Costs
from evaluation.offline import Offline
from evaluation.serving import Usage
from tests.evaluation.sessions import delta, final, log, partial, recording
from tongchuan.events import ErrorEvent

TALK = recording((0.0, 2.0, "今天好", "A fine day today"), (2.5, 4.0, "我们走", "We will go now"))
SEEN = log(
    (0.8, partial("今天", 700)),
    (2.2, delta(1, "A fine day today")),
    (2.3, final(1, "今天好", "A fine day today", 2000, lag_ms=300)),
    (3.0, ErrorEvent(1, 0, "engine_failed", "once")),
    (3.9, delta(2, "We will go now")),
    (3.95, final(2, "我门走", "We will go now", 3900, lag_ms=100)),
    duration_s=4.5,
)
TEXTS = Offline("zh-made", ("今天好", "我们走"), ("A fine day today", "He goes"), ("A", "B"))


def test_a_run_has_all_its_figures() -> None:
    found = measure.streamed([(TALK, SEEN)])
    assert found.texts.error == pytest.approx(1 / 6)
    assert found.texts.by_segment is not None
    assert found.texts.by_segment.bleu == pytest.approx(100)
    assert found.times is not None
    assert found.times.lag_p50 == pytest.approx(0.1)
    assert found.times.first_source == pytest.approx(0.8)
    assert (found.chunks, found.segments, found.unanswered) == (2, 2, 0)
    assert found.errors == ("engine_failed",)
    assert found.erasure == 0


def test_times_of_hurried_audio_mean_nothing() -> None:
    hurried = log(*((item.at_s, item.event) for item in SEEN.received), speed=2.0)
    assert measure.streamed([(TALK, hurried)]).times is None


def test_the_offline_run_is_scored_by_segment() -> None:
    alone = measure.offline([(TALK, TEXTS)])
    assert alone.error == 0
    remembered = measure.offline([(TALK, TEXTS)], remembered=True)
    assert alone.by_segment is not None
    assert remembered.by_segment is not None
    assert alone.by_segment.chrf > remembered.by_segment.chrf


def test_cost_is_a_share_of_the_audio() -> None:
    before = Usage({"encode": 1.0}, {}, 10.0, 900.0, 800.0)
    after = Usage({"encode": 2.0, "translate": 4.0}, {}, 16.0, 950.0, 820.0)
    spent = measure.cost(before, after, audio_s=10.0, elapsed_s=12.0, cores=2)
    assert spent.stages == pytest.approx({"encode": 0.1, "translate": 0.4})
    assert spent.compute == pytest.approx(0.5)
    assert spent.cpu == pytest.approx(0.25)
    assert (spent.peak_mib, spent.growth_mib) == (950.0, 20.0)
    assert measure.cost(Usage(), Usage(), 1.0, 1.0, 2).cpu is None


def make_row() -> report.Row:
    spent = measure.Cost({"encode": 0.7}, 0.7, 0.5, 900.0, 1.0)
    alone = measure.offline([(TALK, TEXTS)])
    return report.Row("all", measure.streamed([(TALK, SEEN)]), alone, alone, spent)


def test_simulated_sessions_are_summed() -> None:
    short = Costs(10.0, {"encode": 9.0}, {"encode": 1.0}, {"chunks": 3}, 1.0)
    elapsed = {"encode": 1.0, "preview": 4.0}
    long = Costs(30.0, {}, elapsed, {"chunks": 4, "retry": 1}, 1.0)
    spent = measure.pooled(
        [(costs.audio_s, measure.simulated_cost(costs)) for costs in (short, long)]
    )
    assert spent.stages == {"encode": 0.05, "preview": 0.1}
    assert spent.compute == pytest.approx(0.15)
    assert spent.counts == {"chunks": 7, "retry": 1}
    assert spent.cpu is None


def test_what_a_server_used_is_pooled() -> None:
    one = measure.Cost({"encode": 0.1}, 0.1, 0.2, 900.0, 10.0)
    other = measure.Cost({"encode": 0.4}, 0.4, 0.5, 950.0, 5.0)
    spent = measure.pooled([(10.0, one), (20.0, other)])
    assert spent.stages == pytest.approx({"encode": 0.3})
    assert spent.cpu == pytest.approx(0.4)
    assert (spent.peak_mib, spent.growth_mib) == (950.0, 15.0)


def test_a_system_that_writes_down_no_source_has_no_error_rate() -> None:
    seen = log((2.2, delta(1, "A fine day")), (2.3, final(1, "", "A fine day", 2000)))
    found = measure.streamed([(TALK, seen)]).texts
    assert found.error is None
    assert found.by_segment is not None
    silent = measure.streamed([(TALK, log())]).texts
    assert silent.error == 1, "nothing at all is an error"


def test_recordings_without_source_texts_have_no_part_in_the_error_rate() -> None:
    mute = recording((0.0, 2.0, "", "A fine day today"), (2.5, 4.0, "", "We will go now"))
    both = measure.streamed([(TALK, SEEN), (mute, SEEN)]).texts
    assert both.error == measure.streamed([(TALK, SEEN)]).texts.error
    assert measure.streamed([(mute, SEEN)]).texts.error is None
    offline = measure.offline([(TALK, TEXTS), (mute, TEXTS)])
    assert offline.error == 0
    assert measure.offline([(mute, TEXTS)]).error is None


def test_what_was_reached_is_told() -> None:
    met = {target.name: target.met for target in report.targets(make_row(), streams=1)}
    assert met["CER, streaming less offline"] is False
    assert met["BLEU, streaming over offline"] is True
    assert met["compute, share of real time"] is False
    assert met["first source words, p50, s"] is True
    several = {target.name: target.met for target in report.targets(make_row(), streams=2)}
    assert several["lag drift of 2 streams, s"] is None  # too few chunks to tell
    assert "compute, share of real time" not in several


def test_the_table_shows_it() -> None:
    page = io.StringIO()
    row = make_row()
    report.show([row], report.targets(row, 1), "made", Console(file=page, width=120))
    text = page.getvalue()
    assert all(words in text for words in ("LongYAAL", "encode", "0.700", "≤ 0.6", "no", "100.00"))
    assert row.as_json()["streamed"]["texts"]["error"] == pytest.approx(1 / 6)
