"""When each stretch of audio arrived, in bounded memory."""

from __future__ import annotations

from collections import deque

STEP_MS = 20
"""Positions closer than this share one entry, so lags are exact to 20 ms of audio."""

MAX_ENTRIES = 15_000
"""Five minutes at one entry a step. Older audio counts as arrived with the oldest entry."""


class Arrivals:
    """Maps a position in the audio to the time it arrived.

    Both only grow. Positions that are reported are forgotten with all before them, because later
    chunks hold later audio.
    """

    def __init__(self) -> None:
        self._log: deque[tuple[int, float]] = deque(maxlen=MAX_ENTRIES)
        self._first_ms = 0
        self._last = (0, 0.0)

    def __len__(self) -> int:
        return len(self._log)

    def add(self, received_ms: int, now: float) -> None:
        """The audio up to `received_ms` is here, at time `now` (seconds, any clock)."""
        self._last = (received_ms, now)
        if self._log and received_ms - self._first_ms < STEP_MS:
            self._log[-1] = (received_ms, self._log[-1][1])
        else:
            self._log.append((received_ms, now))
            self._first_ms = received_ms

    def take(self, position_ms: int) -> float:
        """When the audio at `position_ms` arrived; forgets what lies before it.

        A position past everything received counts as the newest audio.
        """
        while self._log and self._log[0][0] < position_ms:
            self._log.popleft()
        return self._log[0][1] if self._log else self._last[1]
