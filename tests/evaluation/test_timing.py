"""First words and lag, on worked examples."""

from __future__ import annotations

from dataclasses import astuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.timing import First, drift, firsts, lags_s, percentile
from tests.evaluation.sessions import delta, final, log, partial, preview, recording

TALK = recording((1.0, 3.0, "甲", "A"), (4.0, 6.0, "乙", "B"))


def test_first_words_belong_to_the_sentence_they_reach() -> None:
    seen = log(
        (1.8, partial("甲", 1700)),
        (2.5, preview("A")),
        (3.5, delta(1, "A")),
        (3.6, final(1, "甲", "A", 2900)),
        (4.1, partial("甲", 4100)),  # not far enough into the second
        (4.2, preview("A B?")),
        (4.9, partial("乙", 4800)),
        (6.5, delta(2, " ")),
        (7.0, delta(2, "B")),
        (7.1, final(2, "乙", "B", 5900)),
    )
    first, second = firsts(TALK, seen)
    assert astuple(first) == pytest.approx((0.8, 1.5, 2.5))
    assert astuple(second) == pytest.approx((0.9, 3.0, 3.0))


def test_what_never_came_is_missing() -> None:
    assert firsts(TALK, log()) == [First(None, None, None)] * 2
    talk = recording((0.0, 1.0, "嗯。", ""), (2.0, 3.0, "甲", "A"))
    assert len(firsts(talk, log())) == 1  # a filler owes no translation


def test_lags_and_percentiles() -> None:
    seen = log(*((i, final(i, "甲", "a", 0, lag_ms=100 * i)) for i in range(1, 11)))
    lags = lags_s(seen)
    assert lags == pytest.approx([i / 10 for i in range(1, 11)])
    assert percentile(lags, 0.5) == pytest.approx(0.5)
    assert percentile(lags, 0.95) == pytest.approx(1.0)
    assert percentile([], 0.5) is None
    assert drift(lags) == pytest.approx(0.9 - 0.2)
    assert drift([1.0] * 5) is None


@given(st.lists(st.floats(0, 100), min_size=1), st.floats(0, 1))
def test_a_percentile_is_one_of_the_values(values: list[float], share: float) -> None:
    assert percentile(values, share) in values
