"""Systems are compared over the same segments, and none on the frontier is beaten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation import measure
from evaluation.comparison import Point, differences, frontier, points
from evaluation.log import SessionLog
from evaluation.measured import Measured, measured
from evaluation.runs import Outcome, Problem, Run
from evaluation.systems import systems
from models.config import profile_config
from tests.evaluation.sessions import delta, final, log, recording

CONFIG = profile_config("embedded")
TALK = recording(
    (0.0, 2.0, "甲", "The river is long and wide"), (2.5, 4.0, "乙", "We will cross it by night")
)
SPENT = measure.Cost({"encode": 0.1}, 0.1, None, None, None)


def said(first: str, second: str, *, late_s: float = 0.0) -> SessionLog:
    """A session that says both while they are spoken."""
    return log(
        (0.5 + late_s, delta(1, first)),
        (0.6 + late_s, final(1, "甲", first, 500)),
        (3.0 + late_s, delta(2, second)),
        (3.1 + late_s, final(2, "乙", second, 3000)),
        duration_s=9.0,
    )


GOOD = said("The river is long and wide", "We will cross it by night")
POOR = said("A water is very big", "We go", late_s=1.0)


def of(name: str, logs: Sequence[SessionLog], varied: Sequence[str] = ()) -> Measured:
    (system,) = systems([name], CONFIG, varied)
    runs = [Run(TALK, [one], SPENT) for one in logs]
    return measured(system, Outcome(runs, ()), {})


def test_a_better_and_sooner_system_is_ahead_in_all() -> None:
    good, poor = of("semantic", [GOOD] * 3), of("fixed", [POOR] * 3)
    (found,) = differences(good, [poor])
    assert found.name == "fixed"
    assert found.bleu is not None
    assert found.bleu.difference == pytest.approx(
        poor.cuts[-1].quality.bleu - good.cuts[-1].quality.bleu  # type: ignore[union-attr]
    )
    assert found.bleu.interval.high < 0
    assert found.chrf is not None
    assert found.chrf.difference < 0
    assert found.yaal is not None
    assert found.yaal.difference == pytest.approx(1.0, abs=0.3)
    assert [point.name for point in frontier(points([good, poor]))] == ["semantic"]


def test_the_same_output_makes_no_difference() -> None:
    (found,) = differences(of("semantic", [GOOD]), [of("pause", [GOOD])])
    assert found.bleu is not None
    assert found.bleu.difference == 0
    assert found.bleu.p_value == 1


def test_other_segments_are_not_compared() -> None:
    assert differences(of("semantic", [GOOD]), [of("pause", [GOOD, GOOD])]) == []


def test_a_system_that_said_nothing_has_no_point_and_no_latency() -> None:
    silent = of("pause", [log(duration_s=4.5)])
    (found,) = differences(of("semantic", [GOOD]), [silent])
    assert found.yaal is None
    assert found.bleu is not None
    assert found.bleu.difference < 0
    assert points([silent]) == []


def test_a_system_that_failed_is_left_out() -> None:
    (system,) = systems(["pause"], CONFIG)
    failed = measured(system, Outcome((), (Problem("zh-made", "gone"),)), {})
    good = of("semantic", [GOOD])
    assert points([good, failed]) == points([good])
    assert differences(good, [failed]) == []
    assert differences(failed, [good]) == []


def test_hurried_audio_has_no_latency_to_compare() -> None:
    hurried = of("semantic", [replace(GOOD, speed=4.0)])
    (found,) = differences(hurried, [of("pause", [GOOD])])
    assert found.yaal is None
    assert found.bleu is not None
    assert points([hurried]) == []


def test_settings_of_a_policy_are_one_family() -> None:
    found = points([of("wait-k", [GOOD], ["policy.k=4"]), of("wait-k", [POOR], ["policy.k=9"])])
    assert [point.name for point in found] == ["wait-k k=4", "wait-k k=9"]
    assert {point.family for point in found} == {"wait-k"}


POINTS = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 6)).map(
        lambda pair: Point(f"{pair}", "f", float(pair[0]), float(pair[1]), float(pair[1]))
    ),
    min_size=1,
    max_size=12,
)


@given(POINTS)
def test_the_frontier_is_what_nobody_beats(found: list[Point]) -> None:
    best = frontier(found)
    assert best
    for point in found:
        beaten = any(
            other.bleu >= point.bleu
            and other.yaal_aware <= point.yaal_aware
            and (other.bleu, other.yaal_aware) != (point.bleu, point.yaal_aware)
            for other in found
        )
        assert (point in best) != beaten
    delays = [point.yaal_aware for point in best]
    assert delays == sorted(delays)
