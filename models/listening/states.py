"""The encoder's states of the newest audio, for whoever else can use what was computed anyway."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

STATE_MS = 20
"""Audio a state of Whisper's encoder (Radford et al. 2022, section 2.2)."""
_KEPT = 1500  # 30 s


class States:
    """A session's, by time from its first sample. Each window that is encoded replaces what an
    earlier one said of the same audio."""

    def __init__(self) -> None:
        self._states: NDArray[np.float16] | None = None
        self._start = 0  # of the first one kept

    def put(self, start_ms: int, states: NDArray[np.float32]) -> None:
        """A window's, shape (n, width), from `start_ms`; everything after it is forgotten."""
        start = start_ms // STATE_MS
        new = states.astype(np.float16)
        if self._states is None or not self._start <= start <= self._start + len(self._states):
            self._states, self._start = new, start
        else:
            self._states = np.concatenate([self._states[: start - self._start], new])
        excess = len(self._states) - _KEPT
        if excess > 0:
            self._states = self._states[excess:].copy()
            self._start += excess

    def between(self, start_ms: int, end_ms: int) -> NDArray[np.float32] | None:
        """Those of the audio from `start_ms` to `end_ms`, as far as they are kept, shape
        (n, width); None when there are none."""
        if self._states is None:
            return None
        first = max(0, start_ms // STATE_MS - self._start)
        last = max(0, -(-end_ms // STATE_MS) - self._start)
        found = self._states[first:last]
        return found.astype(np.float32) if len(found) else None
