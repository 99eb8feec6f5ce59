"""Numbers of labels and probabilities, by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.retriever.measures import (
    Point,
    at_precision,
    auc,
    calibration_error,
    probability,
    temperature,
)


def test_auc_by_counting_pairs() -> None:
    scores = np.array([0.9, 0.8, 0.8, 0.3])
    spoken = np.array([True, True, False, False])
    assert auc(scores, spoken) == pytest.approx((1 + 1 + 0.5 + 1) / 4)
    assert np.isnan(auc(scores, np.ones(4, bool)))


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=30))
def test_auc_is_the_share_of_pairs_in_order(rows: list[tuple[int, bool]]) -> None:
    scores = np.array([score for score, _ in rows], float)
    spoken = np.array([label for _, label in rows])
    pairs = [(a > b) + (a == b) / 2 for a in scores[spoken] for b in scores[~spoken]]
    if pairs:
        assert auc(scores, spoken) == pytest.approx(np.mean(pairs))


def test_the_lowest_threshold_with_the_precision() -> None:
    scores = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.5])
    spoken = np.array([True, True, False, True, True, False])
    assert at_precision(scores, spoken, 0.75) == Point(0.6, 0.75, 0.75)
    assert at_precision(scores, spoken, 1.0) == Point(0.8, 1.0, 0.5)
    assert at_precision(scores, spoken, 0.1).recall == 1.0


def test_where_no_threshold_is_precise_enough_the_best_one() -> None:
    found = at_precision(np.array([0.9, 0.8, 0.7]), np.array([False, True, False]), 0.99)
    assert found == Point(0.8, 0.5, 1.0)


def test_calibration() -> None:
    chance = np.random.default_rng(1)
    true = chance.standard_normal(40_000) * 2
    spoken = chance.random(len(true)) < probability(true)
    assert calibration_error(probability(true), spoken) < 0.01
    bold = true * 3
    assert calibration_error(probability(bold), spoken) > 0.08
    assert temperature(bold, spoken) == pytest.approx(3.0, rel=0.05)
    assert calibration_error(np.ones(10), np.zeros(10, bool)) == 1.0
