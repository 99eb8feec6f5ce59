from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.listening.states import States


def marked(start_ms: int, count: int, mark: int = 0) -> NDArray[np.float32]:
    """States that say where they are from, and which window they are of."""
    first = start_ms // 20
    rows = [(at, mark) for at in range(first, first + count)]
    return np.array(rows, np.float32)


def test_nothing_was_encoded() -> None:
    assert States().between(0, 1000) is None


def test_a_window_is_found_by_time() -> None:
    states = States()
    states.put(400, marked(400, 50))
    found = states.between(500, 700)
    assert found is not None
    assert found[:, 0].tolist() == list(range(25, 35))
    assert states.between(0, 400) is None
    assert states.between(1400, 2000) is None
    edge = states.between(-500, 430)
    assert edge is not None
    assert edge[:, 0].tolist() == [20, 21]


def test_the_newer_window_counts() -> None:
    states = States()
    states.put(0, marked(0, 100, 1))
    states.put(1000, marked(1000, 80, 2))
    found = states.between(0, 5000)
    assert found is not None
    assert found[:, 0].tolist() == list(range(130))
    assert found[:, 1].tolist() == [1] * 50 + [2] * 80


def test_a_gap_forgets_what_was_before() -> None:
    states = States()
    states.put(0, marked(0, 10))
    states.put(10_000, marked(10_000, 10))
    assert states.between(0, 5000) is None
    assert states.between(10_000, 10_200) is not None


@given(st.lists(st.tuples(st.integers(0, 400), st.integers(1, 600)), max_size=30))
def test_no_more_is_kept_than_half_a_minute_and_each_state_knows_its_time(
    windows: list[tuple[int, int]],
) -> None:
    states = States()
    start = 0
    for step, count in windows:
        start += step
        states.put(start * 20, marked(start * 20, count))
        found = states.between(0, 10_000_000)
        assert found is not None
        assert len(found) <= 1500
        places = found[:, 0].astype(int) % 2048  # exact in half precision
        expected = np.arange(start + count - len(found), start + count) % 2048
        if start + count <= 2048:
            assert places.tolist() == expected.tolist()


@pytest.mark.parametrize("start_ms", [0, 990, 12_340])
def test_whole_states_only(start_ms: int) -> None:
    states = States()
    states.put(start_ms, marked(start_ms, 5))
    found = states.between(start_ms, start_ms + 20)
    assert found is not None
    assert 1 <= len(found) <= 2
