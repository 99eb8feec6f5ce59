from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from server.arrivals import MAX_ENTRIES, STEP_MS, Arrivals


@given(st.lists(st.integers(0, 300), min_size=1, max_size=80), st.data())
def test_arrival_is_exact_to_a_step(steps: list[int], data: st.DataObject) -> None:
    arrivals, position, log = Arrivals(), 0, []
    for index, step in enumerate(steps):
        position += step
        arrivals.add(position, float(index))
        log.append((position, float(index)))
    asked = data.draw(st.integers(0, position))
    found = arrivals.take(asked)
    true = next(when for end, when in log if end >= asked)
    near = next(when for end, when in log if end >= asked - STEP_MS)
    assert near <= found <= true


def test_a_position_not_yet_received_counts_as_the_newest() -> None:
    arrivals = Arrivals()
    assert arrivals.take(5) == 0.0
    arrivals.add(100, 3.0)
    assert arrivals.take(500) == 3.0
    assert arrivals.take(600) == 3.0


def test_the_log_is_bounded() -> None:
    arrivals = Arrivals()
    for second in range(10_000):
        arrivals.add(second * 1000, float(second))
        arrivals.add(second * 1000 + 500, second + 0.5)
    assert len(arrivals) == MAX_ENTRIES
