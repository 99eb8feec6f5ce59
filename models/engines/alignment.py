"""From cross-attention to the time of each token, as Whisper's own word timing does it.

The method is that of openai/whisper, `whisper/timing.py`: standardise over tokens, smooth over
time, average the alignment heads, and find the monotonic path of least cost by dynamic time
warping.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_SMOOTH = 7  # encoder frames, odd


def token_frames(attention: NDArray[np.float32], first_row: int) -> NDArray[np.int64]:
    """Encoder frame where the path first reaches each row.

    attention: (heads, rows, frames), not negative; row i is the position that predicts a token.
    Rows before `first_row`, the task's tokens, are a measure for the others but not on the path.
    Returns shape (rows - first_row,), non-decreasing: where one row begins, the token before ends.
    """
    share = attention / np.maximum(attention.sum(axis=-1, keepdims=True), 1e-9)
    spread = share.std(axis=1, keepdims=True)
    standard = (share - share.mean(axis=1, keepdims=True)) / np.maximum(spread, 1e-9)
    return _path(-_smoothed(standard[:, first_row:]).mean(axis=0))


def _smoothed(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Median over 7 frames, mirrored at the edges."""
    half = _SMOOTH // 2
    if values.shape[-1] <= half:
        return values
    padded = np.pad(values, ((0, 0), (0, 0), (half, half)), mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(padded, _SMOOTH, axis=-1)
    middle = np.partition(windows, half, axis=-1)[..., half]
    return np.asarray(middle, dtype=np.float32)


def _path(cost: NDArray[np.float32]) -> NDArray[np.int64]:
    """First frame of each row on the path of least cost from corner to corner."""
    rows, frames = cost.shape
    total = np.empty((rows, frames), np.float64)
    total[0] = np.cumsum(cost[0])
    for row in range(1, rows):
        # total[j] = cost[j] + min(entered[j], total[j-1]): a running minimum once the cost of
        # walking along the row is taken out.
        above = total[row - 1]
        entered = above.copy()
        entered[1:] = np.minimum(above[1:], above[:-1])
        walked = np.cumsum(cost[row], dtype=np.float64)
        before = np.concatenate([[0.0], walked[:-1]])
        total[row] = walked + np.minimum.accumulate(entered - before)
    first = np.zeros(rows, np.int64)
    row, frame = rows - 1, frames - 1
    while row > 0:
        up = total[row - 1, frame]
        slant = total[row - 1, frame - 1] if frame else np.inf
        along = total[row, frame - 1] if frame else np.inf
        if along < up and along < slant:
            frame -= 1
            continue
        first[row] = frame
        row -= 1
        if slant <= up:
            frame -= 1
    return first
