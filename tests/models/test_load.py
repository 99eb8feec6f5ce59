from __future__ import annotations

import pytest

from models.load import Load, LoadTelemetry
from tests.models.fakes_engines import Counts


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_share_is_that_of_the_last_seconds() -> None:
    clock = Clock()
    load = Load(clock)
    assert load.share == 0.0
    for _ in range(40):
        clock.now += 0.5
        load.add(0.25)
    assert load.share == pytest.approx(0.5, abs=0.05)
    clock.now += 100
    assert load.share == 0.0


def test_engines_side_by_side_may_work_more_than_a_second_a_second() -> None:
    clock = Clock()
    load = Load(clock)
    for _ in range(20):
        clock.now += 1
        load.add(0.9)
        load.add(0.8)
    assert load.share > 1


def test_telemetry_passes_through_and_is_added_up() -> None:
    load, inner = Load(Clock()), Counts()
    telemetry = LoadTelemetry(inner, load)
    telemetry.stage("decode", 0.8)
    telemetry.count("retry")
    telemetry.count("prompt_tokens", 5)
    assert inner.stages == {"decode": 1}
    assert inner.counts == {"retry": 1, "prompt_tokens": 5}
    assert load.share > 0
