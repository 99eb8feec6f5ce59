"""Plots have a bar, a point and a line for what they are given, where it belongs."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.axes import round_step
from evaluation.charts import histogram, lag_plot

LAGS = st.lists(st.integers(-2000, 90_000).map(lambda ms: ms / 1000), min_size=1, max_size=40)


def elements(markup: str, kind: str) -> list[ElementTree.Element]:
    return [e for e in ElementTree.fromstring(markup).iter() if e.get("class") == kind]


def counts(markup: str) -> list[int]:
    titles = [bar.findtext("title") or "" for bar in elements(markup, "bar")]
    return [int(title.split(": ")[1].removesuffix(" chunks")) for title in titles]


def test_a_histogram_by_hand() -> None:
    drawn = histogram([0.0, 0.09, 0.1, 3.2], {"p50": 0.09})
    assert counts(drawn) == [2, 1, 1]
    first = elements(drawn, "bar")[0]
    assert first.findtext("title") == "0 to 0.1 s: 2 chunks"
    second = elements(drawn, "bar")[1]
    assert float(first.get("height", "")) == pytest.approx(2 * float(second.get("height", "")))
    assert [e.text for e in elements(drawn, "mark-name")] == ["p50 0.09 s"]


@given(LAGS)
def test_every_chunk_is_in_one_bar(lags: list[float]) -> None:
    drawn = histogram(lags, {"p50": lags[0], "p95": lags[-1]})
    assert sum(counts(drawn)) == len(lags)
    assert len(counts(drawn)) <= 34
    for bar in elements(drawn, "bar"):
        x, width = (float(bar.get(name, "")) for name in ("x", "width"))
        assert 44 <= x < x + width <= 720 - 84


@given(LAGS)
def test_every_chunk_is_a_point_within_the_plot(lags: list[float]) -> None:
    points = [(number * 7.0, lag) for number, lag in enumerate(lags)]
    drawn = lag_plot(points, 100.0, {"p50": lags[0], "p95": lags[-1]})
    dots = elements(drawn, "dot")
    assert len(dots) == len(lags)
    assert all(44 <= float(dot.get("cx", "")) <= 720 - 84 for dot in dots)
    assert all(34 <= float(dot.get("cy", "")) <= 240 - 40 for dot in dots)
    names = [float(name.get("y", "")) for name in elements(drawn, "mark-name")]
    assert names[0] - names[1] >= 13.99  # one never covers the other


def test_later_is_further_right_and_longer_is_higher() -> None:
    low, high = elements(lag_plot([(10, 0.5), (80, 4.0)], 90, {}), "dot")
    assert float(low.get("cx", "")) < float(high.get("cx", ""))
    assert float(low.get("cy", "")) > float(high.get("cy", ""))
    ticks = [e.text for e in elements(lag_plot([(10, 0.5)], 90, {}), "tick")]
    assert ticks[:4] == ["0:00", "0:10", "0:20", "0:30"]


@given(st.floats(1e-6, 1e6))
def test_a_step_is_round_and_just_large_enough(least: float) -> None:
    step = round_step(least)
    assert least * (1 - 1e-6) <= step <= least * 2.5
    assert float(f"{step:e}".split("e")[0]) in (1, 2, 2.5, 5)
