"""Alignment: the path is the one of least cost, whatever the attention."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.engines.alignment import _path, token_frames


def _cheapest(cost: NDArray[np.float32]) -> float:
    """By trying every monotonic path from corner to corner."""
    rows, frames = cost.shape
    best = np.inf
    for moves in itertools.product(((1, 0), (0, 1), (1, 1)), repeat=rows + frames - 2):
        row = frame = 0
        total = float(cost[0, 0])
        for down, along in moves:
            if (row, frame) == (rows - 1, frames - 1):
                break
            row, frame = row + down, frame + along
            if row >= rows or frame >= frames:
                total = np.inf
                break
            total += float(cost[row, frame])
        if (row, frame) == (rows - 1, frames - 1):
            best = min(best, total)
    return best


def _cost_of(cost: NDArray[np.float32], first: NDArray[np.int64]) -> float:
    """Of the cheapest path that enters each row at the frame given."""
    total = 0.0
    for row in range(len(cost)):
        begin = int(first[row])
        end = int(first[row + 1]) if row + 1 < len(cost) else cost.shape[1] - 1
        last = end if row + 1 == len(cost) else max(begin, end - 1)
        straight = float(cost[row, begin : last + 1].sum())
        upright = float(cost[row, begin : end + 1].sum()) if row + 1 < len(cost) else straight
        total += min(straight, upright)
    return total


@given(st.integers(1, 3), st.integers(1, 4), st.integers(0, 10_000))
def test_the_path_costs_the_least(rows: int, frames: int, seed: int) -> None:
    cost = np.random.default_rng(seed).normal(size=(rows, frames)).astype(np.float32)

    first = _path(cost)

    assert list(first) == sorted(first)
    assert first[0] == 0
    assert _cost_of(cost, first) == pytest.approx(_cheapest(cost), abs=1e-5)


def test_tokens_begin_where_their_attention_is() -> None:
    rng = np.random.default_rng(7)
    begins = [0, 12, 30, 31, 55]
    attention = rng.uniform(0, 0.02, (4, 3 + len(begins), 80)).astype(np.float32)
    for row, (begin, end) in enumerate(itertools.pairwise([*begins, 80])):
        attention[:, 3 + row, begin:end] += 1.0

    frames = token_frames(attention, 3)

    assert np.abs(frames - begins).max() <= 3  # half the median's width


@pytest.mark.parametrize("frames", [1, 2, 3, 4])
def test_a_breath_of_audio_still_has_a_path(frames: int) -> None:
    attention = np.ones((2, 6, frames), np.float32)

    found = token_frames(attention, 3)

    assert found.shape == (3,)
    assert found.max() < frames
