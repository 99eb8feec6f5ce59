from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from server.quantiles import Quantiles


def test_nothing_has_no_percentile() -> None:
    assert Quantiles().at(0.5) is None


@given(st.lists(st.integers(0, 3_600_000), min_size=1), st.floats(0.01, 1.0))
@example([180], 1.0)
def test_within_one_percent_of_the_true_percentile(values: list[int], share: float) -> None:
    quantiles = Quantiles()
    for value in values:
        quantiles.add(value)
    exact = next(v for v in sorted(values) if sum(w <= v for w in values) >= share * len(values))
    found = quantiles.at(share)
    assert found is not None
    # Half a bucket of 2 %, in value + 1, and a whole number of milliseconds.
    assert abs(found - exact) <= 0.01 * (exact + 1) + 0.5


def test_buckets_are_few_and_wild_values_are_limited() -> None:
    quantiles = Quantiles()
    for value in range(0, 3_600_000, 50):
        quantiles.add(value)
    quantiles.add(-5)
    quantiles.add(10**12)
    assert len(quantiles) < 1000
